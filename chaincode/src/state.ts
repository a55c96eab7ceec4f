/**
 * Reading and writing the state by typed keys.
 *
 * What is read was written by these contracts from values they had checked, so it is trusted. A transaction does not see
 * its own writes.
 *
 * @module
 */
import { fromUtf8, utf8 } from '@holdfast/protocol/bytes.js';
import { HoldfastError, type ErrorCode } from '@holdfast/protocol/errors.js';
import type { Page } from '@holdfast/protocol/ledger-transactions.js';
import { canonicalJson } from './canonical-json.ts';
import { Context } from './fabric.ts';
import type { Key } from './state-keys.ts';

type Stub = Context['stub'];

/** A record together with the parts of its key below the beginning that was listed. */
export interface Row<R> {
  readonly parts: readonly string[];
  readonly record: R;
}

export interface State {
  get<R>(key: Key<R>): Promise<R | undefined>;
  /** @throws `NOT_FOUND: no {what}` (or another code) where nothing stands there. */
  find<R>(key: Key<R>, what: string, code?: ErrorCode): Promise<R>;
  /** Makes the transaction depend on nothing standing there. @throws `ALREADY_EXISTS: {what}`, or another code. */
  refuse(key: Key<unknown>, what: string, code?: ErrorCode): Promise<void>;
  put<R>(key: Key<R>, record: R): Promise<void>;
  remove(key: Key<unknown>): Promise<void>;
  /** Evaluate only. */
  page<R>(prefix: Key<R>, options: PageOptions): Promise<Page<Row<R>>>;
}

export interface PageOptions {
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
}

const PAGE = 100;

export function openState(stub: Stub): State {
  const name = (key: Key<unknown>): string => stub.createCompositeKey(key.type, [...key.parts]);

  async function get<R>(key: Key<R>): Promise<R | undefined> {
    const bytes = await stub.getState(name(key));
    return bytes.length === 0 ? undefined : (JSON.parse(fromUtf8(bytes)) as R);
  }

  return {
    get,
    async find(key, what, code = 'NOT_FOUND') {
      const record = await get(key);
      if (record === undefined) throw new HoldfastError(code, `no ${what}`);
      return record;
    },
    async refuse(key, what, code = 'ALREADY_EXISTS') {
      if ((await get(key)) !== undefined) throw new HoldfastError(code, what);
    },
    async put(key, record) {
      await stub.putState(name(key), utf8(canonicalJson(record)));
    },
    async remove(key) {
      await stub.deleteState(name(key));
    },
    page: (prefix, options) => readPage(stub, prefix, options),
  };
}

/** A cursor is the rest of the key at which the next page begins, so it cannot lead out of the list. */
async function readPage<R>(
  stub: Stub,
  prefix: Key<R>,
  { cursor, limit = PAGE }: PageOptions,
): Promise<Page<Row<R>>> {
  const bookmark =
    cursor === undefined
      ? ''
      : stub.createCompositeKey(prefix.type, [...prefix.parts, ...partsOf(cursor)]);
  const { iterator, metadata } = await stub.getStateByPartialCompositeKeyWithPagination(
    prefix.type,
    [...prefix.parts],
    limit,
    bookmark,
  );
  const below = (composite: string): string[] =>
    stub.splitCompositeKey(composite).attributes.slice(prefix.parts.length);
  const items: Row<R>[] = [];
  for (let row = await iterator.next(); !row.done; row = await iterator.next()) {
    const record = JSON.parse(fromUtf8(row.value.value)) as R;
    items.push({ parts: below(row.value.key), record });
  }
  await iterator.close();
  const next = items.length < limit || metadata.bookmark === '' ? [] : below(metadata.bookmark);
  return { items, next: next.length === 0 ? null : next.join('/') };
}

function partsOf(cursor: string): string[] {
  if (!/^[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/.test(cursor)) {
    throw new HoldfastError('INPUT_INVALID', '/cursor: expected one that a page answered', {
      pointer: '/cursor',
    });
  }
  return cursor.split('/');
}
