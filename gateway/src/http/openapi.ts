/**
 * The reference as an OpenAPI 3.1 document, made of the routes that are mounted and of the schemas that parse.
 *
 * Why not a library: OpenAPI 3.1 takes JSON Schema 2020-12 as it is, and zod writes that itself.
 *
 * @module
 */
import { STATUS_CODES } from 'node:http';
import type { z } from 'zod';
import type { ErrorCode } from '@holdfast/protocol/errors.js';
import { isKeyed, problemsOf } from './route-problems.ts';
import type { Answered, Content, Meanings, Route } from './route.ts';
import { componentsOf, newSchemas, PROBLEM, type Json, type Schemas } from './schemas.ts';

/** As far as we read it ourselves; everything in it is plain JSON. */
export interface Reference {
  readonly openapi: '3.1.1';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly Json[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Json; readonly securitySchemes: Json };
}

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security: readonly Json[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: MediaTypes };
  readonly responses: Readonly<Record<string, Response>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description?: string;
  readonly schema: Json;
}

export interface Response {
  readonly description: string;
  readonly headers?: Readonly<
    Record<string, { readonly description: string; readonly schema: Json }>
  >;
  readonly content?: MediaTypes;
}

export type MediaTypes = Readonly<Record<string, { readonly schema?: Json }>>;

const SECURITY_SCHEMES = {
  signature: {
    type: 'apiKey',
    in: 'header',
    name: 'Signature-Input',
    description:
      'RFC 9421, with Signature: ECDSA P-256 with SHA-256 under the owner’s own key over @method, @target-uri and, with ' +
      'a body, content-digest and content-length; created, expires at most 60 s later, nonce, keyid',
  },
  password: {
    type: 'http',
    scheme: 'basic',
    description: 'RFC 7617: name and password of an account whose keys the agent keeps',
  },
} as const;

const SECURITY: Readonly<Record<Route['who'], readonly Json[]>> = {
  anybody: [],
  owner: [{ signature: [] }, { password: [] }],
  managed: [{ password: [] }],
};

/** The reference of these routes. Where one path has a route for either custody, it is one operation with both answers. */
export function referenceOf(routes: readonly Route[], version: string): Reference {
  const schemas = newSchemas();
  const operations = new Map<string, Route[]>();
  for (const route of routes) {
    const name = `${route.method} ${templateOf(route.path)}`;
    operations.set(name, [...(operations.get(name) ?? []), route]);
  }
  const paths: Record<string, Record<string, Operation>> = {};
  for (const [name, alike] of operations) {
    const [method = '', path = ''] = name.split(' ');
    paths[path] = { ...paths[path], [method]: operationOf(alike, schemas) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Holdfast gateway',
      version,
      description:
        'Keeps files of owners. A refusal is a problem document (RFC 9457) whose `type` resolves here. Whatever GET ' +
        'answers, HEAD describes.',
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: componentsOf(schemas, paths),
      securitySchemes: SECURITY_SCHEMES,
    },
  };
}

/** `/v1/files/:fileId` as OpenAPI has it. */
export const templateOf = (path: string): string => path.replaceAll(/:(\w+)/g, '{$1}');

function operationOf(alike: readonly Route[], schemas: Schemas): Operation {
  const own = alike.find(({ who }) => who !== 'managed');
  const [first] = alike;
  const main = own ?? first;
  if (main === undefined) throw new Error('bug: an operation without a route');
  const takes = alike.flatMap(({ takes: body }) => (body === undefined ? [] : [body]));
  return {
    operationId: operationIdOf(main),
    summary: summaryOf(alike),
    tags: [tagOf(main)],
    security: SECURITY[main.who],
    parameters: parametersOf(alike, schemas),
    ...(takes.length === 0
      ? {}
      : {
          requestBody: {
            required: takes.every(({ isOptional }) => !isOptional),
            content: mediaTypes(
              takes.map(({ content }) => content),
              schemas,
            ),
          },
        }),
    responses: responsesOf(alike, schemas),
  };
}

const operationIdOf = ({ method, path }: Route): string =>
  `${method}${path.replace('/v1', '').replaceAll(/[^A-Za-z]+(.)?/g, (_, next: string | undefined) => (next ?? '').toUpperCase())}`;

