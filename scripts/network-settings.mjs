/** What `up` needs to be told: the environment's wishes, and the engines, checked. */
import { binaries } from '../network/binaries.mjs';
import { expected } from './ready.mjs';

/**
 * @returns `{ settings, versions }`, versions in words
 * @throws naming the variable at fault, or every engine that is missing
 */
export async function networkSettings() {
  const consensus = process.env.CONSENSUS ?? 'raft';
  if (!['raft', 'bft'].includes(consensus)) {
    throw expected(`CONSENSUS: raft or bft, got ${consensus}`, 2);
  }
  const fabric = consensus === 'bft' ? 'fabric-bft' : 'fabric';
  const found = await binaries([fabric, 'fabric-ca', 'kubo', 'cluster']);
  const versions = Object.entries(found).map(([name, { version }]) => `${name} ${version}`);
  const settings = {
    consensus,
    basePort: basePort(),
    bin: found[fabric].folder,
    caBin: found['fabric-ca'].folder,
    kuboBin: found.kubo.folder,
    clusterBin: found.cluster.folder,
  };
  return { settings, versions: versions.join(' · ') };
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
