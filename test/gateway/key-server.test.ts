import type { KeyObject } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { fromBase64url, integer, toInteger } from '@holdfast/protocol/bytes.js';
import { verifyModulus } from '@holdfast/protocol/modulus-certificate.js';
import { blind, finalize, oprfInput } from '@holdfast/protocol/oprf.js';
import { keyServerAnnouncement } from '../../gateway/src/announcements.ts';
import { openKeyServer, type RunningKeyServer } from '../../gateway/src/key-server/key-server.ts';
import { HttpRefusal } from '../../gateway/src/http/problem.ts';
import { openRsaKey, rsaModulus } from '../../gateway/src/key-server/rsa-key.ts';
import { seededRandom } from '../support/property.ts';
import { refusalOf, refusalOfAsync } from '../support/refusal.ts';

const ANNA = 'aa'.repeat(32);
const BEN = 'bb'.repeat(32);
const MIDNIGHT = Date.UTC(2027, 0, 1);
const LIMITS = { perMinute: 60, burst: 10, perDay: 20, perDayAll: 30 };

let keyFolder: string;
let privateKey: KeyObject;
let modulus: Uint8Array;
beforeAll(async () => {
  keyFolder = await mkdtemp(join(tmpdir(), 'holdfast-key-'));
  privateKey = await openRsaKey(join(keyFolder, 'key.pem'));
  modulus = rsaModulus(privateKey);
});

let folder: string;
let keyServer: RunningKeyServer;
let now: number;
const open = async () => {
  keyServer = await openKeyServer({
    mspId: 'Cedar',
    privateKey,
    folder,
    nowMs: () => now,
    limits: LIMITS,
  });
};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-key-server-'));
  now = MIDNIGHT - 3_600_000;
  await open();
});
afterEach(async () => {
  await keyServer.close();
  await rm(folder, { recursive: true, force: true });
});

let drawn = 0;
/** Elements that were never used before. */
const elements = (count: number): Uint8Array[] =>
  Array.from({ length: count }, () => integer(2n + BigInt(drawn++), modulus.length));
const today = () => readFile(join(folder, 'audit-2026-12-31.jsonl'), 'utf8');

