/**
 * Which certificates have been taken back: the lists of all authorities, looked at again and again.
 *
 * A list that cannot be read, that its authority has not signed, or that is older than the one we have changes nothing: what
 * was revoked stays revoked. An organisation whose list has never been there has revoked nothing.
 *
 * @module
 */
import type { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { Logger } from '../log.ts';
import { errnoOf } from '../storage/durable-file.ts';
import { readRevocationList, spelled, type RevocationList } from './revocation-list.ts';

/** Bytes of a list: some hundred thousand certificates. */
const LIST_LIMIT = 16 * 1024 * 1024;

export interface RevocationsParts {
  readonly organisations: readonly {
    readonly mspId: string;
    /** PEM. */
    readonly rootCert: string;
    /** Path of its list. */
    readonly crl?: string | null | undefined;
  }[];
  readonly log: Logger;
}

export interface Revocations {
  isRevoked(mspId: string, certificate: X509Certificate): boolean;
  /** @throws `NOT_ALLOWED`. */
  expectUnrevoked(mspId: string, certificate: X509Certificate): void;
  /** Takes what is new. */
  look(): Promise<void>;
  /** How often something new was taken. */
  version(): number;
  /** What is wrong with the lists, a phrase each. */
  problems(): readonly string[];
  /** By when each organisation's next list should be there, milliseconds. */
  nextBy(): readonly (readonly [mspId: string, at: number])[];
}

interface Held {
  readonly text: string;
  readonly list: RevocationList;
}

/** @throws `INPUT_INVALID` where a list that is there at the start is none. */
export async function openRevocations(parts: RevocationsParts): Promise<Revocations> {
  const { organisations, log } = parts;
  const held = new Map<string, Held>();
  const failing = new Map<string, string>();
  let version = 0;

  async function take(mspId: string, path: string, rootCert: string): Promise<void> {
    const before = held.get(mspId);
    const text = await textIn(path);
    if (text === before?.text) return;
    if (text === undefined) {
      if (before !== undefined) throw new HoldfastError('NOT_FOUND', `${path} is gone`);
      return;
    }
    const list = await readRevocationList(text, rootCert);
    if (before !== undefined && list.madeAt < before.list.madeAt) {
      throw new HoldfastError('INPUT_INVALID', 'an older list than the one before');
    }
    held.set(mspId, { text, list });
    version++;
    log.info({ event: 'RevocationsRead', mspId, certificates: list.serialNumbers.size });
  }

  async function look(onFailure: (mspId: string, error: unknown) => void): Promise<void> {
    for (const { mspId, rootCert, crl } of organisations) {
      if (typeof crl !== 'string') continue;
      try {
        await take(mspId, crl, rootCert);
        failing.delete(mspId);
      } catch (error) {
        onFailure(mspId, error);
      }
    }
  }

  await look((mspId, error) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new HoldfastError('INPUT_INVALID', `the revocation list of ${mspId}: ${reason}`);
  });

  const isRevoked = (mspId: string, { serialNumber }: X509Certificate): boolean =>
    held.get(mspId)?.list.serialNumbers.has(spelled(serialNumber)) === true;

  return {
    isRevoked,
    expectUnrevoked(mspId, certificate) {
      if (!isRevoked(mspId, certificate)) return;
      throw new HoldfastError('NOT_ALLOWED', `${mspId} has revoked the certificate`);
    },
    look: () =>
      look((mspId, error) => {
        const reason = error instanceof Error ? error.message : String(error);
        if (failing.get(mspId) === reason) return;
        failing.set(mspId, reason);
        log.warn({ event: 'RevocationsUnread', mspId, reason });
      }),
    version: () => version,
    problems: () => [...failing].map(([mspId, reason]) => `${mspId}: ${reason}`),
    nextBy: () =>
      [...held].flatMap(([mspId, { list }]) =>
        list.nextBy === undefined ? [] : [[mspId, list.nextBy] as const],
      ),
  };
}

/** undefined where there is none. */
async function textIn(path: string): Promise<string | undefined> {
  try {
    const { size } = await stat(path);
    if (size > LIST_LIMIT) throw new HoldfastError('TOO_LARGE', `${path} has ${size} bytes`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
