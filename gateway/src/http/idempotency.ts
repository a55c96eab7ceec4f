/**
 * Idempotency-Key: a request that is sent again has one effect and one answer.
 *
 * @module
 */
import { createHmac, randomBytes } from 'node:crypto';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { HttpRefusal } from './problem.ts';
import type { Table } from '../store.ts';

const KEPT_MS = 86_400_000;

/** An answer as it was given, and to what. */
export interface KeptAnswer {
  /** {@link Sameness}. */
  readonly request: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly at: number;
}

export type Answer = Pick<KeptAnswer, 'status' | 'headers' | 'body'>;

export interface IdempotencyParts {
  readonly answers: Table<KeptAnswer>;
  readonly nowMs: () => number;
}

/** @returns the key; undefined where there is none. @throws `INPUT_INVALID`. */
export function idempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined || /^[\x21-\x7e]{8,128}$/.test(header)) return header;
  throw new HoldfastError('INPUT_INVALID', 'expected 8 to 128 visible characters', {
    pointer: '/Idempotency-Key',
  });
}

/** By what a request is known again. */
export interface Sameness {
  /** Digest of method, path and body; undefined where nobody knows the body before it has been read. */
  readonly known: string | undefined;
  /** The same, once the body has been read; reads what has not been. */
  readonly whole: () => Promise<string>;
}

interface Running {
  readonly known: string | undefined;
  readonly answer: Promise<Answer>;
}

/**
 * (Agent) Remembers what was answered, a day; refusals are not remembered. Who asks while the same request is still being
 * answered gets that answer.
 *
 * @returns a function that throws `INPUT_INVALID` (422) where the key was used for another request, `CONFLICT` where one
 *   is still being answered that may be another.
 */
export function newIdempotency({ answers, nowMs }: IdempotencyParts) {
  const running = new Map<string, Running>();

  async function answerOnce(
    name: string,
    request: Sameness,
    answer: () => Promise<Answer>,
  ): Promise<Answer> {
    const kept = await answers.get(name);
    if (kept !== undefined && kept.at + KEPT_MS > nowMs()) {
      return again(kept.request, kept, request.known ?? (await request.whole()));
    }
    const given = await answer();
    await answers.put(name, { ...given, request: await request.whole(), at: nowMs() });
    return given;
  }

  return async function once(
    caller: string | undefined,
    key: string | undefined,
    request: Sameness,
    answer: () => Promise<Answer>,
  ): Promise<Answer> {
    if (key === undefined || caller === undefined) return answer();
    const name = `${caller} ${key}`;
    const before = running.get(name);
    if (before !== undefined) return joined(before, request);
    const given = answerOnce(name, request, answer);
    running.set(name, { known: request.known, answer: given });
    try {
      return await given;
    } finally {
      running.delete(name);
    }
  };
}

export type Once = ReturnType<typeof newIdempotency>;

function joined({ known, answer }: Running, request: Sameness): Promise<Answer> {
  if (known !== undefined && request.known !== undefined) {
    return again(known, answer, request.known);
  }
  throw new HttpRefusal('CONFLICT', 'a request with this key is still being answered', {
    headers: { 'Retry-After': '2' },
    pointer: '/Idempotency-Key',
  });
}

function again<A>(before: string, answer: A, request: string): A {
  if (before === request) return answer;
  throw usedOtherwise();
}

export const usedOtherwise = (): HttpRefusal =>
  new HttpRefusal('INPUT_INVALID', 'this key was used for another request', {
    status: 422,
    pointer: '/Idempotency-Key',
  });

/** The same for requests with a password in them: in memory alone, and under a key of this process. */
export function newIdempotencyInMemory({ nowMs }: Pick<IdempotencyParts, 'nowMs'>): Once {
  const answers = newMemoryTable();
  const once = newIdempotency({ answers, nowMs });
  const processKey = randomBytes(32);
  const marked = (digest: string) => createHmac('sha256', processKey).update(digest).digest('hex');
  return async (caller, key, { known, whole }, answer) => {
    await forgetAnswers({ answers, nowMs });
    const same = {
      known: known === undefined ? undefined : marked(known),
      whole: async () => marked(await whole()),
    };
    return once(caller, key, same, answer);
  };
}

function newMemoryTable(): IdempotencyParts['answers'] {
  const rows = new Map<string, KeptAnswer>();
  return {
    get: (name) => Promise.resolve(rows.get(name)),
    put: (name, answer) => Promise.resolve(void rows.set(name, answer)),
    delete: (name) => Promise.resolve(void rows.delete(name)),
    async *entries() {
      yield* rows;
    },
  };
}

/** Forgets what is older than a day. */
export async function forgetAnswers({
  answers,
  nowMs,
}: {
  readonly answers: Pick<Table<{ readonly at: number }>, 'entries' | 'delete'>;
  readonly nowMs: () => number;
}): Promise<void> {
  for await (const [name, { at }] of answers.entries()) {
    if (at + KEPT_MS <= nowMs()) await answers.delete(name);
  }
}
