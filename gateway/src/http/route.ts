/**
 * One declaration a route: who may ask, what it takes, what it answers, what it does. The router mounts it, its schemas
 * parse the requests and type the answers, and the reference is made of nothing else, so that the three cannot differ.
 *
 * @module
 */
import type { Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import type { ErrorCode } from '@holdfast/protocol/errors.js';
import { parameters } from './requests.ts';

export type Method = 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete' | 'options';

/** Anybody; whoever signs or has a password; of those only owners whose keys the agent keeps. */
export type Asker = 'anybody' | 'owner' | 'managed';

/** Media type -> schema of its JSON; null: bytes or text. */
export type Content = Readonly<Record<string, z.ZodType | null>>;

/** Name of a header -> what it says. */
export type Meanings = Readonly<Record<string, string>>;

export interface Answered {
  readonly says: string;
  readonly content?: Content;
  readonly headers?: Meanings;
}

/** A refusal by its code, or by another status than the one its code has. */
export type Refused = ErrorCode | readonly [status: number, code: ErrorCode];

export interface Route {
  readonly method: Method;
  /** As Express has it: `/v1/files/:fileId/status`. */
  readonly path: string;
  readonly who: Asker;
  /** A sentence without its full stop. */
  readonly summary: string;
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  /** Headers of requests that mean something here. */
  readonly headers: Meanings;
  readonly takes?: { readonly content: Content; readonly isOptional: boolean };
  readonly answers: Readonly<Record<number, Answered>>;
  /** Beside those that every route of its kind has. */
  readonly problems: readonly Refused[];
  readonly handle: RequestHandler;
}

export const NOTHING = z.strictObject({});
export type Nothing = typeof NOTHING;

/** What a declaration leaves out where there is nothing to say. */
export interface Declared<P extends z.ZodObject, Q extends z.ZodObject> {
  readonly path: string;
  readonly who: Asker;
  readonly summary: string;
  readonly params?: P;
  readonly query?: Q;
  readonly headers?: Meanings;
  readonly problems?: readonly Refused[];
}

/** What is at hand in every route. */
export interface Call<P extends z.ZodObject, Q extends z.ZodObject> {
  readonly params: z.output<P>;
  readonly query: z.output<Q>;
  readonly request: Request;
  readonly response: Response;
}

type Answering = Pick<Route, 'method' | 'answers'> & Partial<Pick<Route, 'takes'>>;

/** A route that sends its answer itself. */
export function route<P extends z.ZodObject = Nothing, Q extends z.ZodObject = Nothing>(
  declared: Declared<P, Q> & Answering,
  call: (call: Call<P, Q>) => Promise<void> | void,
): Route {
  const params = (declared.params ?? NOTHING) as P;
  const query = (declared.query ?? NOTHING) as Q;
  return {
    headers: {},
    problems: [],
    ...declared,
    params,
    query,
    async handle(request, response) {
      await call({
        params: parameters(params, request.params),
        query: parameters(query, request.query),
        request,
        response,
      });
    },
  };
}
