/** What a provider answers a ledger that a test plays: nodes that are down, more damage than can be conceded, refusals. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { concat } from '@holdfast/protocol/bytes.js';
import { ready } from '@holdfast/protocol/curve.js';
import { HoldfastError, type ErrorCode } from '@holdfast/protocol/errors.js';
import { blockCid } from '@holdfast/protocol/file-cid.js';
import { encodeLeaf } from '@holdfast/protocol/leaf-list.js';
import type { FileState } from '@holdfast/protocol/ledger-transactions.js';
import { inline } from '@holdfast/protocol/pool.js';
import type { LedgerSession } from '../../../gateway/src/ledger/ledger.ts';
import { newLog } from '../../../gateway/src/log.ts';
import { answerEpoch } from '../../../gateway/src/provider/answering.ts';
import { openCatalogue, putFile, type Catalogue } from '../../../gateway/src/provider/catalogue.ts';
import type { ProviderContext } from '../../../gateway/src/provider/context.ts';
import { newKeyedQueue } from '../../../gateway/src/provider/keyed-queue.ts';
import type { TaggedFile as KeptFile } from '../../../gateway/src/provider/tagged-file.ts';
import { sha256 } from '../../../gateway/src/storage/block-cid.ts';
import { newStorageNode } from '../../../gateway/src/storage/driven-node.ts';
import type { StorageNode } from '../../../gateway/src/storage/storage-node.ts';
import { dueRecord, fileState, threeOrganisations } from '../../support/audit-records.ts';
import { seededRandom } from '../../support/property.ts';
import { newTagger, tagFile, type TaggedFile, type Tagger } from '../../support/tagged-files.ts';

const EPOCH = 9;
const BLOCK = 31;
const COUNT = 300;
const beacon = { epoch: EPOCH, value: 'ee'.repeat(32), delegate: 'Alder', signature: null };
const random = seededRandom();

let tagger: Tagger;
let made: readonly TaggedFile[];
beforeAll(async () => {
  await ready();
  tagger = newTagger(random, BLOCK);
  made = [COUNT, 3].map((count) =>
    tagFile(
      random,
      tagger,
      Array.from({ length: count }, () => random(BLOCK)),
    ),
  );
});

let folder: string;
let catalogue: Catalogue;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-answering-'));
  catalogue = await openCatalogue(folder);
  for (const each of made) await keep(each);
});
afterEach(async () => {
  await catalogue.close();
  await rm(folder, { recursive: true, force: true });
});

async function keep({ file, blocks, tags }: TaggedFile): Promise<void> {
  const { fileId } = file;
  const leaves = blocks.map((bytes, uid) =>
    encodeLeaf({ uid, length: BLOCK, digest: sha256(bytes) }),
  );
  const kept = {
    fileId,
    nodes: ['birch-1'],
    request: { firstUid: 0 },
    accepted: {},
    state: 'registered',
  };
  await catalogue.write([
    putFile(kept as unknown as KeptFile),
    ...(await catalogue.pages('leaves', fileId, 0, concat(...leaves))),
    ...(await catalogue.pages('tags', fileId, 0, concat(...tags))),
  ]);
}

/** A challenge of every block of a file, on one node. */
function challenged(
  { file }: TaggedFile,
  due: Partial<FileState['due']> = {},
  node = 'birch-1',
): FileState {
  const ask = { fromEpoch: EPOCH, node, blocks: file.blockCount, epoch: EPOCH };
  return fileState({
    file,
    ask: ask as never,
    due: dueRecord(due ?? {}),
    placement: { nodes: [node] },
  });
}

interface Played {
  /** Challenges that the ledger shows as open. */
  readonly open: readonly FileState[];
  /** The first so many blocks of the long file that the node has lost. */
  readonly lost?: number;
  readonly isDown?: boolean;
  readonly refuse?: (
    name: string,
    args: { groups: readonly { files: readonly unknown[] }[] },
  ) => ErrorCode | undefined;
  readonly answerBlocks?: number;
  readonly evaluate?: (name: string) => unknown;
  /** Lost by the node as soon as it has been examined. */
  readonly vanishing?: TaggedFile;
}

