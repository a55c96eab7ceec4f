/** The story, on any system: one file stored, proved, damaged, found, repaired, and back from the 24 words. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { base64url, hex } from '@holdfast/protocol/bytes.js';
import { parsePhrase } from '@holdfast/protocol/phrase.js';
import { fileSource } from '../../client/src/file-source.ts';
import { Owner } from '../../client/src/owner.ts';
import { blockPath, damageBlock } from '../../scripts/damage.mjs';
import { filesHolding } from '../support/plaintext-scan.ts';
import type { SystemUnderTest } from '../support/running-system.ts';

const SIZE = 3 * 1024 * 1024 + 17;
const PASSWORD = 'seven words nobody guesses';
const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** @param isRun - skipped otherwise, as the title says. */
export function storySuite(
  title: string,
  start: () => Promise<SystemUnderTest>,
  isRun = true,
): void {
  (isRun ? describe : describe.skip)(
    `one file, from the first command to a blank machine, ${title}`,
    () => {
      const bytes = randomBytes(SIZE);
      let system: SystemUnderTest;
      let folder: string;
      let owner: Owner;
      let phrase: string;
      let stored: Awaited<ReturnType<Owner['put']>>;
      let damagedPath: string;
      let whole: Buffer;

      beforeAll(async () => {
        folder = await mkdtemp(join(tmpdir(), 'holdfast-story-'));
        await writeFile(join(folder, 'report.bin'), bytes);
        system = await start();
      }, 120_000);
      afterAll(async () => {
        await system.stop();
        await rm(folder, { recursive: true, force: true });
      }, 60_000);

      /** The first audit on the ledger after an epoch, of one node or any. */
      async function nextAudit(after: number, node?: string) {
        for (let tries = 0; tries < 300; tries++) {
          const found = (await owner.audits(stored.fileId)).filter(
            (audit) => audit.epoch > after && (node === undefined || audit.node === node),
          );
          if (found.length > 0) return found.reduce((a, b) => (a.epoch < b.epoch ? a : b));
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
        throw new Error('no verdict within a minute');
      }
      let last = -1;

      it('opens an account with keys made here', async () => {
        const home = join(folder, 'first');
        ({ owner, phrase } = await Owner.create({ gateway: system.url, home, password: PASSWORD }));
        expect(phrase.split(' ')).toHaveLength(24);
        expect((await stat(join(home, 'owner.json'))).mode & 0o777).toBe(0o600);
      }, 60_000);

      it('stores the file on at least two nodes and registers it', async () => {
        stored = await owner.put('report.bin', fileSource(join(folder, 'report.bin')));
        expect(stored.nodes.length).toBeGreaterThanOrEqual(2);
        expect(stored.transactionId).toMatch(/^[0-9a-f]{64}$/);
      }, 60_000);

      it('leaves no byte of the plaintext, no name and no secret with anybody else', async () => {
        const [leaf] = await owner.leaves(stored.fileId);
        const [node] = stored.nodes;
        damagedPath = blockPath(system.nodeFolder(node ?? ''), leaf?.digest ?? '');
        whole = await readFile(damagedPath);
        const seed = parsePhrase(phrase);
        const pieces = [0, 300_000, SIZE >> 1, SIZE - 32].map((at) => bytes.subarray(at, at + 32));
        const texts = ['report.bin', PASSWORD, phrase, hex(seed), base64url(seed)];
        expect(await filesHolding(system.everything, [...pieces, ...texts, seed])).toEqual([]);
        // the control: what is there is found, on each of its nodes
        expect(await filesHolding(system.everything, [whole.subarray(0, 32)])).toHaveLength(
          stored.nodes.length,
        );
      });

      it('is proved intact by a verdict that the contract computed', async () => {
        const audit = await nextAudit(last);
        expect(audit).toMatchObject({ verdict: 'intact', independent: true, damagedUids: [] });
        last = audit.epoch;
      }, 90_000);

      it('is found damaged, to the block, after one bit has changed on one node', async () => {
        const [node = ''] = stored.nodes;
        const [leaf] = await owner.leaves(stored.fileId);
        await damageBlock(system.nodeFolder(node), leaf?.digest ?? '');
        expect(digestOf(await readFile(damagedPath))).not.toBe(digestOf(whole));
        await owner.ask(stored.fileId, { node, blocks: 'all' });
        const audit = await nextAudit(last, node); // another node may be drawn before
        expect(audit).toMatchObject({ verdict: 'damaged', node, damagedUids: [0] });
        last = audit.epoch;
      }, 90_000);

      it('is repaired from another node and proved again, that block with it', async () => {
        const audit = await nextAudit(last, stored.nodes[0]);
        expect(audit).toMatchObject({ verdict: 'intact' });
        expect(digestOf(await readFile(damagedPath))).toBe(digestOf(whole));
        const status = await owner.status(stored.fileId);
        expect(status).toMatchObject({ state: 'intact', safe: true });
      }, 90_000);

      it('comes back whole on a blank machine from the 24 words', async () => {
        const home = join(folder, 'second');
        const options = {
          gateway: system.url,
          home,
          password: 'another password altogether',
          phrase,
        };
        const blank = await Owner.restore(options);
        const names: string[] = [];
        for await (const { name } of blank.recover()) names.push(name ?? '');
        expect(names).toEqual(['report.bin']);
        const hash = createHash('sha256');
        for await (const chunk of blank.get(stored.fileId)) hash.update(chunk);
        expect(hash.digest('hex')).toBe(digestOf(bytes));
      }, 60_000);
    },
  );
}
