/** Figures of the whole system on the embedded default. */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Owner } from '@holdfast/client/owner.js';
import { startSystem } from '../system.mjs';
import { median, row } from './measure.mjs';
import { stream } from './sealing.mjs';

const SIZE = 64 * 2 ** 20;
const STARTS = 3;

/** @param each size of the four files that are put at once */
export async function measureSystem(scratch, pool, each) {
  const starts = [];
  let system;
  for (let i = 0; i < STARTS; i++) {
    await system?.stop();
    const began = Date.now();
    system = await startSystem({ folder: join(scratch, 'system'), port: 0 });
    starts.push((Date.now() - began) / 1000);
  }
  try {
    const { url } = system;
    const home = join(scratch, 'owner');
    const password = 'a long bench password';
    const { owner } = await Owner.create({ gateway: url, home, password, pool });
    const bytes = randomBytes(SIZE);
    const source = { size: SIZE, modifiedAt: 0, key: 'bench', open: () => [bytes] };
    const began = Date.now();
    const { transactionId } = await owner.put('bench.bin', source);
    const put = (Date.now() - began) / 1000;
    const { bytes: weight, endorsers } = await (
      await fetch(`${url}/v1/ledger/transactions/${transactionId}`)
    ).json();
    const missing = 3 - endorsers.length;
    const three = weight.envelope + (missing * weight.endorsements) / endorsers.length;
    return [
      row('npm start ready, once built', median(starts), 's', 5, 'within 5'),
      row('files:register, n = 5, three endorsements', three, 'bytes', 12 * 1024, 'at most 12,288'),
      row('put of 64 MiB, first byte to acknowledged', put, 's'),
      ...(await measureFour(owner, each)),
    ];
  } finally {
    await system.stop();
  }
}

/** Four uploads at once: the most memory that the gateway ever took, where the machine tells. */
async function measureFour(owner, each) {
  const began = Date.now();
  await Promise.all(
    [1, 2, 3, 4].map((i) => {
      const source = { size: each, modifiedAt: 0, key: `four-${i}`, open: () => stream(each) };
      return owner.put(`four-${i}.bin`, source);
    }),
  );
  const seconds = (Date.now() - began) / 1000;
  const size = `${each / 2 ** 20} MiB`;
  const peak = peakOfGateway();
  return [
    row(`four puts of ${size} at once`, seconds, 's'),
    ...(peak === undefined
      ? []
      : [row(`gateway's peak memory during them`, peak, 'MiB', 400, 'at most 400, of 1 GiB each')]),
  ];
}

function peakOfGateway() {
  try {
    const pid = readdirSync('/proc').find((name) => isOurGateway(name));
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)[1]) / 1024;
  } catch {
    return undefined; // no Linux
  }
}

function isOurGateway(name) {
  if (!/^\d+$/.test(name)) return false;
  try {
    const [, parent] = /\) \S (\d+) /.exec(readFileSync(`/proc/${name}/stat`, 'utf8'));
    const command = readFileSync(`/proc/${name}/cmdline`, 'utf8');
    return Number(parent) === process.pid && command.includes('gateway/dist');
  } catch {
    return false; // it has just ended
  }
}
