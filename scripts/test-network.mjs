/**
 * npm run test:network [-- name …]: the suites that any ledger and any store must pass, the story, an upgrade, faults, an
 * addition and a backup, on a real Fabric network and real IPFS nodes, brought up for them and taken down again. Names are
 * those of the suites below, and of the results for the tally. WITHIN_MINUTES: what is not begun by then counts as failed.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHAINCODE, deployBeside, down, openNetwork, up, upLedger } from '../network/network.mjs';
import { killAll } from '../network/processes.mjs';
import { configure } from '../network/fabric/configure.mjs';
import { npmIn, packageChaincode } from './bundle-chaincode.mjs';
import { networkSettings, printStep } from './network-settings.mjs';
import { expected, ready, say } from './ready.mjs';
import { record, suite, tally } from './tally.mjs';

/** After each other on one network; the storage suite is the last, for it empties the nodes. */
const ON_CONSORTIUM = {
  network: ['network/conformance-on-fabric', 'test/story', 'network/upgrade-on-fabric'],
  'network-certificates': ['network/certificates-on-fabric'],
  'network-orderers': ['network/orderers-on-fabric'],
  'network-faults': ['network/faults-on-fabric'],
  'network-addition': ['network/addition-on-fabric'],
  'network-backup': ['network/backup-on-fabric'],
  'network-storage': ['storage/remote-nodes'],
};
/** On one with the names of fabric-samples. */
const ON_SAMPLES = { 'network-samples': ['network/samples-on-fabric'] };
const SAMPLES = { organisations: ['Org1MSP', 'Org2MSP'], channel: 'mychannel' };
/** Slots of 30 s would make of the story three minutes of waiting: clocks hurry on the development ledger alone. */
const SLOT_SECONDS = 4;

const minutes = Number(process.env.WITHIN_MINUTES ?? Infinity);
if (!(minutes > 0)) throw expected('WITHIN_MINUTES: a number of minutes', 2);
const end = Date.now() + minutes * 60_000;
const wanted = process.argv.slice(3);
const chosen = (suites) =>
  Object.entries(suites).filter(([name]) => wanted.length === 0 || wanted.includes(name));
const all = [ON_CONSORTIUM, ON_SAMPLES].flatMap(chosen).map(([name]) => name);
if (all.length === 0) {
  const names = [ON_CONSORTIUM, ON_SAMPLES].flatMap(Object.keys);
  throw expected(`suites are ${names.join(', ')}; got ${wanted.join(', ')}`, 2);
}
const { settings, versions } = await networkSettings();
say(`network: ${versions}`);
process.env.FABRIC_VERSION = /\d+\.\d+\.\d+/.exec(versions)?.[0];
await ready();
// it needs packages that ready() installs
const { buildLedgerContract } = await import('../test/support/build-ledger-contract.mjs');
await onNetwork(ON_CONSORTIUM, 'NETWORK', async (folder) => {
  const network = await up(folder, settings, printStep);
  const { EMBEDDED } = await import('../gateway/dist/consortium.js');
  const { fabric } = network;
  const config = { ...EMBEDDED, slotSeconds: SLOT_SECONDS };
  await printStep('configured', () =>
    configure(fabric, fabric.organisations[0], CHAINCODE, config),
  );
  const contract = buildLedgerContract(join(folder, 'ledger-contract'));
  const definition = { name: 'ledger-contract', version: '1.0', folder: contract };
  await deployBeside(network, definition, printStep);
});
await onNetwork(ON_SAMPLES, 'SAMPLES_NETWORK', async (folder) => {
  const bench = buildLedgerContract(join(folder, '..', 'ledger-contract'));
  const alone = join(folder, '..', 'package');
  await printStep('chaincode packaged and installed alone', async () => {
    await packageChaincode(alone);
    await npmIn(alone, 'ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund');
  });
  const definitions = [
    { name: CHAINCODE, version: '1.0', folder: alone, slot: 0, alone: true },
    { name: 'bench', version: '1.0', folder: bench },
  ];
  await upLedger(folder, { ...settings, ...SAMPLES }, definitions, printStep);
});
if (!process.env.CI && !tally(all)) process.exitCode = 1;

/** Runs the chosen suites on a network that `make` brings up in a folder of its own; it is gone afterwards. */
async function onNetwork(suites, variable, make) {
  if (chosen(suites).length === 0) return;
  const parent = mkdtempSync(join(tmpdir(), 'holdfast-network-'));
  const folder = join(parent, 'run');
  // where we are interrupted, nothing waits any more
  const drop = () => {
    for (const part of ['fabric', 'ipfs']) killAll(join(folder, part));
    rmSync(parent, { recursive: true, force: true });
  };
  process.once('exit', drop);
  process.env[variable] = folder;
  try {
    await make(folder);
    for (const [name, patterns] of chosen(suites)) await inTime(name, patterns);
  } finally {
    delete process.env[variable];
    if (existsSync(folder)) await down(openNetwork(folder));
    process.off('exit', drop);
    drop();
  }
}

async function inTime(name, patterns) {
  if (Date.now() < end)
    return suite(name, ['--runInBand', '--testPathPatterns', patterns.join('|')]);
  say(`tests: ${name}: not begun within ${process.env.WITHIN_MINUTES} minutes`);
  record(name, { numFailedTests: 1 });
}
