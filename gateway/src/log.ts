/**
 * The log: one JSON line a request or event, without secrets, names of files or plaintext.
 *
 * @module
 */
import { types } from 'node:util';
import { pino, type DestinationStream, type Logger } from 'pino';

export type { Logger } from 'pino';

/** What a line says before it is written. */
export type Fields = Record<string, unknown>;

/** What is left of a line. */
export type Redaction = (fields: Fields) => Fields;

/** Fields that never reach the log, wherever they stand and however they are written. */
const SECRET = new Set(
  (
    'authorization signature signatureInput cookie headers url query body password passphrase phrase ' +
    'recoveryPhrase secret seed key salt privateKey fileKey fileSecret token csr blinded evaluated name'
  )
    .split(' ')
    .map(spelling),
);
const HIDDEN = '[Redacted]';
const DEEPEST = 5;

/**
 * Of a request its method alone: its address may name a file, and all else may be a secret. Of an error that quotes what it
 * could not read, not the quotation.
 */
export const redacted: Redaction = ({ request, ...fields }) => ({
  ...fieldsOf(fields, DEEPEST),
  ...(isRecord(request) ? { method: request['method'] } : {}),
});

/**
 * @param destination - standard error unless told; standard output carries the ready line only.
 * @param redaction - what keeps secrets out; another only to show that it is what does.
 */
export function newLog(
  level: string,
  destination: DestinationStream = pino.destination(2),
  redaction: Redaction = redacted,
): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: redaction },
    },
    destination,
  );
}

function spelling(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

const isRecord = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

const fieldsOf = (fields: Fields, depth: number): Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      SECRET.has(spelling(name)) ? HIDDEN : valueOf(value, depth - 1),
    ]),
  );

function valueOf(value: unknown, depth: number): unknown {
  if (types.isNativeError(value)) return errorOf(value, depth);
  if (!isRecord(value)) return typeof value === 'bigint' ? String(value) : value;
  // bytes are never worth a line
  if (depth === 0 || ArrayBuffer.isView(value)) return HIDDEN;
  return Array.isArray(value)
    ? value.map((item: unknown) => valueOf(item, depth - 1))
    : fieldsOf(value, depth);
}

/** Nothing but what every error has: libraries hang requests and answers on theirs. */
function errorOf(error: Error, depth: number): Fields {
  const { name, message, stack = '', cause } = error;
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  const code: unknown = Reflect.get(error, 'code');
  return {
    type: name,
    // what could not be parsed stands in it
    message: name === 'SyntaxError' ? HIDDEN : message,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    stack: frames.map((frame) => frame.trim()),
    ...(cause === undefined || depth === 0 ? {} : { cause: valueOf(cause, depth - 1) }),
  };
}