describe('the key of a key server', () => {
  it('is made once, for nobody else to read', async () => {
    const path = join(keyFolder, 'key.pem');
    const again = await openRsaKey(path);
    expect(rsaModulus(again)).toEqual(modulus);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('is announced with a certificate that owners and the ledger accept', () => {
    const { modulus: announced, exponent, roots } = keyServerAnnouncement(privateKey);
    const key = { modulus: fromBase64url(announced), exponent };
    const decoded = roots.map((root) => fromBase64url(root));
    expect(() => verifyModulus(key, decoded)).not.toThrow();
    const swapped = [decoded[1], decoded[0], ...decoded.slice(2)] as Uint8Array[];
    expect(refusalOf(() => verifyModulus(key, swapped)).code).toBe('KEY_INVALID');
  });
});

describe('an evaluation', () => {
  it('is the private operation, so that a client can finish', async () => {
    const key = { mspId: 'Cedar', modulus, exponent: 65_537 };
    const blinding = blind(oprfInput(new Uint8Array(32).fill(7)), key, seededRandom());
    const [evaluated] = await keyServer.evaluate(ANNA, 'first', [blinding.blinded]);
    const output = finalize(blinding, evaluated ?? new Uint8Array(), key);
    const again = blind(oprfInput(new Uint8Array(32).fill(7)), key, seededRandom(9));
    expect(again.blinded).not.toEqual(blinding.blinded);
    const [other] = await keyServer.evaluate(ANNA, 'second', [again.blinded]);
    expect(finalize(again, other ?? new Uint8Array(), key)).toEqual(output);
  });

  it('leaves an audit line on disk before it is answered', async () => {
    await keyServer.evaluate(ANNA, 'first', elements(2));
    const line: unknown = JSON.parse((await today()).trim());
    expect(line).toEqual({
      at: new Date(now).toISOString(),
      ownerId: ANNA,
      key: 'first',
      elements: 2,
    });
  });

  it('is answered once under its key, and not counted again', async () => {
    const asked = elements(3);
    const first = await keyServer.evaluate(ANNA, 'same', asked);
    expect(await keyServer.evaluate(ANNA, 'same', asked)).toEqual(first);
    expect((await today()).trim().split('\n')).toHaveLength(1);
    expect(refusalOf(() => keyServer.evaluate(ANNA, 'same', elements(3))).pointer).toBe(
      '/Idempotency-Key',
    );
    now += 600_000;
    await keyServer.evaluate(ANNA, 'same', asked);
    expect((await today()).trim().split('\n')).toHaveLength(2);
  });

  const last = () => toInteger(modulus) - 1n;
  it.each([
    ['0', () => 0n],
    ['1', () => 1n],
    ['N - 1', () => last()],
    ['N', () => last() + 1n],
  ])('refuses the element %s and names it', (_, value) => {
    const bad = integer(value(), modulus.length);
    const refusal = refusalOf(() => keyServer.evaluate(ANNA, 'bad', [...elements(1), bad]));
    expect(refusal).toMatchObject({ code: 'INPUT_INVALID', pointer: '/blinded/1' });
  });

  it('takes 2 and N - 2', async () => {
    const edges = [2n, last() - 1n].map((value) => integer(value, modulus.length));
    await expect(keyServer.evaluate(ANNA, 'edges', edges)).resolves.toHaveLength(2);
  });

  it('refuses an element that is too short, and counts nothing', async () => {
    const short = [new Uint8Array(383).fill(1)];
    expect(refusalOf(() => keyServer.evaluate(ANNA, 'short', short)).pointer).toBe('/blinded/0');
    await expect(keyServer.evaluate(ANNA, 'all', elements(10))).resolves.toHaveLength(10);
  });
});

describe('the quota', () => {
  const refusal = async (ownerId: string, count: number): Promise<HttpRefusal> => {
    const refused = await refusalOfAsync(
      (async () => keyServer.evaluate(ownerId, `key ${drawn}`, elements(count)))(),
    );
    if (refused instanceof HttpRefusal) return refused;
    throw refused;
  };

  it('lets a burst pass, then as many as refill', async () => {
    await keyServer.evaluate(ANNA, 'burst', elements(10));
    const refused = await refusal(ANNA, 3);
    expect(refused).toMatchObject({ code: 'RATE_LIMITED', headers: { 'Retry-After': '3' } });
    now += 3_000;
    await expect(keyServer.evaluate(ANNA, 'later', elements(3))).resolves.toHaveLength(3);
  });

  it('counts each owner for itself', async () => {
    await keyServer.evaluate(ANNA, 'burst', elements(10));
    await expect(keyServer.evaluate(BEN, 'burst', elements(10))).resolves.toHaveLength(10);
  });

  it('ends for the day, for one owner and for all, and begins anew at midnight', async () => {
    await keyServer.evaluate(ANNA, 'a', elements(10));
    now += 60_000;
    await keyServer.evaluate(ANNA, 'b', elements(10));
    now += 60_000;
    expect((await refusal(ANNA, 1)).headers).toEqual({ 'Retry-After': '3480' });
    await keyServer.evaluate(BEN, 'c', elements(10));
    expect((await refusal('cc'.repeat(32), 1)).code).toBe('RATE_LIMITED');
    now = MIDNIGHT;
    await expect(keyServer.evaluate(ANNA, 'd', elements(1))).resolves.toHaveLength(1);
  });

  it('is not forgotten when the key server starts again', async () => {
    await keyServer.evaluate(ANNA, 'a', elements(10));
    now += 60_000;
    await keyServer.evaluate(ANNA, 'b', elements(10));
    await keyServer.close();
    await open();
    expect((await refusal(ANNA, 1)).detail).toMatch(/day/);
  });

  it('is not used up by what it refuses', async () => {
    await refusal(ANNA, 11);
    await expect(keyServer.evaluate(ANNA, 'whole', elements(10))).resolves.toHaveLength(10);
  });
});
