/** Figures of a real network, brought up for them: `npm run bench -- network`. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EMBEDDED } from '../../gateway/dist/consortium.js';
import { CHAINCODE, deployBeside, down, halt, start, up } from '../../network/network.mjs';
import { configure } from '../../network/fabric/configure.mjs';
import { committedOf } from '../../network/fabric/chaincode.mjs';
import { usage } from '../../network/processes.mjs';
import { buildLedgerContract } from '../../test/support/build-ledger-contract.mjs';
import { networkSettings } from '../network-settings.mjs';
import { node, say } from '../ready.mjs';
import { jestCommand } from '../tally.mjs';
import { row, timed } from './measure.mjs';

const RESTARTS = 3;

/** @param scratch a folder, for the run folder too */
export async function measureNetwork(scratch) {
  const { settings, versions } = await networkSettings();
  say(versions);
  const folder = join(scratch, 'network');
  const stamps = {};
  const began = performance.now();
  const step = async (label, work) => {
    await work();
    stamps[label] = (performance.now() - began) / 1000;
  };
  const network = await up(folder, settings, step);
  try {
    const all = (performance.now() - began) / 1000;
    const { fabric } = network;
    const first = await timed(() =>
      configure(fabric, fabric.organisations[0], CHAINCODE, { ...EMBEDDED, slotSeconds: 5 }),
    );
    const restarts = [];
    for (let i = 0; i < RESTARTS; i++) {
      await halt(network);
      restarts.push((await timed(() => start(network, (_label, work) => work()))).wall);
    }
    if ((await committedOf(fabric, CHAINCODE)) === undefined) throw new Error('the state is gone');
    const contract = buildLedgerContract(join(folder, 'ledger-contract'));
    const beside = { name: 'ledger-contract', version: '1.0', folder: contract };
    await deployBeside(network, beside, (_label, work) => work());
    const figures = await figuresOf(folder, join(scratch, 'figures'));
    const kilobytes = [fabric, network.ipfs].flatMap((part) => usage(part.folder));
    const memory = kilobytes.reduce((sum, { rssMiB }) => sum + rssMiB, 0);
    const ledgerReady = stamps['endorsers known to every peer'];
    const audit = figures.get('audit of 460 blocks from Kubo');
    const written = figures.get('share and register');
    return [
      row('nothing to a first committed transaction', ledgerReady + first.wall, 's', { most: 15 }),
      row('nothing to ledger and storage ready', all, 's'),
      row('restart, all state kept', restarts.toSorted((a, b) => a - b)[1], 's', { most: 6 }),
      row('audit of 460 blocks from a Kubo node', audit.seconds, 's', { most: 2 }),
      row('an empty write over share-and-register', 1 / written.ratio, 'x', {
        most: 1.67,
        beside: `${Math.round(written.registered)} and ${Math.round(written.empty)} a second, ${written.owners} owners at once, no conflict`,
      }),
      row(`memory, ${kilobytes.length} processes`, memory, 'MiB'),
    ];
  } finally {
    await down(network);
  }
}

/** Those that a suite takes, which has the owners. */
async function figuresOf(folder, file) {
  process.env.NETWORK = folder;
  process.env.FIGURES = file;
  await node(...jestCommand, '--runInBand', '--testPathPatterns', 'network/figures-on-fabric');
  if (!existsSync(file)) throw new Error('no figures');
  const rows = readFileSync(file, 'utf8').trim().split('\n');
  return new Map(rows.map((line) => JSON.parse(line)).map((figure) => [figure.what, figure]));
}
