/**
 * What another gateway answers: bounded, of the shape that was asked for, its refusals in our errors, whatever it sends.
 *
 * @module
 */
import { z } from 'zod';
import { fromUtf8 } from '@holdfast/protocol/bytes.js';
import { ERRORS, HoldfastError, type ErrorCode } from '@holdfast/protocol/errors.js';
import { parseJson } from '@holdfast/protocol/schema.js';
import { boundedBytes } from '../bounded-bytes.ts';
import { HttpRefusal } from '../http/problem.ts';
import type { Answered, Asked, Caller } from './caller.ts';

/** Bytes of JSON, and of a refusal. */
const JSON_LIMIT = 4 * 1024 * 1024;
const REFUSAL_LIMIT = 65_536;

const problem = z.object({
  status: z.int().min(400).max(599),
  code: z.custom<ErrorCode>((code) => typeof code === 'string' && Object.hasOwn(ERRORS, code)),
  detail: z.string().max(2_000),
  errors: z
    .array(z.object({ pointer: z.string().max(256) }))
    .max(16)
    .optional(),
});

/** @throws its refusal; `ANSWER_FALSE` naming who answers, where it is not of this shape. */
export async function jsonOf<S extends z.ZodType>(
  caller: Caller,
  asked: Asked,
  schema: S,
): Promise<z.output<S>> {
  const found = await jsonOrNone(caller, asked, schema);
  if (found === undefined) throw falseAnswer(caller.title, 'nothing');
  return found;
}

/** @returns undefined where it has none. */
export async function jsonOrNone<S extends z.ZodType>(
  caller: Caller,
  asked: Asked,
  schema: S,
): Promise<z.output<S> | undefined> {
  const bytes = await bytesOf(caller, asked, JSON_LIMIT);
  if (bytes === undefined) return undefined;
  try {
    return parseJson(schema, fromUtf8(bytes), 'the answer');
  } catch (cause) {
    const reason = cause instanceof HoldfastError ? cause.detail : 'no text';
    throw falseAnswer(caller.title, `otherwise than it should: ${reason}`, cause);
  }
}

/** @returns undefined where it has none. @throws its refusal; `ANSWER_FALSE` where there are more bytes. */
export async function bytesOf(
  caller: Caller,
  asked: Asked,
  most: number,
): Promise<Uint8Array | undefined> {
  const answered = await accepted(caller, asked);
  const bytes = await wholeOf(caller.title, answered.bytes, most);
  return answered.status === 204 ? undefined : bytes;
}

/** @throws its refusal. */
export async function accepted(caller: Caller, asked: Asked): Promise<Answered> {
  const answered = await caller.ask(asked);
  if (answered.status < 400) return answered;
  throw await refusalIn(caller.title, answered);
}

/** What a problem document says; `ANSWER_FALSE` where it is none. */
async function refusalIn(title: string, { headers, bytes }: Answered): Promise<HoldfastError> {
  try {
    const text = fromUtf8(await wholeOf(title, bytes, REFUSAL_LIMIT));
    const found = parseJson(problem, text, title);
    const { status } = found;
    const detail = found.code === 'INTERNAL' ? `${title}: ${found.detail}` : found.detail;
    const where = found.errors?.[0] ?? {};
    return new HttpRefusal(found.code, detail, { status, ...where, headers: afterIn(headers) });
  } catch (error) {
    if (error instanceof HoldfastError && error.code !== 'INPUT_INVALID') return error;
    return falseAnswer(title, 'a refusal that is none', error);
  }
}

function afterIn({ 'retry-after': after = '' }: Answered['headers']): Record<string, string> {
  return /^\d{1,9}$/.test(after) ? { 'Retry-After': after } : {};
}

/** @throws `ANSWER_FALSE` naming who answers, where there are more bytes. */
export const wholeOf = (
  title: string,
  bytes: AsyncIterable<Uint8Array>,
  most: number,
): Promise<Uint8Array> =>
  boundedBytes(bytes, most, () => falseAnswer(title, `more than ${most} bytes`));

export const falseAnswer = (title: string, what: string, cause?: unknown): HoldfastError =>
  new HoldfastError('ANSWER_FALSE', `${title} answered ${what}`, { cause });
