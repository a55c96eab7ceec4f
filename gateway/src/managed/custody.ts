/**
 * Accounts whose keys the agent keeps: the seed under the owner's password in the agent's database, and open in memory for
 * a quarter of an hour after the password came (constructions, section 13).
 *
 * @module
 */
import { createHash, createHmac, randomBytes, timingSafeEqual, X509Certificate } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Readable } from 'node:stream';
import { base64url, hex } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { ManagedAccountAnswer } from '@holdfast/protocol/custody-messages.js';
import { openAccount, readBalance } from '@holdfast/protocol/owner/open-account.js';
import { SEED_LENGTH } from '@holdfast/protocol/owner-secrets.js';
import { checkPassword } from '@holdfast/protocol/password.js';
import { encodePhrase } from '@holdfast/protocol/phrase.js';
import type { Pool } from '@holdfast/protocol/pool.js';
import { unwrapSeed, wrapSeed, type WrappedSeed } from '@holdfast/protocol/wrapped-seed.js';
import type { TableCopies } from '../auditor/table-copies.ts';
import type { Enrol } from '../enrolment/enrolment.ts';
import { usedOtherwise } from '../http/idempotency.ts';
import { HttpRefusal } from '../http/problem.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { newKeyedQueue } from '../provider/keyed-queue.ts';
import type { Provider } from '../roles.ts';
import type { Store } from '../store.ts';
import { newGuesses } from './guesses.ts';
import { newManagedOwner, openKeys, type ManagedKeys, type ManagedOwner } from './managed-owner.ts';
import { newTurns } from './turns.ts';

/** How long a password need not be checked again, milliseconds. */
const HELD_MS = 900_000;
/** A certificate that ends this soon is renewed first, milliseconds. */
const RENEW_MS = 30 * 86_400_000;
/** How long an account is shown again to whoever opened it, milliseconds. */
const ANSWERED_MS = 86_400_000;
/** scrypt takes 128 MiB and half a second of a core. */
const CHECKS = { width: availableParallelism(), waiting: 8, retryAfter: 2 };
/** A new account takes some seconds of a core. */
const OPENINGS = { width: 1, waiting: 4, retryAfter: 10 };

/** As stored under its name. */
interface ManagedAccount {
  readonly version: 1;
  readonly seed: WrappedSeed;
  /** Whether the account is on the ledger and its words have been shown. */
  readonly opened: boolean;
  /** Digest of the Idempotency-Key it was opened with, and when. */
  readonly openedBy?: { readonly key: string; readonly at: number };
}

interface Held {
  readonly owner: ManagedOwner;
  /** MAC of the password under a key of this process. */
  readonly mark: Buffer;
  readonly until: number;
}

export interface CustodyParts {
  readonly mspId: string;
  readonly channel: string;
  readonly ledger: Ledger;
  readonly provider: Provider;
  readonly tables: TableCopies;
  readonly enrol: Enrol;
  readonly pool: Pool;
  /** Bytes of the longest block of their files. */
  readonly longestBlock: number;
  /** Holds what cannot be had from elsewhere: a database of its own. */
  readonly store: Store;
  readonly nowMs: () => number;
}

export interface Custody {
  /**
   * @param key - for a day, whoever has it and the password is answered again: phrases are kept nowhere.
   * @throws `ALREADY_EXISTS`; `RATE_LIMITED`; `INPUT_INVALID` where the password could be guessed, or (422) was another.
   */
  open(name: string, password: string, key: string | undefined): Promise<ManagedAccountAnswer>;
  /** @throws `SEED_LOCKED` for a wrong password and for a name nobody has; `RATE_LIMITED`. */
  unlock(name: string, password: string): Promise<ManagedOwner>;
  /** Wraps the seed anew; the old wrapping is gone from the database. */
  changePassword(name: string, old: string, password: string): Promise<void>;
  /** Forgets the keys of whoever has not come back in time. */
  forget(): void;
}

