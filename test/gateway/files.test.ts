import { newGatewayStage, type GatewayStage } from '../support/gateway-stage.ts';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeLeaves } from '@holdfast/protocol/leaf-list.js';
import { alertList, type Alert } from '@holdfast/protocol/alert-messages.js';
import {
  auditList,
  blockList,
  challengeAnswer,
  fileList,
  fileStatus,
  type AuditItem,
} from '@holdfast/protocol/file-messages.js';
import { ledgerBlock, ledgerTransaction } from '@holdfast/protocol/ledger-messages.js';
import { nodeList, problem } from '@holdfast/protocol/network-messages.js';
import type { StoredFile } from '../../client/src/put-request.ts';
import {
  newBareOwner,
  newFullOwner,
  newSender,
  type BareOwner,
  type FullOwner,
} from '../support/gateway-owner.ts';
import { describeFileBytes } from '../suites/file-bytes-suite.ts';
import { flatfsFile } from '../support/flatfs-file.ts';
import { seededRandom } from '../support/property.ts';

const SIZE = 200_000;
const SLOT_MS = 30_000;
const plaintext = seededRandom()(SIZE);

let stage: GatewayStage;
let anna: FullOwner;
let ben: BareOwner;
let file: StoredFile;
beforeAll(async () => {
  stage = await newGatewayStage();
  anna = await newFullOwner(stage.url());
  ben = await newBareOwner(stage.url(), 2);
  const source = { size: SIZE, modifiedAt: 0, key: 'letter', open: () => pieces(plaintext) };
  file = await anna.owner.put('letter', source, { blockSize: 65_536 });
}, 120_000);
afterAll(() => stage.close());

async function* pieces(bytes: Uint8Array, from = 0): AsyncGenerator<Uint8Array> {
  for (let at = from; at < bytes.length; at += 50_000) yield bytes.subarray(at, at + 50_000);
}

const path = (rest = '') => `/v1/files/${file.fileId}${rest}`;
const bytesOf = async (answer: Response) => new Uint8Array(await answer.arrayBuffer());

