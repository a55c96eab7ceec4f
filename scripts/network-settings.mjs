/** What `up` needs to be told: the environment's wishes, and the engines, checked. */
import { binaries } from '../network/binaries.mjs';
import { expected } from './ready.mjs';
import { ORGANISATIONS } from './system.mjs';

/**
 * @param consensus CONSENSUS unless a network has it already
 * @returns `{ settings, versions }`, versions in words
 * @throws naming the variable at fault, or every engine that is missing
 */
export async function networkSettings(consensus = process.env.CONSENSUS ?? 'raft') {
  if (!['raft', 'bft'].includes(consensus)) {
    throw expected(`CONSENSUS: raft or bft, got ${consensus}`, 2);
  }
  const fabric = consensus === 'bft' ? 'fabric-bft' : 'fabric';
  const found = await binaries([fabric, 'fabric-ca', 'kubo', 'cluster']);
  const versions = Object.entries(found).map(([name, { version }]) => `${name} ${version}`);
  const settings = {
    consensus,
    organisations: mspIds((process.env.ORGANISATIONS ?? ORGANISATIONS.join(',')).split(',')),
    channel: channel(),
    basePort: basePort(),
    bin: found[fabric].folder,
    caBin: found['fabric-ca'].folder,
    kuboBin: found.kubo.folder,
    clusterBin: found.cluster.folder,
  };
  return { settings, versions: versions.join(' · ') };
}

/** MSP ids, in the order of their ports. @throws where they are not all different, or one is none */
export function mspIds(names) {
  const isWell = names.every((name) => /^[A-Za-z][A-Za-z0-9]{0,30}$/.test(name));
  const lower = new Set(names.map((name) => name.toLowerCase()));
  if (isWell && names.length >= 2 && names.length <= 9 && lower.size === names.length) return names;
  throw expected(
    `ORGANISATIONS: 2 to 9 names of letters and digits, none twice; got ${names.join(',')}`,
    2,
  );
}

function channel() {
  const name = process.env.CHANNEL ?? 'holdfast';
  if (/^[a-z][a-z0-9.-]{0,60}$/.test(name)) return name;
  throw expected(`CHANNEL: small letters, digits, dots and dashes; got ${name}`, 2);
}

function basePort() {
  const port = Number(process.env.BASE_PORT ?? 17_000);
  if (Number.isInteger(port) && port >= 1_024 && port <= 64_000) return port;
  throw expected(
    `BASE_PORT: a port from 1024 to 64000, the first of those that the network takes; got ${process.env.BASE_PORT}`,
    2,
  );
}

/** Does a step and prints how long it took. */
export async function printStep(label, act) {
  const start = Date.now();
  await act();
  const seconds = ((Date.now() - start) / 1000).toFixed(1);
  process.stdout.write(`  ${label.padEnd(50)}${seconds.padStart(6)} s\n`);
}
