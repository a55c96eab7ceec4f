/**
 * The reference as a page: one file without scripts and without anything from elsewhere.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { typeOf } from './schema-text.ts';
import type { MediaTypes, Operation, Parameter, Reference, Response } from './openapi.ts';
import { escaped } from './html.ts';

const STYLE = `
:root { color-scheme: light dark; --faint: #8884; --soft: #777; --accent: #0a6cc4; }
@media (prefers-color-scheme: dark) { :root { --soft: #aaa; --accent: #6cb6ff; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { margin: 0; } h2 { margin: 2.5rem 0 .5rem; text-transform: capitalize; }
h3 { font-size: .8rem; color: var(--soft); margin: 1rem 0 .25rem; }
code { font: 13px/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
a { color: var(--accent); }
details { border: 1px solid var(--faint); border-radius: 6px; margin: .4rem 0; }
summary { cursor: pointer; padding: .45rem .75rem; }
summary b { display: inline-block; min-width: 4.2rem; }
summary span { color: var(--soft); }
details > div { padding: 0 .75rem .75rem; border-top: 1px solid var(--faint); }
table { border-collapse: collapse; width: 100%; }
td { padding: .2rem .75rem .2rem 0; vertical-align: top; border-top: 1px solid var(--faint); }
tr:first-child td { border-top: 0; }
td:first-child { white-space: nowrap; width: 1%; }
nav a { margin-right: .75rem; }
dt { margin-top: 1rem; } dd { margin: 0; }
`;

/** No script runs on the page, and nothing is fetched from anywhere. */
export const CONTENT_SECURITY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The whole page. */
export function pageOf({ info, paths, components }: Reference): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
  const tags = [...new Set(operations.flatMap(({ operation }) => operation.tags))].toSorted();
  const sections = tags.map((tag) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(tag));
    return `<h2 id="${escaped(tag)}">${escaped(tag)}</h2>${own.map(operationOf).join('')}`;
  });
  const links = [...tags, 'schemas'].map((tag) => `<a href="#${escaped(tag)}">${escaped(tag)}</a>`);
  return [
    '<!doctype html><html lang="en"><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escaped(info.title)}</title><style>${STYLE}</style>`,
    `<h1>${escaped(info.title)}</h1><p>${escaped(info.description)} `,
    'For programs: <a href="/openapi.json">/openapi.json</a>.</p>',
    `<nav>${links.join('')}</nav>`,
    ...sections,
    '<h2 id="schemas">schemas</h2><dl>',
    ...Object.entries(components.schemas).map(
      ([id, schema]) =>
        `<dt id="schema-${escaped(id)}"><code><b>${escaped(id)}</b></code></dt>` +
        `<dd><code>${typeOf(schema)}</code></dd>`,
    ),
    '</dl></html>',
  ].join('\n');
}

interface Shown {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

function operationOf({ method, path, operation }: Shown): string {
  const { operationId, summary, security, parameters, requestBody, responses } = operation;
  const asker = security.flatMap((scheme) => Object.keys(scheme)).join(' or ') || 'nothing';
  return [
    `<details id="${escaped(operationId)}"><summary><b>${method.toUpperCase()}</b> `,
    `<code>${escaped(path)}</code> <span>${escaped(summary)}</span></summary><div>`,
    `<h3>Needs</h3>${escaped(asker)}`,
    parameters.length === 0 ? '' : `<h3>Parameters</h3>${table(parameters.map(parameterRow))}`,
    requestBody === undefined
      ? ''
      : `<h3>Body${requestBody.required ? '' : ' (may be left out)'}</h3>${contentOf(requestBody.content)}`,
    `<h3>Answers</h3>${table(Object.entries(responses).filter(isAnswer).map(responseRow))}`,
    `<h3>Problems</h3>${table(Object.entries(responses).filter(not(isAnswer)).map(problemRow))}`,
    '</div></details>',
  ].join('');
}

type Status = readonly [status: string, response: Response];

const isAnswer = ([, { content = {} }]: Status): boolean =>
  !('application/problem+json' in content);
const not =
  (is: (status: Status) => boolean) =>
  (status: Status): boolean =>
    !is(status);

const table = (rows: readonly (readonly string[])[]): string =>
  `<table>${rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('')}</table>`;

const parameterRow = (parameter: Parameter): string[] => [
  `<code>${escaped(parameter.name)}</code>`,
  `${parameter.in}${parameter.required ? '' : ', optional'}`,
  parameter.in === 'header'
    ? escaped(parameter.description ?? '')
    : `<code>${typeOf(parameter.schema)}</code>`,
];

const responseRow = ([status, { description, headers = {}, content = {} }]: Status): string[] => [
  status,
  [
    escaped(description),
    contentOf(content),
    ...Object.entries(headers).map(
      ([name, header]) => `<code>${escaped(name)}</code>: ${escaped(header.description)}`,
    ),
  ]
    .filter((line) => line !== '')
    .join('<br>'),
];

/** Each code links to what it means. */
const problemRow = ([status, { description }]: Status): string[] => [
  status,
  escaped(description).replaceAll(
    /\b[A-Z]+(?:_[A-Z]+)+\b/g,
    (code) => `<a href="/problems/${code}">${code}</a>`,
  ),
];

const contentOf = (content: MediaTypes): string =>
  Object.entries(content)
    .map(([type, { schema }]) => {
      const shape = schema === undefined ? '' : ` <code>${typeOf(schema)}</code>`;
      return `<code>${escaped(type)}</code>${shape}`;
    })
    .join('<br>');