/** Answers the epoch, and tells what was sent to the ledger. */
async function answer({
  open,
  lost = 0,
  isDown = false,
  refuse,
  answerBlocks = 1_000,
  evaluate,
  vanishing,
}: Played) {
  const sent: { name: string; args: Record<string, unknown> }[] = [];
  const told: Record<string, unknown> = {
    'beacons:get': beacon,
    'beacons:current': beacon,
    'accounts:config': { ...threeOrganisations(), answerBlocks },
    'audits:due': { items: open, next: null },
  };
  const session = {
    evaluate: async (name: string) => {
      if (name in told) return evaluate?.(name) ?? told[name];
      throw new HoldfastError('NOT_FOUND', name);
    },
    submit: async (name: string, args: Record<string, unknown>) => {
      sent.push({ name, args });
      const code = refuse?.(name, args as never);
      if (code !== undefined) throw new HoldfastError(code, 'so it is');
      return {};
    },
  } as unknown as LedgerSession;
  const held = new Map(
    made.flatMap(({ blocks }, i) =>
      blocks
        .slice(i === 0 ? lost : 0)
        .map((bytes) => [blockCid(sha256(bytes)).toString(), bytes] as const),
    ),
  );
  const going = new Set(vanishing?.blocks.map((bytes) => blockCid(sha256(bytes)).toString()));
  const node = {
    name: 'birch-1',
    status: async () => ({ up: !isDown, freeBytes: 1n }),
    get: async (cid: { toString(): string }) => {
      if (isDown) throw new HoldfastError('STORAGE_UNREACHABLE', 'birch-1 does not answer');
      const name = cid.toString();
      const bytes = held.get(name);
      if (going.has(name)) held.delete(name);
      return bytes;
    },
  } as unknown as StorageNode;
  const context: ProviderContext = {
    catalogue,
    nodes: new Map([
      ['birch-1', node],
      ['birch-2', hanging()],
    ]),
    exclusive: newKeyedQueue(),
    abandoned: new Set(),
    signal: new AbortController().signal,
    providerId: 'Birch',
    channel: 'holdfast',
    log: newLog('silent'),
    session,
    tables: { table: async () => tagger.table } as unknown as ProviderContext['tables'],
    pool: inline,
    acceptanceSecret: 1n,
    padding: true,
    random,
    nowMs: Date.now,
  };
  return { stillOpen: await answerEpoch(context, EPOCH), sent };
}

/** Takes every call and answers none. */
function hanging(): StorageNode {
  const never = () => new Promise<never>(() => undefined);
  const driver = { name: 'birch-2', put: never, get: never, has: never, remove: never };
  return newStorageNode(
    { ...driver, keep: never, unpin: never, roots: never, freeBytes: never },
    { readMs: 200, writeMs: 200, pinMs: 200, statusMs: 200, silentMs: 60_000 },
  );
}

const both = (): readonly [TaggedFile, TaggedFile] => {
  const [long, short] = made;
  if (long === undefined || short === undefined) throw new Error('there are two');
  return [long, short];
};
const filesIn = (args: Record<string, unknown>): string[] =>
  (args['groups'] as { files: { fileId: string }[] }[]).flatMap(({ files }) =>
    files.map(({ fileId }) => fileId),
  );

