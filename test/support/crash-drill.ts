/** The whole system under owners who upload, while its processes are killed one after the other at chosen moments. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readConnection } from '../../gateway/src/ledger/connection.ts';
import { newFabricLedger } from '../../gateway/src/ledger/fabric-ledger.ts';
import { connectPeers } from '../../gateway/src/ledger/ledger-link.ts';
import { Owner } from '../../client/src/owner.ts';
import { sha256, startWriters, type Writers, type Written } from './crash-writers.ts';
import { leftovers, passGrace } from './leftovers.ts';
import { MOMENTS, watchMoments } from './request-moments.ts';
import type { RunningSystem } from './running-system.ts';

/** An owner's first minute is dear: its table of 256 KiB blocks. */
const OWNERS = { short: 1, long: 2 };
const LONG = 50;
const NODES = ['birch-1', 'birch-2', 'birch-3'];
/** The gateway dies most often: it is where an upload can be half done. */
const PARTS = [
  ...Array.from({ length: 7 }, () => 'gateway'),
  'ledger',
  'chaincode-alder',
  'chaincode-birch',
] as const;
/** A moment that does not come within this time is left out, milliseconds. */
const PATIENCE_MS = 1_000;
/** Longest that an upload is waited for between two kills, milliseconds. */
const UPLOAD_MS = 10_000;

export interface DrillOptions {
  readonly system: RunningSystem;
  /** For the owners' homes. */
  readonly folder: string;
  readonly kills: number;
  readonly random: (length: number) => Uint8Array;
  readonly report?: (kill: number, part: string, moment: string) => void;
}

export interface DrillOutcome {
  readonly kills: number;
  readonly acknowledged: number;
  /** Tried and given up. */
  readonly abandoned: number;
  /** Acknowledged and not whole, a sentence each. */
  readonly lost: readonly string[];
  /** Neither there nor gone, a sentence each. */
  readonly half: readonly string[];
  /** What owners were told and no interruption explains. */
  readonly surprises: readonly string[];
}

/** Leaves the gateway stopped. */
export async function crashDrill(options: DrillOptions): Promise<DrillOutcome> {
  const { system, folder, kills, random } = options;
  const owners = await Promise.all(
    Array.from({ length: kills < LONG ? OWNERS.short : OWNERS.long }, async (_, i) => {
      const home = join(folder, `owner-${i}`);
      const password = 'granite otter walnut velvet';
      return (await Owner.create({ gateway: system.url, home, password })).owner;
    }),
  );
  const writers = startWriters({ owners, random });
  await killOften(options, writers);
  await writers.finish();
  const { written, surprises } = writers;
  const registered = new Map<string, string>();
  for (const owner of owners) {
    for (const { fileId, name } of (await owner.list()).files) registered.set(fileId, name ?? '');
  }
  const lost: string[] = [];
  const half: string[] = [];
  for (const file of written) {
    const found = [...registered].find(([, name]) => name === file.name)?.[0];
    if (file.fileId === undefined) half.push(...(await checkOf(file, found)));
    else if (file.fileId !== found) lost.push(`${file.name} is not on the ledger`);
    else lost.push(...(await checkOf(file, found)));
  }
  half.push(...(await compare(system, new Set(registered.keys()))));
  return {
    kills,
    acknowledged: written.filter(({ fileId }) => fileId !== undefined).length,
    abandoned: written.filter(({ fileId }) => fileId === undefined).length,
    lost,
    half,
    surprises,
  };
}

async function killOften(
  { system, kills, random, report }: DrillOptions,
  { nextAcknowledged }: Pick<Writers, 'nextAcknowledged'>,
): Promise<void> {
  const below = (limit: number) => ((random(1)[0] ?? 0) * 256 + (random(1)[0] ?? 0)) % limit;
  for (let kill = 1; kill <= kills; kill++) {
    const part = PARTS[below(PARTS.length)] ?? 'gateway';
    const moment = MOMENTS[below(MOMENTS.length)] ?? '';
    // in a long run: uploads that are never left in peace would never be acknowledged
    if (kills >= LONG && kill % 2 === 1) await Promise.race([nextAcknowledged(), delay(UPLOAD_MS)]);
    await comes(moment);
    await delay(below(2) * below(40));
    report?.(kill, part, moment);
    await system.kill(part);
  }
}

function comes(moment: string): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      end();
      clearTimeout(late);
      resolve();
    };
    const end = watchMoments((now) => {
      if (now === moment) done();
    });
    const late = setTimeout(done, PATIENCE_MS);
  });
}

/** What is wrong with a file that stands on the ledger: it must come back whole, and every node must prove it. */
async function checkOf(
  { owner, name, content }: Written,
  fileId: string | undefined,
): Promise<string[]> {
  if (fileId === undefined) return [];
  try {
    const parts: Uint8Array[] = [];
    for await (const bytes of owner.get(fileId)) parts.push(bytes);
    if (sha256(Buffer.concat(parts)) !== sha256(content)) return [`${name} has other bytes`];
    for (const node of NODES) {
      const { verdict } = await owner.challenge(fileId, { node, blocks: 'all' });
      if (verdict !== 'intact') return [`${name} is ${verdict} on ${node}`];
    }
    const bad = (await owner.audits(fileId)).filter(({ verdict }) => verdict !== 'intact');
    return bad.map(({ verdict, epoch }) => `${name} was found ${verdict} in epoch ${epoch}`);
  } catch (error) {
    return [`${name}: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** What lies in the folders against the ledger, once the time for registering has run out. */
async function compare(system: RunningSystem, registered: ReadonlySet<string>): Promise<string[]> {
  await system.pause('gateway');
  const link = connectPeers(await readConnection(system.connection));
  try {
    const ledger = newFabricLedger(link, { mspId: 'Alder', role: 'agent' });
    const provider = {
      folder: join(system.folder, 'provider', 'Birch'),
      storageFolder: join(system.folder, 'storage'),
      nodes: NODES,
      session: ledger.as({ mspId: 'Birch', role: 'provider' }),
    };
    await passGrace(provider);
    return await leftovers(provider, registered);
  } finally {
    await link.close();
  }
}