/** (Agent) */
export function newCustody(parts: CustodyParts): Custody {
  const { mspId, channel, ledger, pool, enrol, store, nowMs } = parts;
  const accounts = store.table<ManagedAccount>('accounts');
  const certificates = store.table<string>('certificates');
  const held = new Map<string, Held>();
  const checking = new Map<string, Promise<ManagedOwner>>();
  const guesses = newGuesses(nowMs);
  const checks = newTurns(CHECKS);
  const openings = newTurns(OPENINGS);
  const exclusive = newKeyedQueue();
  const processKey = randomBytes(32);
  const decoy = newDecoy();

  const markOf = (password: string): Buffer =>
    createHmac('sha256', processKey).update(password.normalize('NFKC')).digest();

  const locked = (): HttpRefusal =>
    new HttpRefusal('SEED_LOCKED', 'no account here has this name and this password', {
      headers: { 'WWW-Authenticate': 'Basic realm="holdfast", charset="UTF-8"' },
    });

  async function unwrap(name: string, password: string): Promise<[ManagedAccount, Uint8Array]> {
    guesses.expectPatience(name);
    const account = await accounts.get(name);
    try {
      // a name nobody has takes as long
      const seed = await checks(() => unwrapSeed(account?.seed ?? decoy, password));
      if (account === undefined) throw new Error('bug: a decoy opened');
      guesses.passed(name);
      return [account, seed];
    } catch (error) {
      if (!(error instanceof HoldfastError && error.code === 'SEED_LOCKED')) throw error;
      guesses.failed(name);
      throw locked();
    }
  }

  async function certified(name: string, keys: ManagedKeys): Promise<string> {
    const before = await certificates.get(name);
    if (before !== undefined && !endsSoon(before, nowMs())) return before;
    const { certificate } = await enrol(await keys.newRequest());
    await certificates.put(name, certificate);
    return certificate;
  }

  async function ownerOf(name: string, seed: Uint8Array): Promise<ManagedOwner> {
    const keys = await openKeys(seed, mspId);
    const certificate = await certified(name, keys);
    const random = (length: number) => new Uint8Array(randomBytes(length));
    return newManagedOwner(keys, { name, mspId, certificate, channel, ledger, pool, random });
  }

  async function check(name: string, password: string, mark: Buffer): Promise<ManagedOwner> {
    const [account, seed] = await unwrap(name, password);
    try {
      if (!account.opened) {
        throw new HoldfastError('NOT_ALLOWED', 'this account is not open yet: POST it again');
      }
      const owner = await ownerOf(name, seed);
      // the password may have been changed meanwhile
      const now = await accounts.get(name);
      if (now?.seed.salt !== account.seed.salt) throw locked();
      held.set(name, { owner, mark, until: nowMs() + HELD_MS });
      return owner;
    } finally {
      seed.fill(0);
    }
  }

  /** An account that was begun before is finished with the same seed, by whoever has its password. */
  async function begin(
    name: string,
    password: string,
    key: string | undefined,
  ): Promise<[ManagedAccount, Uint8Array]> {
    const before = await accounts.get(name);
    if (before?.opened === true && !wasOpenedBy(before, name, key)) {
      throw new HoldfastError('ALREADY_EXISTS', 'this name is taken', { pointer: '/name' });
    }
    if (before?.opened === true) return unwrap(name, password).catch(whereLocked);
    if (before !== undefined) return unwrap(name, password);
    const seed = new Uint8Array(randomBytes(SEED_LENGTH));
    const wrapped = await checks(() => wrapSeed(seed, password, randomBytes));
    const account: ManagedAccount = { version: 1, seed: wrapped, opened: false };
    await accounts.put(name, account);
    return [account, seed];
  }

  function wasOpenedBy(
    { openedBy }: ManagedAccount,
    name: string,
    key: string | undefined,
  ): boolean {
    if (openedBy === undefined || key === undefined) return false;
    return openedBy.key === digestOf(name, key) && openedBy.at + ANSWERED_MS > nowMs();
  }

  async function openNamed(
    name: string,
    password: string,
    key: string | undefined,
  ): Promise<ManagedAccountAnswer> {
    const [account, seed] = await begin(name, password, key);
    try {
      const owner = await ownerOf(name, seed);
      if (!account.opened) {
        await openAccount(owner, bringTo(parts), () => undefined, parts.longestBlock);
        const openedBy = key === undefined ? {} : { openedBy: openedWith(name, key, nowMs()) };
        await accounts.put(name, { ...account, opened: true, ...openedBy });
      }
      held.set(name, { owner, mark: markOf(password), until: nowMs() + HELD_MS });
      return {
        accountId: hex(owner.ownerId),
        custody: 'agent',
        balance: await readBalance(owner),
        recoveryPhrase: encodePhrase(seed),
      };
    } finally {
      seed.fill(0);
    }
  }

  return {
    async open(name, password, key) {
      checkPassword(password);
      return openings(() => exclusive(name, () => openNamed(name, password, key)));
    },

    async unlock(name, password) {
      const mark = markOf(password);
      const known = held.get(name);
      if (known !== undefined && known.until > nowMs() && timingSafeEqual(known.mark, mark)) {
        return known.owner;
      }
      const key = `${name}:${mark.toString('hex')}`;
      const running = checking.get(key);
      if (running !== undefined) return running;
      const checked = check(name, password, mark).finally(() => checking.delete(key));
      checking.set(key, checked);
      return checked;
    },

    changePassword: (name, old, password) =>
      exclusive(name, async () => {
        checkPassword(password);
        const [account, seed] = await unwrap(name, old);
        try {
          const wrapped = await checks(() => wrapSeed(seed, password, randomBytes));
          await accounts.put(name, { ...account, seed: wrapped });
          held.delete(name);
          await store.compact();
        } finally {
          seed.fill(0);
        }
      }),

    forget() {
      for (const [name, { until }] of held) if (until <= nowMs()) held.delete(name);
    },
  };
}

/** U goes to the provider, and a copy to the agent for challenges at once. */
const bringTo =
  ({ provider, tables }: CustodyParts) =>
  async (tagKeyId: string, table: Uint8Array): Promise<void> => {
    await provider.tagKey(tagKeyId, Readable.from([table]));
    await tables.keep(tagKeyId, table);
  };

const digestOf = (name: string, key: string): string =>
  createHash('sha256').update(`${name}\n${key}`).digest('hex');

const openedWith = (name: string, key: string, at: number) => ({ key: digestOf(name, key), at });

/** The key is the same, the password is not. */
function whereLocked(error: unknown): never {
  if (!(error instanceof HoldfastError && error.code === 'SEED_LOCKED')) throw error;
  throw usedOtherwise();
}

const endsSoon = (certificate: string, nowMs: number): boolean =>
  Date.parse(new X509Certificate(certificate).validTo) < nowMs + RENEW_MS;

const newDecoy = (): WrappedSeed => ({
  version: 1,
  salt: base64url(randomBytes(16)),
  iv: base64url(randomBytes(12)),
  ciphertext: base64url(randomBytes(48)),
});