/** Lets slots pass until the file's audits, newest first, are as wanted. */
async function audits(isWanted: (items: readonly AuditItem[]) => boolean) {
  for (;;) {
    const { items } = auditList.parse((await anna.json('GET', path('/audits'))).body);
    if (isWanted(items)) return items;
    stage.pass(SLOT_MS);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
const any = (items: readonly AuditItem[]): boolean => items.length > 0;

const alertsOf = async (): Promise<readonly Alert[]> =>
  alertList.parse((await anna.json('GET', '/v1/alerts')).body).items;

describe('a stored file', () => {
  it('is listed for its owner alone, with its sealed card', async () => {
    const { items } = fileList.parse((await anna.json('GET', '/v1/files')).body);
    expect(items).toMatchObject([{ fileId: file.fileId, replicas: 3, blocks: file.blocks }]);
    expect(items[0]?.card).toHaveLength(683);
    expect((await ben.json('GET', '/v1/files')).body).toEqual({ items: [], next: null });
  });

  it('gets its first verdict from the ledger, which its owner is told', async () => {
    const [first] = await audits(any);
    expect(first).toMatchObject({ verdict: 'intact', independent: true, blocks: file.blocks });
    const status = fileStatus.parse((await anna.json('GET', path('/status'))).body);
    expect(status).toMatchObject({ state: 'intact', safe: true, lastAudit: first?.epoch });
    const told = (await alertsOf()).map(({ event }) => event);
    expect(told).toEqual(['FileRegistered', 'VerdictReached']);
  }, 60_000);

  it('has its shares read back as the ledger holds them', async () => {
    const { body } = await anna.json('GET', path('/shares'));
    expect(body).toMatchObject({ fileId: file.fileId, shareCount: 5, threshold: 3 });
  });
});

describeFileBytes(() => ({ anna, file, plaintext }));

describe('somebody else', () => {
  it.each([
    ['GET', ''],
    ['GET', '/manifest'],
    ['GET', '/tags'],
    ['GET', '/leaves'],
    ['GET', '/card'],
    ['GET', '/car'],
    ['GET', '/status'],
    ['GET', '/audits'],
    ['GET', '/blocks'],
    ['GET', '/shares'],
    ['POST', '/challenges'],
    ['POST', '/repair'],
  ])('is refused %s %s of a file', async (method, rest) => {
    const body = rest === '/repair' ? { node: 'birch-1', uids: [0] } : {};
    const refusal = await ben.json(method, path(rest), method === 'POST' ? body : undefined);
    expect(refusal.status).toBe(403);
    expect(problem.parse(refusal.body).code).toBe('NOT_ALLOWED');
  });

  it('sees none of its alerts', async () => {
    expect((await ben.json('GET', '/v1/alerts')).body).toEqual({ items: [], next: null });
  });

  it('cannot bring the table of its tag key', async () => {
    const { tagKeyId } = await registration();
    const refusal = await ben.json('PUT', `/v1/tag-keys/${tagKeyId}`, {});
    expect(refusal.status).toBe(403);
  });
});

/** From the ledger's record of the file's registration. */
async function registration(): Promise<{ tagKeyId: string }> {
  const { body } = await anna.json('GET', `/v1/ledger/transactions/${file.transactionId}`);
  return ledgerTransaction.parse(body).args as { tagKeyId: string };
}

describe('an address that is wrong', () => {
  it.each([
    ['/v1/files/xyz/status', 400, '/fileId'],
    [`/v1/files/${'AB'.repeat(32)}/status`, 400, '/fileId'],
    [`/v1/files/${'ab'.repeat(32)}/status`, 404, undefined],
    ['/v1/files?limit=0', 400, '/limit'],
    ['/v1/files?limit=101', 400, '/limit'],
    ['/v1/files?page=2', 400, '/page'],
    ['/v1/files?cursor=%20', 400, '/cursor'],
    ['/v1/alerts?cursor=1.2', 400, '/cursor'],
    ['/v1/files/%E0%A4%A/status', 400, undefined],
    ['/v1/uploads/..', 404, undefined],
  ])('%s answers %i', async (address, status, pointer) => {
    const refusal = await anna.json('GET', address);
    expect(refusal.status).toBe(status);
    expect(problem.parse(refusal.body).errors?.[0]?.pointer).toBe(pointer);
  });

  it('of the ledger likewise', async () => {
    const status = async (rest: string) => (await anna.json('GET', `/v1/ledger/${rest}`)).status;
    expect(await status('transactions/xyz')).toBe(400);
    expect(await status(`transactions/${'ab'.repeat(32)}`)).toBe(404);
    expect(await status('blocks/-1')).toBe(400);
    expect(await status('blocks/999999')).toBe(404);
    expect(await status('blocks/0')).toBe(200);
  });
});

describe('the ledger, looked up', () => {
  it('says in a sentence what a transaction did', async () => {
    const { body } = await anna.json('GET', `/v1/ledger/transactions/${file.transactionId}`);
    const transaction = ledgerTransaction.parse(body);
    expect(transaction).toMatchObject({
      validation: 'VALID',
      contract: 'files',
      function: 'register',
      ledgerBlockNumber: file.ledgerBlockNumber,
      event: { name: 'FileRegistered' },
    });
    expect(transaction.sentence).toMatch(/^file [0-9a-f]{8} registered: \d+ blocks on birch-/);
    expect(transaction.endorsers).toHaveLength(2);
    const { body: found } = await anna.json('GET', `/v1/ledger/blocks/${file.ledgerBlockNumber}`);
    const block = ledgerBlock.parse(found);
    expect(block.transactions.map(({ transactionId }) => transactionId)).toContain(
      file.transactionId,
    );
  });
});

describe('a challenge at once', () => {
  it('is answered by every node that has the blocks', async () => {
    const { status, body } = await anna.json('POST', path('/challenges'), { blocks: 'all' });
    expect(status).toBe(200);
    expect(challengeAnswer.parse(body).now).toMatchObject({ verdict: 'intact', damagedUids: [] });
  });

  it.each([
    [{ node: 'birch-9' }, 404, '/node'],
    [{ blocks: 0 }, 400, '/blocks'],
    [{ blocks: 1.5 }, 400, '/blocks'],
    [{ block: 1 }, 400, '/block'],
  ])('is refused: %j', async (body, status, pointer) => {
    const refusal = await anna.json('POST', path('/challenges'), body);
    expect(refusal.status).toBe(status);
    expect(problem.parse(refusal.body).errors?.[0]?.pointer).toBe(pointer);
  });
});

describe('a flipped bit on one node', () => {
  let node: string;
  const damage = async (uid: number) => {
    const leaves = decodeLeaves(await bytesOf(await anna.send('GET', path('/leaves'))));
    const digest = leaves.find((leaf) => leaf.uid === uid)?.digest ?? new Uint8Array();
    const stored = flatfsFile(join(stage.folder, 'storage', node), digest);
    const bytes = await readFile(stored);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    await writeFile(stored, bytes);
  };

  it('is found at once, named, and repaired when asked', async () => {
    node = file.nodes[0] ?? '';
    await damage(1);
    const challenge = { node, blocks: 'all' };
    const found = await anna.json('POST', path('/challenges'), challenge);
    expect(challengeAnswer.parse(found.body).now).toMatchObject({
      node,
      verdict: 'damaged',
      damagedUids: [1],
    });
    const repair = { node, uids: [1] };
    const repaired = await anna.json('POST', path('/repair'), repair);
    expect(repaired.body).toEqual({ node, repaired: [1] });
    const after = await anna.json('POST', path('/challenges'), challenge);
    expect(challengeAnswer.parse(after.body).now.verdict).toBe('intact');
  });

  it('ends in a verdict on the ledger, is repaired and audited again', async () => {
    await damage(2);
    await anna.owner.ask(file.fileId, { node, blocks: 'all' });
    const items = await audits(
      ([newest, ...older]) =>
        newest?.verdict === 'intact' && older.some(({ verdict }) => verdict === 'damaged'),
    );
    const found = items.findIndex(({ verdict }) => verdict === 'damaged');
    expect(items[found]).toMatchObject({ node, verdict: 'damaged', damagedUids: [2] });
    expect(items[found - 1]).toMatchObject({ node, verdict: 'intact', damagedUids: [] });
    const events = (await alertsOf()).map(({ event }) => event);
    const damaged = events.indexOf('FileDamaged');
    expect(events.slice(damaged - 1, damaged + 3)).toEqual([
      'VerdictReached',
      'FileDamaged',
      'VerdictReached',
      'FileRepaired',
    ]);
    const { items: nodes } = nodeList.parse((await anna.json('GET', '/v1/nodes')).body);
    expect(nodes.map(({ damagedBlocks }) => damagedBlocks)).toEqual([0, 0, 0]);
    const blocksOf = async (query: string) =>
      blockList.parse((await anna.json('GET', path(`/blocks${query}`))).body).items;
    expect(await blocksOf('?state=damaged')).toEqual([]);
    expect((await blocksOf('')).map(({ uid, repairedAt }) => [uid, repairedAt !== null])).toEqual([
      [2, true],
    ]);
  }, 60_000);
});

describe('alerts as a stream', () => {
  it('resume after the last one that was seen', async () => {
    const all = await alertsOf();
    const headers = { accept: 'text/event-stream', 'last-event-id': all[0]?.id ?? '' };
    const answer = await anna.send('GET', '/v1/alerts', { headers });
    expect(answer.headers.get('content-type')).toMatch('text/event-stream');
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of answer.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      if (text.split('\n\n').length > all.length - 1) break;
    }
    const ids = [...text.matchAll(/^id: (.*)$/gm)].map(([, id]) => id);
    expect(ids).toEqual(all.slice(1).map(({ id }) => id));
  });
});

describe('a gateway that starts again', () => {
  it('knows every audit and alert as before, and stores none twice', async () => {
    const before = { alerts: await alertsOf(), audits: await audits(any) };
    await stage.stop();
    await stage.start();
    const sender = newSender(stage.url(), anna.key);
    const alerts = alertList.parse((await sender.json('GET', '/v1/alerts')).body).items;
    expect(alerts).toEqual(before.alerts);
    const listed = auditList.parse((await sender.json('GET', path('/audits'))).body).items;
    // the ledger goes on while the gateway is away
    expect(listed.slice(-before.audits.length)).toEqual(before.audits);
    expect(new Set(listed.map(({ auditId }) => auditId)).size).toBe(listed.length);
  });
});
