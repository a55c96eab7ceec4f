/** New chaincode while files are stored, on a Fabric network: nothing is refused meanwhile, nothing lost. */
import { createHash } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { verify } from '../../network/fabric/verify.mjs';
import { definitionOf, openNetwork, upgrade } from '../../network/network.mjs';
import { bundleChaincode } from '../../scripts/bundle-chaincode.mjs';
import { openOwnerOnNetwork, type OwnerOnNetwork } from '../support/owner-on-network.ts';

const NETWORK = process.env['NETWORK'];
const quiet = async (_label: string, work: () => Promise<unknown>): Promise<void> => {
  await work();
};

/** The chaincode with another hash, as a change of any line would give it. */
async function otherCode(folder: string): Promise<void> {
  await bundleChaincode(folder);
  const code = join(folder, 'index.cjs');
  appendFileSync(code, `// built again\n`);
  const hash = createHash('sha256').update(readFileSync(code)).digest('hex').slice(0, 12);
  const manifest = join(folder, 'package.json');
  const text = readFileSync(manifest, 'utf8');
  writeFileSync(manifest, text.replace(/\+[0-9a-f]{12}"/, `+${hash}"`));
}

(NETWORK === undefined ? describe.skip : describe)(
  `an upgrade of the chaincode${NETWORK === undefined ? ' (npm run test:network)' : ''}`,
  () => {
    const run = NETWORK ?? '';
    let at: OwnerOnNetwork;
    let scratch: string;
    let before: string;

    beforeAll(async () => {
      scratch = mkdtempSync(join(tmpdir(), 'holdfast-code-'));
      at = await openOwnerOnNetwork();
      before = (await at.put(600_000)).fileId;
    }, 120_000);
    afterAll(async () => {
      await at.close();
      rmSync(scratch, { recursive: true, force: true });
    }, 60_000);

    it('refuses what is no other code', async () => {
      const same = join(scratch, 'same');
      await bundleChaincode(same);
      await expect(upgrade(openNetwork(run), quiet, same)).rejects.toThrow('nothing to upgrade');
    });

    it('refuses a package whose code is not that of its version', async () => {
      const wrong = join(scratch, 'wrong');
      await bundleChaincode(wrong);
      appendFileSync(join(wrong, 'index.cjs'), '// slipped in\n');
      await expect(upgrade(openNetwork(run), quiet, wrong)).rejects.toThrow('is not that of its');
    });

    it('lets files be stored while it goes on, and runs everywhere then', async () => {
      const other = join(scratch, 'other');
      await otherCode(other);
      const { label } = definitionOf(openNetwork(run));
      let isDone = false;
      const upgrading = upgrade(openNetwork(run), quiet, other).finally(() => (isDone = true));
      let puts = 0;
      do {
        await at.put(10_000);
        puts++;
      } while (!isDone);
      const definition = await upgrading;
      expect(definition.label).not.toBe(label);
      expect(puts).toBeGreaterThan(0);
      const network = openNetwork(run);
      const { problems } = await verify(network.fabric, definitionOf(network));
      expect(problems).toEqual([]);
    }, 240_000);

    it('leaves what was stored before to be audited and fetched', async () => {
      const { audit } = await at.owner.audit(before, { patienceMs: 120_000 });
      expect(audit).toMatchObject({ verdict: 'intact', independent: true });
      expect(await at.lost()).toEqual([]);
    }, 240_000);
  },
);
