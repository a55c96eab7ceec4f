/**
 * The vocabulary of every schema, and the one way to parse: unknown fields are refused, every value has one spelling,
 * and a refusal names its field by JSON pointer.
 *
 * @module
 */
import { z } from 'zod';
import { HoldfastError } from './errors.ts';

/** 32 bytes as lowercase hex: ids, digests, roots, anchors, transaction ids. */
export const digest = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 lowercase hex digits');

/** Exactly `length` bytes as base64url without padding. */
export const bytes = (length: number) =>
  z.string().regex(base64urlOf(length), `expected base64url of ${length} bytes`);

/** Any number of bytes as base64url without padding. */
export const base64url = z.string().refine(isBase64url, 'expected base64url');

/** Between `least` and `most` bytes as base64url without padding. */
export const bytesBetween = (least: number, most: number) =>
  z
    .string()
    .min(Math.ceil((least * 4) / 3))
    .max(Math.ceil((most * 4) / 3))
    .refine(isBase64url, 'expected base64url');

/** The last letter of a canonical spelling leaves its unused bits zero. */
function base64urlOf(length: number): RegExp {
  const whole = Math.floor(length / 3) * 4;
  const tail = ['', '[A-Za-z0-9_-][AQgw]', '[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048]'][length % 3];
  return new RegExp(`^[A-Za-z0-9_-]{${whole}}${tail}$`);
}

/** No pattern repeats over the whole of a text: the stack that takes grows with it. */
function isBase64url(text: string): boolean {
  const tail = text.slice(4 * Math.floor(text.length / 4));
  return !/[^A-Za-z0-9_-]/.test(text) && base64urlOf(Math.floor((tail.length * 3) / 4)).test(tail);
}

/** A Fabric MSP id or the name of a storage node: it becomes part of a state key. */
export const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'expected a short name');

/** A password for a seed; what scrypt takes. */
export const password = z.string().min(1).max(1_024);

/** Base units, at most 38 digits. */
export const amount = z.string().regex(/^(?:0|[1-9][0-9]{0,37})$/, 'expected a decimal amount');

export const u32 = z.int().min(0).max(0xffff_ffff);
/** Counters that are 64 bits wide in hashes stay exact numbers in JSON. */
export const counter = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
export const epoch = z.int().min(0).max(999_999_999_999);
export const lane = z.int().min(0).max(15);
export const publicKeyG2 = bytes(96);
export const pointG1 = bytes(48);
export const scalar = bytes(32);
/** Bytes of an audited block; 1 MiB blocks come with a second tag key. */
export const blockSize = z.union([z.literal(65_536), z.literal(262_144)]);
export const role = z.enum(['owner', 'agent', 'key-server', 'provider', 'delegate', 'operator']);
export type Role = z.infer<typeof role>;
/** A time as RFC 3339 writes it, in UTC: for people, never hashed. */
export const instant = z.iso.datetime();
export const verdict = z.enum(['intact', 'damaged', 'unanswered']);
export type Verdict = z.infer<typeof verdict>;

/**
 * The typed value of untrusted JSON, already decoded.
 *
 * @param what - what is being parsed, such as `files:register` or `HOLDFAST_GATEWAY`.
 * @throws `INPUT_INVALID` with the pointer of the first field at fault.
 */
export function parse<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue === undefined) throw new Error('bug: a refusal without an issue');
  const extra = issue.code === 'unrecognized_keys' ? [issue.keys[0] ?? ''] : [];
  const path = [...issue.path, ...extra].map((part) => escapePointer(String(part)));
  const pointer = path.map((part) => `/${part}`).join('');
  const reason = extra.length > 0 ? 'unknown field' : issue.message;
  throw new HoldfastError('INPUT_INVALID', `${what}${pointer}: ${reason}`, { pointer });
}

/** As {@link parse}, from JSON text; depth and size are bounded by whoever received it. */
export function parseJson<S extends z.ZodType>(schema: S, text: string, what: string): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new HoldfastError('INPUT_INVALID', `${what}: not JSON`, { cause });
  }
  return parse(schema, value, what);
}

const escapePointer = (part: string): string => part.replaceAll('~', '~0').replaceAll('/', '~1');
