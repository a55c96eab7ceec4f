/**
 * npm run test:network: the suites that any ledger and any store must pass, and the story, on a real Fabric network and
 * real IPFS nodes, brought up for them and taken down again. The suite's result goes to the tally as `network`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deployBeside, down, openNetwork, up } from '../network/network.mjs';
import { buildLedgerContract } from '../test/support/build-ledger-contract.mjs';
import { networkSettings, printStep } from './network-settings.mjs';
import { expected, ready, say } from './ready.mjs';
import { suite, tally } from './tally.mjs';

const SUITES = ['network/conformance-on-fabric', 'storage/remote-nodes', 'test/story'];

const { settings, versions } = await networkSettings();
say(`network: ${versions}`);
await ready();
const parent = mkdtempSync(join(tmpdir(), 'holdfast-network-'));
const folder = join(parent, 'run');
try {
  const network = await up(folder, settings, printStep);
  const contract = buildLedgerContract(join(folder, 'ledger-contract'));
  const definition = { name: 'ledger-contract', version: '1.0', folder: contract };
  await deployBeside(network, definition, printStep);
  process.env.NETWORK = folder;
  await suite('network', ['--runInBand', '--testPathPatterns', SUITES.join('|')]);
} finally {
  await end();
}
if (!process.env.CI && !tally()) throw expected('npm run test:network failed');

async function end() {
  try {
    await down(openNetwork(folder));
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}