describe('the answer to an epoch', () => {
  it('proves all files together, or as many as one transaction may sample', async () => {
    const [long, short] = both();
    const open = [challenged(short), challenged(long)];
    const together = await answer({ open });
    expect(together.stillOpen).toBe(0);
    expect(together.sent.map(({ args }) => filesIn(args).length)).toEqual([2]);
    const apart = await answer({ open, answerBlocks: COUNT });
    expect(apart.sent.map(({ args }) => filesIn(args).length)).toEqual([1, 1]);
    const ids = [long, short].map(({ file }) => file.fileId).toSorted();
    expect(apart.sent.flatMap(({ args }) => filesIn(args))).toEqual(ids);
  });

  it('is nothing while the node is down, and the challenge stays open', async () => {
    const [, short] = both();
    const { stillOpen, sent } = await answer({ open: [challenged(short)], isDown: true });
    expect([stillOpen, sent]).toEqual([1, []]);
  });

  it('concedes no more blocks at once than the ledger takes, and owes the repair of all', async () => {
    const [long] = both();
    const { stillOpen, sent } = await answer({ open: [challenged(long)], lost: 280 });
    expect(stillOpen).toBe(0);
    expect(sent[0]).toMatchObject({ name: 'audits:concede', args: { epoch: EPOCH } });
    expect(sent[0]?.args['uids']).toEqual(Array.from({ length: 256 }, (_, uid) => uid));
    const [job] = await catalogue.jobs();
    expect(job).toMatchObject({
      kind: 'repair',
      node: 'birch-1',
      epoch: EPOCH,
      uids: { length: 280 },
    });
  });

  it('concedes nothing new where all that can be is conceded; that verdict lets it repair', async () => {
    const [long] = both();
    const uids = Array.from({ length: 256 }, (_, i) => i + 44);
    const open = [challenged(long, { last: 7, verdict: 'damaged', node: 'birch-1', uids })];
    const { stillOpen, sent } = await answer({ open, lost: 44 });
    expect([stillOpen, sent]).toEqual([1, []]);
    expect(await catalogue.jobs()).toMatchObject([{ epoch: 7, uids: { length: 44 } }]);
  });

  it.each<ErrorCode>(['ALREADY_EXISTS', 'NOT_DUE', 'NOT_FOUND', 'CONFLICT', 'EPOCH_PASSED'])(
    'is looked at again where its concession comes too late: %s',
    async (code) => {
      const [long] = both();
      const { stillOpen, sent } = await answer({
        open: [challenged(long)],
        lost: 1,
        refuse: () => code,
      });
      expect(stillOpen).toBe(1);
      expect(sent).toHaveLength(1);
    },
  );

  it('of one file does not hinder the others where it cannot be examined', async () => {
    const [long, short] = both();
    const stranger = { ...short, file: { ...short.file, fileId: 'f9'.repeat(32) } };
    const { stillOpen, sent } = await answer({ open: [challenged(stranger), challenged(long)] });
    expect(stillOpen).toBe(1);
    expect(sent.flatMap(({ args }) => filesIn(args))).toEqual([long.file.fileId]);
  });

  it('is sent again file by file where the ledger refuses one, and not where it does not answer', async () => {
    const [long, short] = both();
    const open = [challenged(short), challenged(long)];
    const spoilt = await answer({
      open,
      refuse: (_, { groups }) => {
        const ids = filesIn({ groups });
        return ids.includes(short.file.fileId) ? 'PROOF_INVALID' : undefined;
      },
    });
    expect(spoilt.stillOpen).toBe(1);
    expect(spoilt.sent.map(({ args }) => filesIn(args).length)).toEqual([2, 1, 1]);
    const down = await answer({ open, refuse: () => 'LEDGER_UNREACHABLE' });
    expect(down.stillOpen).toBe(2);
    expect(down.sent).toHaveLength(1);
  });

  it('of one file does not hinder the others where its blocks go before they are proved', async () => {
    const [long, short] = both();
    const open = [challenged(short), challenged(long)];
    const { stillOpen, sent } = await answer({ open, vanishing: short });
    expect(stillOpen).toBe(1);
    expect(sent.flatMap(({ args }) => filesIn(args))).toEqual([long.file.fileId]);
  });

  it('of many files on a node that hangs keeps those on others waiting once', async () => {
    const [long, short] = both();
    const open = Array.from({ length: 50 }, () => challenged(short, {}, 'birch-2'));
    const began = performance.now();
    const { stillOpen, sent } = await answer({ open: [...open, challenged(long)] });
    expect(stillOpen).toBe(50);
    expect(sent.flatMap(({ args }) => filesIn(args))).toEqual([long.file.fileId]);
    expect(performance.now() - began).toBeLessThan(50 * 200);
  });
});
