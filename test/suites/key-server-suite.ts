/** What any key server does, be it played here or by another organisation's gateway. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { integer } from '@holdfast/protocol/bytes.js';
import { blind, finalize, oprfInput } from '@holdfast/protocol/oprf.js';
import { openKeyServer, type RunningKeyServer } from '../../gateway/src/key-server/key-server.ts';
import type { HttpRefusal } from '../../gateway/src/http/problem.ts';
import type { KeyServer } from '../../gateway/src/roles.ts';
import { newKeyServer, testKeyServers } from '../support/key-server.ts';
import { seededRandom } from '../support/property.ts';
import { refusalOfAsync } from '../support/refusal.ts';

const ANNA = 'aa'.repeat(32);
const LIMITS = { perMinute: 60, burst: 10, perDay: 20, perDayAll: 30 };
const NOW = Date.UTC(2027, 0, 1, 12);

/** Cedar's, with a published key. */
const cedar = () => newKeyServer('Cedar', testKeyServers()[0].privateKey);

/** @param reach - the key server as the rest of a gateway has it, and what ends that. */
export function keyServerSuite(
  title: string,
  reach: (local: KeyServer) => Promise<{ keyServer: KeyServer; close: () => Promise<void> }>,
): void {
  describe(`a key server ${title}`, () => {
    const { key, privateKey } = cedar();
    let folder: string;
    let local: RunningKeyServer;
    let reached: Awaited<ReturnType<typeof reach>>;
    let keyServer: KeyServer;

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'holdfast-key-server-'));
      local = await openKeyServer({
        mspId: 'Cedar',
        privateKey,
        folder,
        nowMs: () => NOW,
        limits: LIMITS,
      });
      reached = await reach(local);
      ({ keyServer } = reached);
    });
    afterEach(async () => {
      await reached.close();
      await local.close();
      await rm(folder, { recursive: true, force: true });
    });

    const lines = async () =>
      (await readFile(join(folder, 'audit-2027-01-01.jsonl'), 'utf8')).trim().split('\n').length;
    const elements = (...values: bigint[]) => values.map((value) => integer(value, 384));

    it('says whose it is', () => {
      expect(keyServer.mspId).toBe('Cedar');
    });

    it('evaluates so that a client can finish, with a line on disk', async () => {
      const blinding = blind(oprfInput(new Uint8Array(32).fill(7)), key, seededRandom());
      const [evaluated] = await keyServer.evaluate(ANNA, 'first', [blinding.blinded]);
      expect(finalize(blinding, evaluated ?? new Uint8Array(), key)).toHaveLength(384);
      expect(await lines()).toBe(1);
    });

    it('answers the same request under its key again, and counts it once', async () => {
      const wanted = elements(5n, 6n);
      const first = await keyServer.evaluate(ANNA, 'again', wanted);
      expect(await keyServer.evaluate(ANNA, 'again', wanted)).toEqual(first);
      expect(await lines()).toBe(1);
      const another = async () => keyServer.evaluate(ANNA, 'again', elements(7n));
      const other = await refusalOfAsync(another());
      expect(other).toMatchObject({ code: 'INPUT_INVALID', pointer: '/Idempotency-Key' });
      expect((other as HttpRefusal).status).toBe(422);
    });

    it('refuses more than its quota, and says when to come again', async () => {
      const many = elements(...Array.from({ length: 10 }, (_, i) => BigInt(i + 2)));
      await keyServer.evaluate(ANNA, 'many', many);
      const refusal = await refusalOfAsync(keyServer.evaluate(ANNA, 'more', elements(20n)));
      expect(refusal.code).toBe('RATE_LIMITED');
      expect((refusal as HttpRefusal).headers['Retry-After']).toBe('1');
    });

    it.each<[string, Uint8Array]>([
      ['0', integer(0n, 384)],
      ['1', integer(1n, 384)],
      ['the modulus', key.modulus],
      ['one that is too short', new Uint8Array(383).fill(1)],
      ['one that is too long', new Uint8Array(385).fill(1)],
    ])('refuses %s, and names the element', async (_, element) => {
      const asked = async () => keyServer.evaluate(ANNA, 'bad', [...elements(5n), element]);
      expect(await refusalOfAsync(asked())).toMatchObject({
        code: 'INPUT_INVALID',
        pointer: '/blinded/1',
      });
    });
  });
}
