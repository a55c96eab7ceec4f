/**
 * What inner routes take and answer.
 *
 * @module
 */
import type { Request, Response } from 'express';
import type { z } from 'zod';
import { fromUtf8 } from '@holdfast/protocol/bytes.js';
import { parseJson } from '@holdfast/protocol/schema.js';
import { bodyOf, readWhole } from '../http/content-digest.ts';
import { expectType } from '../http/json-route.ts';
import { parameters } from '../http/requests.ts';

const JSON_TYPE = 'application/json';
const JSON_LIMIT = 8 * 1024 * 1024;

/** The body, as JSON of a shape. @throws `INPUT_INVALID`, `TOO_LARGE`. */
export async function jsonIn<S extends z.ZodType>(
  request: Request,
  response: Response,
  schema: S,
): Promise<z.output<S>> {
  expectType(request, JSON_TYPE);
  const bytes = await readWhole(bodyOf(request, response, JSON_LIMIT));
  return parseJson(schema, fromUtf8(bytes), `${request.method} ${request.path}`);
}

/** The parts of the address. @throws `INPUT_INVALID` naming one. */
export const addressOf = <S extends z.ZodType>({ params }: Request, schema: S): z.output<S> =>
  parameters(schema, params);

export const queryOf = <S extends z.ZodType>({ query }: Request, schema: S): z.output<S> =>
  parameters(schema, query);

/** @param body - as the schema writes it. */
export function answerJson<S extends z.ZodType>(
  response: Response,
  schema: S,
  body: z.input<S>,
): void {
  response.json(schema.parse(body));
}

export function answerBytes(response: Response, bytes: Uint8Array): void {
  response.set('Content-Length', String(bytes.length)).type('application/octet-stream');
  response.end(bytes);
}
