import { readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { equalBytes } from '@holdfast/protocol/bytes.js';
import { blockCid } from '@holdfast/protocol/file-cid.js';
import type { AuditRecord } from '@holdfast/protocol/audit-records.js';
import type { FileRecord } from '@holdfast/protocol/file-records.js';
import type { LedgerEvent } from '../../../gateway/src/ledger/ledger.ts';
import { openCatalogue } from '../../../gateway/src/provider/catalogue.ts';
import type { OpenProvider } from '../../../gateway/src/provider/open-provider.ts';
import type { Provider } from '../../../gateway/src/roles.ts';
import { blockPath } from '../../../gateway/src/storage/flatfs.ts';
import { CONFIG, NODES } from '../../support/consortium.ts';
import { firstAudit, firstEvent } from '../../support/ledger-events.ts';
import {
  bring,
  newProviderStage,
  register,
  sealUpload,
  type ProviderStage,
  type SealedUpload,
  type StageOwner,
} from '../../support/provider-stage.ts';
import { untilRefused } from '../../support/refusal.ts';
import { joined, manyBytes } from '../../support/sealing.ts';
import { flipped } from '../../support/tamper.ts';

/** Several epochs of a ledger of three organisations, on a machine that has other things to do. */
const PATIENCE_MS = 40_000;

describe('provider: audits', () => {
  const { signal } = new AbortController();
  let stage: ProviderStage;
  let ann: StageOwner;
  let bob: StageOwner;
  let open: OpenProvider;
  let provider: Provider;
  let stopping: AbortController;
  let round: Promise<void> | undefined;
  let seed = 0;

  beforeAll(async () => {
    stage = await newProviderStage();
    [ann, bob] = [await stage.openOwner('ann'), await stage.openOwner('bob')];
  }, 60_000);
  afterAll(() => stage.close());
  beforeEach(async () => {
    open = await stage.reopen();
    ({ provider } = open);
    stopping = new AbortController();
  });
  afterEach(endRound);

  /** Lets the provider follow the ledger, as the gateway does. */
  function begin(): void {
    round = open.round(stopping.signal);
  }
  async function endRound(): Promise<void> {
    stopping.abort();
    await round?.catch(() => undefined);
    round = undefined;
  }

  const event = <T>(wanted: (event: LedgerEvent) => T | undefined) =>
    firstEvent(stage.ledger, wanted);
  const auditOf = (fileId: string, wanted: (audit: AuditRecord) => boolean) =>
    firstAudit(stage.ledger, fileId, wanted);

  /** Stores and registers a file; nobody else's audit disturbs it. */
  async function stored(
    owner: StageOwner,
    size = 200_000,
    content = ++seed,
  ): Promise<SealedUpload> {
    const upload = await sealUpload(owner, manyBytes(size, content));
    const state = await bring(provider, upload);
    const answer = await provider.accept(state.uploadId, upload.acceptance);
    await register(upload, state, answer, await stage.epoch());
    return upload;
  }
  const ask = async ({ owner, request }: SealedUpload, node: string | null) => {
    const epoch = await stage.epoch();
    const args = { fileId: request.fileId, epoch, node, blocks: null, lane: 0 };
    await owner.session.submit('files:ask', args, signal);
  };
  const retire = ({ owner, request }: SealedUpload) =>
    owner.session.submit('files:retire', { fileId: request.fileId, lane: 0 }, signal);
  const nodeFolder = (name: string) => join(stage.folder, 'nodes', name);
  const fileOf = ({ file }: SealedUpload, uid: number, node: string) => {
    const digest = file.blocks[uid]?.digest ?? new Uint8Array();
    return join(nodeFolder(node), 'blocks', ...blockPath(blockCid(digest)));
  };
  const isWhole = async ({ request, blocks }: SealedUpload, uid: number, node: string) => {
    const [bytes, block] = [await provider.block(request.fileId, uid, node), blocks[uid]];
    return bytes !== undefined && block !== undefined && equalBytes(bytes, block);
  };
  const isReadWhole = async ({ request, content, file }: SealedUpload) => {
    const { bytes } = await provider.read({ fileId: request.fileId } as FileRecord, 'content');
    return equalBytes(await joined(bytes), content.slice(0, file.paddedSize));
  };

  it(
    'proves the files of two owners in one answer, each intact',
    async () => {
      const files = [await stored(ann), await stored(bob)];
      begin();
      const epoch = await stage.advance(2);
      for (const { request, file } of files) {
        const audit = await auditOf(request.fileId, () => true);
        expect(audit).toMatchObject({ epoch, verdict: 'intact', sampled: file.blockCount });
      }
      const together = await event(({ name, payload }) =>
        name === 'AuditsAnswered' && payload.audits.length === 2 ? payload.audits : undefined,
      );
      expect(together.map(({ fileId }) => fileId).toSorted()).toEqual(
        files.map(({ request }) => request.fileId).toSorted(),
      );
      for (const file of files) await retire(file);
    },
    PATIENCE_MS,
  );

  it.each<[string, (path: string) => Promise<void>]>([
    ['a flipped bit', async (path) => writeFile(path, flipped(await readFile(path), 12_345))],
    ['a truncated block', (path) => truncate(path, 1000)],
    ['a lost block', (path) => rm(path)],
  ])(
    'concedes %s by its id, mends it from another node, and proves it next',
    async (_, damage) => {
      const upload = await stored(ann);
      const { fileId } = upload.request;
      await ask(upload, NODES[1]);
      await damage(fileOf(upload, 2, NODES[1]));
      begin();
      const epoch = await stage.advance(2);
      const conceded = await auditOf(fileId, () => true);
      expect(conceded).toMatchObject({ epoch, node: NODES[1], verdict: 'damaged', uids: [2] });
      await stage.advance();
      const proved = await auditOf(fileId, ({ verdict }) => verdict === 'intact');
      expect(proved).toMatchObject({ epoch: epoch + 1, node: NODES[1] });
      expect(await isWhole(upload, 2, NODES[1])).toBe(true);
      await retire(upload);
    },
    PATIENCE_MS,
  );

  it(
    'repairs nothing before the verdict stands, also across a restart',
    async () => {
      const upload = await stored(ann);
      const { fileId } = upload.request;
      await ask(upload, NODES[0]);
      const path = fileOf(upload, 1, NODES[0]);
      await writeFile(path, flipped(await readFile(path)));
      begin();
      await endRound();
      expect(await isWhole(upload, 1, NODES[0])).toBe(false);
      const epoch = await stage.advance(2);
      ({ provider } = open = await stage.reopen());
      stopping = new AbortController();
      begin();
      const conceded = await auditOf(fileId, () => true);
      expect(conceded).toMatchObject({ epoch, verdict: 'damaged', uids: [1] });
      await stage.advance();
      await auditOf(fileId, ({ verdict }) => verdict === 'intact');
      expect(await isWhole(upload, 1, NODES[0])).toBe(true);
      await retire(upload);
    },
    PATIENCE_MS,
  );

  it(
    'still serves a file whose blocks are damaged on all nodes but one, and says where not',
    async () => {
      const upload = await stored(ann);
      for (const node of [NODES[0], NODES[1]]) await rm(fileOf(upload, 0, node));
      expect(await isReadWhole(upload)).toBe(true);
      const { fileId } = upload.request;
      expect(await provider.block(fileId, 0, NODES[0])).toBeUndefined();
      expect(await provider.repair(fileId, NODES[0], [0, 1])).toEqual([0]);
      await rm(fileOf(upload, 0, NODES[0]));
      await rm(fileOf(upload, 0, NODES[2]));
      await rm(fileOf(upload, 1, NODES[0]));
      await expect(isReadWhole(upload)).rejects.toMatchObject({ code: 'FILE_LOST' });
      await expect(provider.repair(fileId, NODES[0], [0, 1])).rejects.toMatchObject({
        code: 'FILE_LOST',
        detail: 'blocks 0 are whole on no node',
      });
      expect(await isWhole(upload, 1, NODES[0])).toBe(true);
      await retire(upload);
    },
    PATIENCE_MS,
  );

  it(
    'proves the others of an answer that one file with wrong tags would spoil',
    async () => {
      const [good, bad] = [await stored(ann), await stored(ann)];
      await stage.end();
      const catalogue = await openCatalogue(join(stage.folder, 'catalogue'));
      const swapped = Uint8Array.of(...bad.tags.slice(48, 96), ...bad.tags.slice(0, 48));
      await catalogue.write(await catalogue.pages('tags', bad.request.fileId, 0, swapped));
      const rest = bad.tags.slice(96);
      await catalogue.write(await catalogue.pages('tags', bad.request.fileId, 96, rest));
      await catalogue.close();
      ({ provider } = open = await stage.reopen());
      begin();
      const epoch = await stage.advance(2);
      const audit = await auditOf(good.request.fileId, () => true);
      expect(audit).toMatchObject({ epoch, verdict: 'intact' });
      const args = { providerId: 'Birch', epoch };
      const { items } = await ann.session.evaluate('audits:due', args, signal);
      expect(items.map(({ file }) => file.fileId)).toEqual([bad.request.fileId]);
      for (const file of [good, bad]) await retire(file);
    },
    PATIENCE_MS,
  );

  it(
    'waits for a node that is down, places the file without it in the last epoch, and takes it back',
    async () => {
      const upload = await stored(ann);
      const { fileId } = upload.request;
      await ask(upload, NODES[1]);
      const away = nodeFolder(NODES[1]);
      await rename(away, `${away}.away`);
      begin();
      const epoch = await stage.advance(2);
      await stage.advance(CONFIG.answerWindow - 1);
      const placed = await event(({ name, payload }) =>
        name === 'FilePlaced' && payload.fileId === fileId ? payload.nodes : undefined,
      );
      expect([...placed].toSorted()).toEqual([NODES[0], NODES[2]]);
      const proved = await auditOf(fileId, () => true);
      expect(proved).toMatchObject({ epoch, verdict: 'intact' });
      expect(proved.now).toBeGreaterThanOrEqual(epoch + CONFIG.answerWindow - 1);
      await rename(`${away}.away`, away);
      await stage.advance();
      const again = await event(({ name, payload }) =>
        name === 'FilePlaced' && payload.fileId === fileId && payload.nodes.length === 3
          ? payload.nodes
          : undefined,
      );
      expect(again).toContain(NODES[1]);
      await retire(upload);
    },
    PATIENCE_MS,
  );

  it(
    'keeps equal blocks once, and drops a retired file but for what another owner has too',
    async () => {
      const [anns, bobs] = [await stored(ann, 200_000, 99), await stored(bob, 200_000, 99)];
      expect(equalBytes(anns.content, bobs.content)).toBe(true);
      const shared = fileOf(anns, 0, NODES[0]);
      begin();
      await retire(anns);
      await untilPinned(2);
      expect((await stat(shared)).size).toBe(65_536);
      expect(await isReadWhole(bobs)).toBe(true);
      const pins = await readdir(join(nodeFolder(NODES[0]), 'pins'));
      expect(pins).toContain(bobs.file.cid.toString());
      await retire(bobs);
      await untilPinned(0);
      await untilRefused(() => stat(shared));
      for (const node of NODES) await untilEmpty(join(nodeFolder(node), 'blocks'));
    },
    PATIENCE_MS,
  );

  async function untilPinned(count: number): Promise<void> {
    for (const node of NODES) {
      const folder = join(nodeFolder(node), 'pins');
      while ((await readdir(folder)).length !== count) await nextTurn();
    }
  }

  async function untilEmpty(folder: string): Promise<void> {
    const blocks = async () => {
      const names = await readdir(folder, { recursive: true });
      return names.filter((name) => name.endsWith('.data'));
    };
    while ((await blocks()).length > 0) await nextTurn();
  }
});
