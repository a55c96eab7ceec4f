/** Answers of a running gateway held against its own reference: whatever is asked by fetch while it watches. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import type {
  Operation,
  Reference,
  Response as Documented,
} from '../../gateway/src/http/openapi.ts';

const PLACE = 'reference';
const JSON_TYPES = /^application\/(?:problem\+)?json$/;

export interface Watch {
  /** Operations that were asked, with the statuses they answered: `get /v1/files 200`. */
  readonly seen: ReadonlySet<string>;
  /** What was answered otherwise than the reference says. */
  readonly faults: readonly string[];
  end(): void;
}

/** All operations: `get /v1/files`. */
export const operationsOf = ({ paths }: Reference): string[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );

/** Watches what is fetched from this origin. */
export function watchAnswers(
  reference: Reference,
  origin: string,
  before: Iterable<string> = [],
): Watch {
  const seen = new Set<string>(before);
  const faults: string[] = [];
  const check = newCheck(reference);
  const real = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const answer = await real(input, init);
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.origin === origin) {
      const method = (init?.method ?? 'GET').toLowerCase();
      const { operation, fault } = await check(method, url.pathname, answer.clone());
      seen.add(`${operation} ${answer.status}`);
      if (fault !== undefined) faults.push(`${method} ${url.pathname} ${answer.status}: ${fault}`);
    }
    return answer;
  };
  return { seen, faults, end: () => void (globalThis.fetch = real) };
}

interface Checked {
  readonly operation: string;
  readonly fault: string | undefined;
}

/** Checks one answer: operation, status, headers, type, and the JSON in it. */
export function newCheck(reference: Reference) {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: false });
  ajv.addSchema(reference, PLACE);

  function faultIn(schema: string, value: unknown): string | undefined {
    const validate = ajv.getSchema(`${PLACE}#${schema}`);
    if (validate === undefined) return `no schema at ${schema}`;
    return validate(value) === true ? undefined : ajv.errorsText(validate.errors);
  }

  async function jsonFault(
    { path, method }: Found,
    type: string,
    answer: Response,
  ): Promise<string | undefined> {
    const at = ['paths', path, method, 'responses', String(answer.status), 'content', type];
    const pointer = [...at, 'schema'].map((part) => `/${escaped(part)}`).join('');
    return faultIn(pointer, await answer.json());
  }

  async function faultOf(found: Found, method: string, answer: Response) {
    const documented = found.operation.responses[answer.status];
    if (documented === undefined) return UNKNOWN;
    const missing = answer.status < 300 ? missingHeaders(documented, answer) : [];
    if (missing.length > 0) return `without ${missing.join(', ')}`;
    if (method === 'head') return undefined;
    const type = answer.headers.get('content-type')?.split(';')[0] ?? '';
    if (JSON_TYPES.test(type)) return jsonFault(found, type, answer);
    return hasType(documented, type) ? undefined : `type ${type}`;
  }

  return async function check(method: string, path: string, answer: Response): Promise<Checked> {
    const found = find(reference, method, path);
    if (found !== undefined) {
      const operation = `${found.method} ${found.path}`;
      return { operation, fault: await faultOf(found, method, answer) };
    }
    const isRefused = answer.status === 405;
    const fault = isRefused ? faultIn(PROBLEM, await answer.json()) : UNKNOWN;
    return { operation: `${method} ${path}`, fault };
  };
}

const PROBLEM = '/components/schemas/Problem';
const UNKNOWN = 'not in the reference';

interface Found {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

/** Whatever GET answers, HEAD describes. */
function find({ paths }: Reference, method: string, path: string): Found | undefined {
  for (const [template, methods] of Object.entries(paths)) {
    if (!patternOf(template).test(path)) continue;
    for (const name of [method, ...(method === 'head' ? ['get'] : [])]) {
      const operation = methods[name];
      if (operation !== undefined) return { path: template, method: name, operation };
    }
  }
  return undefined;
}

const patternOf = (template: string): RegExp =>
  new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`);

const missingHeaders = ({ headers = {} }: Documented, answer: Response): string[] =>
  Object.keys(headers).filter((name) => !answer.headers.has(name));

const hasType = ({ content }: Documented, type: string): boolean =>
  content === undefined ? type === '' : type in content || '*/*' in content;

const escaped = (part: string): string =>
  encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
