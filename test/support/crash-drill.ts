/** The whole system under owners who upload, while its processes are killed one after the other at chosen moments. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readConnection } from '../../gateway/src/ledger/connection.ts';
import { newFabricLedger } from '../../gateway/src/ledger/fabric-ledger.ts';
import { connectPeers } from '../../gateway/src/ledger/ledger-link.ts';
import { Owner } from '../../client/src/owner.ts';
import { sha256, startWriters, type Writers, type Written } from './crash-writers.ts';
import { leftovers, passGrace } from './leftovers.ts';
import { newKilledClients, type KilledClients } from './crash-clients.ts';
import { MOMENTS, watchRequests } from './request-moments.ts';
import type { RunningSystem } from './running-system.ts';

const OWNERS = { short: 1, long: 2 };
const NODES = ['birch-1', 'birch-2', 'birch-3'];
/** The gateway dies most often: it is where an upload can be half done. */
const PARTS = [
  ...Array.from({ length: 6 }, () => 'gateway'),
  'ledger',
  'chaincode-alder',
  'chaincode-birch',
  'chaincode-cedar',
] as const;
/** Of so many kills one is a client's. */
const OF_CLIENTS = 4;
/** A moment that does not come within this time is left out, milliseconds. */
const PATIENCE_MS = 1_000;
/** Longest that an upload is waited for between two kills, milliseconds. */
const UPLOAD_MS = 10_000;

export interface DrillOptions {
  readonly system: RunningSystem;
  /** For the owners' homes. */
  readonly folder: string;
  readonly kills: number;
  /** Two owners instead of one, and time for an upload between two kills. */
  readonly isLong: boolean;
  readonly random: (length: number) => Uint8Array;
  /** Called with a line for each kill, and now and then while files are checked. */
  readonly report?: (line: string) => void;
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

const PASSWORD = 'granite otter walnut velvet';
const ACCOUNT = { password: PASSWORD, longestBlock: 65_536 } as const;

/** Leaves the gateway stopped. */
export async function crashDrill(options: DrillOptions): Promise<DrillOutcome> {
  const { system, folder, kills, isLong, random } = options;
  const gateway = system.url;
  const homes = Array.from({ length: isLong ? OWNERS.long : OWNERS.short }, (_, i) =>
    join(folder, `owner-${i}`),
  );
  const owners = await Promise.all(
    homes.map(async (home) => (await Owner.create({ gateway, home, ...ACCOUNT })).owner),
  );
  const [[owner], [home]] = [owners, homes];
  if (owner === undefined || home === undefined) throw new Error('bug: a drill without owners');
  const clients = await newKilledClients({
    owner,
    home,
    password: PASSWORD,
    gateway,
    folder,
    random,
  });
  const writers = startWriters({ owners, random });
  const byClients = Math.floor(kills / OF_CLIENTS);
  await Promise.all([
    killParts({ ...options, kills: kills - byClients }, writers),
    killClients({ ...options, kills: byClients }, clients),
  ]);
  await writers.finish();
  const finished = await clients.finish();
  const tried = [...writers.written, ...finished.written];
  const { lost, half, written } = await account(owners, tried, options.report);
  half.push(...(await compare(system, written.registered)));
  return {
    kills,
    acknowledged: written.acknowledged,
    abandoned: written.abandoned,
    lost,
    half,
    surprises: [...writers.surprises, ...finished.problems],
  };
}

/** What stands on the ledger against what owners were told. */
async function account(
  owners: readonly Owner[],
  written: readonly Written[],
  report: DrillOptions['report'],
) {
  let checked = 0;
  const registered = new Map<string, string>();
  for (const owner of owners) {
    for (const { fileId, name } of (await owner.list()).files) registered.set(fileId, name ?? '');
  }
  const lost: string[] = [];
  const half: string[] = [];
  await Promise.all(
    [0, 1, 2].map(async (lane) => {
      for (const file of written.filter((_, i) => i % 3 === lane)) {
        const found = [...registered].filter(([, name]) => name === file.name).map(([id]) => id);
        if (found.length > 1) half.push(`${file.name} is on the ledger ${found.length} times`);
        if (file.fileId === undefined) half.push(...(await checkOf(file, found[0])));
        else if (file.fileId !== found[0]) lost.push(`${file.name} is not on the ledger`);
        else lost.push(...(await checkOf(file, file.fileId)));
        if (++checked % 50 === 0) report?.(`checked ${checked} of ${written.length} files`);
      }
    }),
  );
  const acknowledged = written.filter(({ fileId }) => fileId !== undefined).length;
  const abandoned = written.length - acknowledged;
  return {
    lost,
    half,
    written: { registered: new Set(registered.keys()), acknowledged, abandoned },
  };
}

const newDraw =
  (random: DrillOptions['random']) =>
  (limit: number): number =>
    ((random(1)[0] ?? 0) * 256 + (random(1)[0] ?? 0)) % limit;

async function killParts(
  { system, kills, isLong, random, report }: DrillOptions,
  { nextAcknowledged }: Pick<Writers, 'nextAcknowledged'>,
): Promise<void> {
  const below = newDraw(random);
  const watch = watchRequests();
  for (let kill = 1; kill <= kills; kill++) {
    const part = PARTS[below(PARTS.length)] ?? 'gateway';
    const moment = MOMENTS[below(MOMENTS.length)] ?? '';
    // uploads that are never left in peace are seldom acknowledged
    if (isLong && kill % 2 === 1) await Promise.race([nextAcknowledged(), delay(UPLOAD_MS)]);
    await watch.comes(moment, PATIENCE_MS);
    await delay(below(2) * below(40));
    report?.(`${kill} ${part}, ${moment}`);
    const back = system.kill(part);
    if (part === 'gateway') watch.hold(back);
    await back;
  }
  watch.end();
}

async function killClients({ kills, report }: DrillOptions, clients: KilledClients): Promise<void> {
  for (let kill = 1; kill <= kills; kill++) {
    const [part, moment] = await clients.kill();
    report?.(`${kill} ${part}, ${moment}`);
  }
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
  const connection = await readConnection(system.connection);
  const link = connectPeers(() => connection);
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
