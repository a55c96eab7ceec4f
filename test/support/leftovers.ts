/** What lies in a provider's folders against what the ledger has: read from outside, while no gateway runs. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { blockCid } from '@holdfast/protocol/file-cid.js';
import { ClassicLevel } from 'classic-level';
import type { CID } from 'multiformats/cid';
import type { LedgerSession } from '../../gateway/src/ledger/ledger.ts';
import { newLog } from '../../gateway/src/log.ts';
import { openCatalogue, type Catalogue } from '../../gateway/src/provider/catalogue.ts';
import { innerBlocks } from '../../gateway/src/provider/copies.ts';
import { leavesOf } from '../../gateway/src/provider/file-rows.ts';
import { newKeyedQueue } from '../../gateway/src/provider/keyed-queue.ts';
import { dropExpired } from '../../gateway/src/provider/outbox.ts';
import type { TaggedFile } from '../../gateway/src/provider/tagged-file.ts';
import { openEmbeddedNode } from '../../gateway/src/storage/embedded-node.ts';
import { isWhole } from '../../gateway/src/storage/block-cid.ts';
import { blockPath } from '../../gateway/src/storage/flatfs.ts';

export interface StoppedProvider {
  /** Holds `catalogue/`. */
  readonly folder: string;
  readonly storageFolder: string;
  readonly nodes: readonly string[];
  /** The provider's identity on the ledger, which runs. */
  readonly session: LedgerSession;
}

/** Later than any terms that were given. */
const LATE = 1_000_000_000;

/** Drops, as the provider does once their terms have run out, all that nobody registered. */
export async function passGrace(provider: StoppedProvider): Promise<void> {
  const { signal } = new AbortController();
  const catalogue = await openCatalogue(join(provider.folder, 'catalogue'));
  const nodes = await Promise.all(
    provider.nodes.map((name) =>
      openEmbeddedNode({ name, folder: join(provider.storageFolder, name) }),
    ),
  );
  try {
    const store = {
      catalogue,
      nodes: new Map(nodes.map((node) => [node.name, node])),
      exclusive: newKeyedQueue(),
      session: provider.session,
      log: newLog('silent'),
      signal,
    };
    await dropExpired(store, LATE, 0);
  } finally {
    await catalogue.close();
  }
}

/**
 * Compares, after {@link passGrace}.
 *
 * @param registered - ids of all files on the ledger.
 * @returns a sentence for each record without its bytes, and for each byte, pin or row without a record.
 */
export async function leftovers(
  provider: StoppedProvider,
  registered: ReadonlySet<string>,
): Promise<string[]> {
  const found: string[] = [];
  const catalogue = await openCatalogue(join(provider.folder, 'catalogue'));
  const kept: TaggedFile[] = [];
  try {
    for await (const file of catalogue.files()) {
      if (!registered.has(file.fileId)) found.push(`${file.fileId} is kept and not registered`);
      kept.push(file);
    }
    for (const fileId of registered) {
      if (!kept.some((file) => file.fileId === fileId)) found.push(`${fileId} has no bytes`);
    }
    for (const name of provider.nodes) {
      found.push(...(await compareNode(catalogue, kept, join(provider.storageFolder, name), name)));
    }
  } finally {
    await catalogue.close();
  }
  return [...found, ...(await strayRows(join(provider.folder, 'catalogue'), registered))];
}

/** What a node should hold: paths below its `blocks/`, names below its `pins/`. */
interface Expected {
  readonly paths: Map<string, CID>;
  readonly pins: Set<string>;
}

async function compareNode(
  catalogue: Catalogue,
  files: readonly TaggedFile[],
  folder: string,
  node: string,
): Promise<string[]> {
  const must: Expected = { paths: new Map(), pins: new Set() };
  const may: Expected = { paths: new Map(), pins: new Set() };
  const owed = await catalogue.jobs();
  for (const { fileId, nodes } of files) {
    if (!nodes.includes(node)) continue;
    const isOwed = owed.some((job) => job.fileId === fileId && job.node === node);
    await expectFile(catalogue, fileId, isOwed ? may : must);
  }
  const pins = await readdir(join(folder, 'pins'));
  const names = await readdir(join(folder, 'blocks'), { recursive: true });
  const paths = names.filter((path) => path.endsWith('.data'));
  return [
    ...(await lacking(must.paths, folder)).map((path) => `${node} lacks ${path}`),
    ...[...must.pins].filter((pin) => !pins.includes(pin)).map((pin) => `${node} lost pin ${pin}`),
    ...pins
      .filter((pin) => !must.pins.has(pin) && !may.pins.has(pin))
      .map((pin) => `${node} pins ${pin} for nobody`),
    ...paths
      .filter((path) => !must.paths.has(path) && !may.paths.has(path))
      .map((path) => `${node} keeps ${path} for nobody`),
  ];
}

async function expectFile(
  catalogue: Catalogue,
  fileId: string,
  { paths, pins }: Expected,
): Promise<void> {
  const leaves = await leavesOf(catalogue, fileId);
  const { roots, blocks } = await innerBlocks(catalogue, fileId, leaves);
  const all = [...leaves.map(({ digest }) => blockCid(digest)), ...blocks.map(({ cid }) => cid)];
  for (const cid of all) paths.set(join(...blockPath(cid)), cid);
  for (const root of roots) pins.add(root.toString());
}

async function lacking(paths: ReadonlyMap<string, CID>, folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const [path, cid] of paths) {
    const bytes = await readFile(join(folder, 'blocks', path)).catch(() => undefined);
    if (bytes === undefined || !isWhole(cid, bytes)) found.push(path);
  }
  return found;
}

/** Rows that name a file which is not there. */
async function strayRows(folder: string, registered: ReadonlySet<string>): Promise<string[]> {
  const level = new ClassicLevel<string, Uint8Array>(folder, { valueEncoding: 'view' });
  try {
    const keys = await level.keys().all();
    return keys.filter((key) => {
      const fileId = fileOf(key);
      return fileId !== undefined && !registered.has(fileId);
    });
  } finally {
    await level.close();
  }
}

/** Where the id of a file stands in a key, by the kind of row. */
const FILE_AT: Readonly<Record<string, number>> = {
  file: 1,
  tail: 1,
  held: 1,
  holder: 2,
  bytes: 2,
  job: 2,
};

function fileOf(key: string): string | undefined {
  const parts = key.split('/');
  if (parts[1] === 'table' || parts[1] === 'points') return undefined;
  return parts[FILE_AT[parts[0] ?? ''] ?? Number.NaN];
}