/** Both, where they differ. */
function summaryOf(alike: readonly Route[]): string {
  const said = new Set(alike.map(({ summary }) => summary));
  if (said.size === 1) return [...said].join('');
  return alike
    .map(({ who, summary }) => (who === 'managed' ? `Keys with the agent: ${summary}` : summary))
    .toReversed()
    .join('. ');
}

const tagOf = ({ path }: Route): string => /^\/v1\/([a-z-]+)/.exec(path)?.[1] ?? 'gateway';

function parametersOf(alike: readonly Route[], schemas: Schemas): Parameter[] {
  const found = new Map<string, Parameter>();
  for (const { method, params, query, headers: own } of alike) {
    const headers = isKeyed(method) ? { ...KEY, ...own } : own;
    const inPath = fieldsOf('path', params, alike, schemas);
    const inQuery = fieldsOf('query', query, alike, schemas);
    const inHeader = Object.entries(headers).map(([name, description]) => ({
      name,
      in: 'header' as const,
      required: false,
      description,
      schema: TEXT,
    }));
    for (const one of [...inPath, ...inQuery, ...inHeader]) found.set(`${one.in} ${one.name}`, one);
  }
  return [...found.values()];
}

const TEXT = { type: 'string' } as const;
const KEY: Meanings = { 'Idempotency-Key': 'the same request again has one effect and one answer' };

/** A path's or a query's, as they are once they have been parsed. */
function fieldsOf(
  place: 'path' | 'query',
  fields: z.ZodObject,
  alike: readonly Route[],
  schemas: Schemas,
): Parameter[] {
  return Object.entries(fields.shape).map(([name, field]) => ({
    name,
    in: place,
    required: place === 'path' || !(field as z.ZodType).safeParse(undefined).success,
    schema: oneOf(
      alike.flatMap(({ [place === 'path' ? 'params' : 'query']: { shape } }) =>
        name in shape ? [schemas.inline(shape[name] as z.ZodType)] : [],
      ),
    ),
  }));
}

/** Each once. */
function oneOf(found: readonly Json[]): Json {
  const distinct = new Map(found.map((schema) => [JSON.stringify(schema), schema]));
  const [only, ...others] = distinct.values();
  if (only === undefined || others.length === 0) return only ?? {};
  return { anyOf: [only, ...others] };
}

function mediaTypes(contents: readonly Content[], schemas: Schemas): MediaTypes {
  const types = new Set(contents.flatMap((content) => Object.keys(content)));
  return Object.fromEntries(
    [...types].map((type) => {
      const found = contents.flatMap(({ [type]: schema }) =>
        schema === undefined || schema === null ? [] : [schemas.refer(schema)],
      );
      return [type, found.length === 0 ? {} : { schema: oneOf(found) }];
    }),
  );
}

function responsesOf(alike: readonly Route[], schemas: Schemas): Record<string, Response> {
  const byStatus = new Map<string, Answered[]>();
  for (const { answers } of alike) {
    for (const [status, answer] of Object.entries(answers)) {
      byStatus.set(status, [...(byStatus.get(status) ?? []), answer]);
    }
  }
  const answered = [...byStatus].map(
    ([status, found]) => [status, responseOf(found, schemas)] as const,
  );
  const refused = [...problemsOf(alike)]
    .filter(([status]) => !byStatus.has(String(status)))
    .map(([status, codes]) => [status, refusalOf(status, codes)] as const);
  return Object.fromEntries([...answered, ...refused]);
}

function responseOf(found: readonly Answered[], schemas: Schemas): Response {
  const [first, ...others] = found.map(({ headers = {} }) => headers);
  // only what every one of them has
  const headers = Object.entries(first ?? {}).filter(([name]) =>
    others.every((other) => name in other),
  );
  const contents = found.flatMap(({ content }) => (content === undefined ? [] : [content]));
  return {
    description: [...new Set(found.map(({ says }) => says))].join('; '),
    headers: Object.fromEntries(
      headers.map(([name, description]) => [name, { description, schema: TEXT }]),
    ),
    ...(contents.length === 0 ? {} : { content: mediaTypes(contents, schemas) }),
  };
}

const refusalOf = (status: number, codes: ReadonlySet<ErrorCode>): Response => ({
  description: `${STATUS_CODES[status]}: ${[...codes].toSorted().join(', ')}`,
  content: { 'application/problem+json': { schema: PROBLEM } },
});
