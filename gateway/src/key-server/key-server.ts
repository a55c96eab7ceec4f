/**
 * The key server of an organisation: the private side of the OPRF, paper 000 section IV-B, after RFC 9474 section 4.3.
 *
 * It sees blinded elements only, and who asks how often.
 *
 * @module
 */
import {
  constants,
  createHash,
  createPublicKey,
  privateDecrypt,
  publicEncrypt,
  type KeyObject,
} from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { compareBytes, equalBytes, hex, integer, toInteger } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { usedOtherwise } from '../http/idempotency.ts';
import { openAuditLines, spentToday } from './audit-lines.ts';
import { LIMITS, newQuota, type Asking, type QuotaLimits } from './quota.ts';
import type { KeyServer } from '../roles.ts';
import { rsaModulus } from './rsa-key.ts';

/** How long an answer can be asked for again under its key, milliseconds. */
const REMEMBER_MS = 600_000;

export interface KeyServerParts {
  readonly mspId: string;
  readonly privateKey: KeyObject;
  /** Folder of the audit lines. */
  readonly folder: string;
  readonly nowMs: () => number;
  readonly limits?: QuotaLimits;
}

export interface RunningKeyServer extends KeyServer {
  close(): Promise<void>;
}

interface Remembered {
  readonly request: string;
  readonly answer: Promise<readonly Uint8Array[]>;
  readonly until: number;
}

/** (Key server) Opens the audit lines and resumes today's quota. */
export async function openKeyServer(parts: KeyServerParts): Promise<RunningKeyServer> {
  const { mspId, privateKey, folder, nowMs } = parts;
  const quota = newQuota(parts.limits ?? LIMITS, nowMs, await spentToday(folder, nowMs()));
  const lines = await openAuditLines(folder);
  const remembered = new Map<string, Remembered>();
  const evaluateOne = newEvaluation(privateKey);

  async function evaluateAll(
    { ownerId, organisation }: Asking,
    key: string,
    blinded: readonly Uint8Array[],
  ) {
    quota.take({ ownerId, organisation }, blinded.length);
    const at = new Date(nowMs()).toISOString();
    const written = lines.write({ at, organisation, ownerId, key, elements: blinded.length });
    written.catch(() => undefined);
    const evaluated: Uint8Array[] = [];
    for (const element of blinded) {
      evaluated.push(evaluateOne(element));
      await nextTurn();
    }
    await written;
    return evaluated;
  }

  return {
    mspId,
    evaluate(ownerId, key, blinded, organisation) {
      blinded.forEach((element, index) => checkElement(element, index, privateKey));
      // in the order in which they came: what is left of many is not looked at
      for (const [name, { until }] of remembered) {
        if (until > nowMs()) break;
        remembered.delete(name);
      }
      const name = `${ownerId} ${key}`;
      const request = digestOf(blinded);
      const held = remembered.get(name);
      if (held !== undefined) {
        if (held.request === request) return held.answer;
        throw usedOtherwise();
      }
      const other = organisation === mspId ? undefined : organisation;
      const answer = evaluateAll({ ownerId, organisation: other }, key, blinded);
      remembered.set(name, { request, answer, until: nowMs() + REMEMBER_MS });
      answer.catch(() => remembered.delete(name));
      return answer;
    },
    close: () => lines.close(),
  };
}

/** 1 < x < N - 1: the two fixed points of every key tell nothing, and would cost nothing to guess. */
function checkElement(element: Uint8Array, index: number, key: KeyObject): void {
  const modulus = rsaModulus(key);
  const pointer = `/blinded/${index}`;
  if (element.length !== modulus.length) {
    throw new HoldfastError('INPUT_INVALID', `expected ${modulus.length} bytes`, { pointer });
  }
  const last = integer(toInteger(modulus) - 1n, modulus.length);
  const one = integer(1n, modulus.length);
  if (compareBytes(element, one) <= 0 || compareBytes(element, last) >= 0) {
    throw new HoldfastError('INPUT_INVALID', 'expected 1 < x < N - 1', { pointer });
  }
}

/** x^d mod N, checked against x as RFC 9474 asks: a fault in the machine would give the key away. */
function newEvaluation(privateKey: KeyObject): (element: Uint8Array) => Uint8Array {
  const publicKey = createPublicKey(privateKey);
  const padding = constants.RSA_NO_PADDING;
  return (element) => {
    const evaluated = privateDecrypt({ key: privateKey, padding }, element);
    if (!equalBytes(publicEncrypt({ key: publicKey, padding }, evaluated), element)) {
      throw new HoldfastError('INTERNAL', 'an evaluation does not verify');
    }
    return new Uint8Array(evaluated);
  };
}

function digestOf(blinded: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const element of blinded) hash.update(element);
  return hex(hash.digest());
}
