import { MANAGED_BLOCK, newGatewayStage, type GatewayStage } from '../support/gateway-stage.ts';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  managedAccountAnswer,
  managedChallengeAnswer,
  managedFileAnswer,
  managedFileList,
  managedFileStatus,
  type ManagedAccountAnswer,
  type ManagedFileAnswer,
} from '@holdfast/protocol/custody-messages.js';
import { auditList, type AuditItem } from '@holdfast/protocol/file-messages.js';
import { hex } from '@holdfast/protocol/bytes.js';
import { decodeLeaves } from '@holdfast/protocol/leaf-list.js';
import type { WrappedSeed } from '@holdfast/protocol/wrapped-seed.js';
import { parsePhrase } from '@holdfast/protocol/phrase.js';
import { describeManagedUploads } from '../suites/managed-uploads-suite.ts';
import { newBareOwner, type BareOwner } from '../support/gateway-owner.ts';
import { damageBlock } from '../../scripts/damage.mjs';
import { openStore } from '../../gateway/src/store.ts';
import { basic, newBasicSender } from '../support/managed-owner.ts';
import { filesHolding } from '../support/plaintext-scan.ts';
import { seededRandom } from '../support/property.ts';

const SIZE = 700_000;
/** What comes before the block that is changed, bytes. */
const WHOLE = 262_144;
const SLOT_MS = 30_000;
const PASSWORD = 'granite-otter-walnut-velvet-orbit-lemon-tide';
const NEW_PASSWORD = 'pepper-cobalt-hazel-lantern-quartz-mango-ridge';
const plaintext = seededRandom()(SIZE);

let stage: GatewayStage;
let sealed: BareOwner;
let account: ManagedAccountAnswer;
let file: ManagedFileAnswer;
let password = PASSWORD;

const { ask, json } = newBasicSender(
  () => stage.url(),
  () => ({ name: 'anna', password }),
);
const register = (name: string, word: string): Promise<Response> =>
  json('/v1/accounts', 'POST', { name, password: word, custody: 'agent' });
const path = (rest = '') => `/v1/files/${file.fileId}${rest}`;
const bytesOf = async (answer: Response) => new Uint8Array(await answer.arrayBuffer());

let opening: Response;
let storing: Response;

beforeAll(async () => {
  stage = await newGatewayStage();
  opening = await register('anna', PASSWORD);
  account = managedAccountAnswer.parse(await opening.json());
  const headers = { 'content-type': 'text/plain' };
  const put = { method: 'PUT', body: plaintext, headers };
  storing = await ask('/v1/files/letter%20to%20b.txt', put);
  file = managedFileAnswer.parse(await storing.json());
  sealed = await newBareOwner(stage.url(), 2);
}, 120_000);
afterAll(() => stage.close());

describe('an account whose keys the agent keeps', () => {
  it('is opened by name and password, and shows its phrase', () => {
    expect([opening.status, opening.headers.get('holdfast-custody')]).toEqual([201, 'agent']);
    expect(account).toMatchObject({ custody: 'agent', balance: '1000' });
    expect(account.recoveryPhrase.split(' ')).toHaveLength(24);
  });
  it('says so on the ledger: account, tag key and file name the custodian', async () => {
    const agent = stage.link
      .gatewayAs({ mspId: 'Alder', role: 'agent' })
      .getNetwork('holdfast')
      .getContract('holdfast');
    const read = async (name: string, args: object): Promise<unknown> =>
      JSON.parse(
        Buffer.from(await agent.evaluateTransaction(name, JSON.stringify(args))).toString(),
      );
    const { accountId } = account;
    const record = (await read('accounts:get', { ownerId: accountId })) as { tagKeyId: string };
    expect(record).toMatchObject({ custody: 'Alder', mspId: 'Alder' });
    const { tagKeyId } = record;
    expect(await read('accounts:tagKey', { tagKeyId })).toMatchObject({ custodian: 'Alder' });
    const { file: stored } = (await read('files:get', { fileId: file.fileId })) as {
      file: object;
    };
    expect(stored).toMatchObject({ custody: 'Alder', ownerId: accountId });
  });

  it('says so in every answer, and sealed ones say the opposite', async () => {
    const answers = [await ask('/v1/files'), await ask(path()), await ask('/v1/alerts')];
    await Promise.all(answers.map((answer) => answer.arrayBuffer()));
    const said = new Set(answers.map((answer) => answer.headers.get('holdfast-custody')));
    expect(said).toEqual(new Set(['agent']));
    const own = await sealed.send('GET', '/v1/files');
    expect(own.headers.get('holdfast-custody')).toBe('owner');
  });

  it('keeps its name to itself', async () => {
    const again = await register('anna', NEW_PASSWORD);
    expect(again.status).toBe(409);
  });

  it.each(['short', 'passwordpassword', 'aaaaaaaaaaaaaaaaaaaa'])(
    'takes no password that a guesser would find: %s',
    async (word) => {
      const refused = await register('ben', word);
      expect(refused.status).toBe(400);
    },
  );

  it('opens under its own password only, and a name nobody has looks the same', async () => {
    const wrong = await ask('/v1/files', { headers: { authorization: basic('anna', 'wrong') } });
    const nobody = await ask('/v1/files', {
      headers: { authorization: basic('nobody', PASSWORD) },
    });
    for (const answer of [wrong, nobody]) {
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Basic /);
      expect(answer.headers.get('holdfast-custody')).toBe('agent');
    }
    expect(await wrong.json()).toEqual(await nobody.json());
  });

  it('makes whoever guesses wait, not its owner', async () => {
    const guess = () => ask('/v1/files', { headers: { authorization: basic('anna', 'wrong') } });
    const tried: Response[] = [];
    while (tried.length < 8 && tried.at(-1)?.status !== 429) tried.push(await guess());
    expect(tried.at(-1)?.status).toBe(429);
    expect(Number(tried.at(-1)?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await ask('/v1/files')).status).toBe(200);
  });
});

describe('a file whose plaintext the agent saw', () => {
  it('is answered with its place, its version and its transaction', () => {
    expect([storing.status, storing.headers.get('location')]).toEqual([201, path()]);
    expect(storing.headers.get('etag')).toBe(`"${file.cid}.1"`);
    expect(storing.headers.get('holdfast-transaction')).toBe(file.transactionId);
  });

  it('comes back whole, under its name, and as what it is', async () => {
    const answer = await ask(path());
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-length')).toBe(String(SIZE));
    expect(answer.headers.get('content-type')).toBe('text/plain');
    expect(answer.headers.get('content-disposition')).toBe(
      'attachment; filename="letter to b.txt"',
    );
    expect(Buffer.from(await bytesOf(answer)).equals(plaintext)).toBe(true);
  });

  it('is told of without a body', async () => {
    const answer = await ask(path(), { method: 'HEAD' });
    expect([answer.status, answer.headers.get('content-length')]).toEqual([200, String(SIZE)]);
    expect(await bytesOf(answer)).toHaveLength(0);
  });

  it.each([
    ['bytes=0-0', 0, 1],
    ['bytes=262140-262150', 262_140, 262_151],
    ['bytes=-10', SIZE - 10, SIZE],
    ['bytes=699990-', 699_990, SIZE],
  ])('comes in ranges: %s', async (range, start, end) => {
    const answer = await ask(path(), { headers: { range } });
    expect(answer.status).toBe(206);
    expect(answer.headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/${SIZE}`);
    expect(Buffer.from(await bytesOf(answer)).equals(plaintext.subarray(start, end))).toBe(true);
  });

  it('knows its version: 304, a stale If-Range gives all, what is behind the end is refused', async () => {
    const etag = `"${file.cid}.1"`;
    const same = await ask(path(), { headers: { 'if-none-match': etag } });
    expect(same.status).toBe(304);
    const held = await ask(path(), { headers: { range: 'bytes=5-9', 'if-range': etag } });
    const stale = await ask(path(), { headers: { range: 'bytes=5-9', 'if-range': '"other.1"' } });
    expect([held.status, stale.status]).toEqual([206, 200]);
    await Promise.all([held.arrayBuffer(), stale.arrayBuffer()]);
    const beyond = await ask(path(), { headers: { range: `bytes=${SIZE}-` } });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${SIZE}`]);
  });

  it('is listed and told of by its name', async () => {
    const { items } = managedFileList.parse(await (await ask('/v1/files?limit=50')).json());
    const { fileId } = file;
    expect(items).toMatchObject([{ fileId, name: 'letter to b.txt', size: SIZE, replicas: 3 }]);
    const status = managedFileStatus.parse(await (await ask(path('/status'))).json());
    expect(status).toMatchObject({ name: 'letter to b.txt', size: SIZE, safe: true });
  });

  it('is checked at once and audited by the ledger, which says who stood on both sides', async () => {
    const asked = await json(path('/challenges'), 'POST', { blocks: 'all' });
    expect(asked.status).toBe(202);
    const answer = managedChallengeAnswer.parse(await asked.json());
    expect(answer.now).toMatchObject({ verdict: 'intact', sampled: file.blocks });
    let first: AuditItem | undefined;
    while (first === undefined) {
      stage.pass(SLOT_MS);
      await new Promise((resolve) => setTimeout(resolve, 100));
      first = auditList.parse(await (await ask(path('/audits'))).json()).items.at(-1);
    }
    // Alder keeps the keys, Birch the bytes
    expect(first).toMatchObject({ verdict: 'intact', independent: true });
  }, 60_000);

  it('is nobody else’s', async () => {
    for (const rest of ['', '/status', '/audits', '/card']) {
      expect((await sealed.send('GET', path(rest))).status).toBe(403);
    }
    const other = await ask(`/v1/files/${'0'.repeat(64)}`);
    expect(other.status).toBe(404);
  });

  it('ends before a byte of a block that was changed on every node', async () => {
    const leaves = decodeLeaves(await bytesOf(await ask(path('/leaves'))));
    const digest = hex(leaves[WHOLE / MANAGED_BLOCK]?.digest ?? new Uint8Array());
    const turn = async () => {
      for (const node of ['birch-1', 'birch-2', 'birch-3']) {
        await damageBlock(join(stage.folder, 'storage', node), digest);
      }
    };
    await turn();
    try {
      await expect(bytesOf(await ask(path()))).rejects.toThrow('terminated');
      const before = await ask(path(), { headers: { range: `bytes=0-${WHOLE - 1}` } });
      const first = plaintext.subarray(0, WHOLE);
      expect(Buffer.from(await bytesOf(before)).equals(first)).toBe(true);
    } finally {
      await turn();
    }
    expect(Buffer.from(await bytesOf(await ask(path()))).equals(plaintext)).toBe(true);
  });
});

describeManagedUploads(() => ({
  ask,
  plaintext,
  measuring: join(stage.folder, 'agent', 'Alder', 'measuring'),
}));

describe('the agent’s disk', () => {
  const folder = () => join(stage.folder, 'agent', 'Alder', 'custody');

  it('never has a word of the phrase, the seed, a password, plaintext or a name', async () => {
    const seed = Buffer.from(parsePhrase(account.recoveryPhrase));
    const spellings = [seed, seed.toString('hex'), seed.toString('base64url')];
    const needles = [
      ...spellings,
      account.recoveryPhrase,
      PASSWORD,
      plaintext.subarray(1000, 1032),
      'letter to b',
    ];
    expect(await filesHolding(stage.folder, needles)).toEqual([]);
    await writeFile(join(stage.folder, 'control'), plaintext);
    expect(await filesHolding(stage.folder, needles)).toEqual(['control']);
    await rm(join(stage.folder, 'control'));
  });

  it('has nothing left that an old password opens', async () => {
    const wrapped = async () => {
      const store = await openStore(folder());
      const row = await store.table<{ seed: WrappedSeed }>('accounts').get('anna');
      await store.close();
      return row?.seed.ciphertext ?? '';
    };
    await stage.stop();
    const old = await wrapped();
    await stage.start();
    expect(await filesHolding(folder(), [old])).not.toEqual([]);
    const changed = await json('/v1/accounts/password', 'PUT', { password: NEW_PASSWORD });
    expect(changed.status).toBe(204);
    expect((await ask('/v1/files')).status).toBe(401);
    password = NEW_PASSWORD;
    expect((await ask('/v1/files')).status).toBe(200);
    expect(await filesHolding(folder(), [old])).toEqual([]);
    await stage.stop();
    expect(await filesHolding(folder(), [await wrapped()])).not.toEqual([]);
    expect(await filesHolding(folder(), [old])).toEqual([]);
    await stage.start();
    expect(Buffer.from(await bytesOf(await ask(path()))).equals(plaintext)).toBe(true);
  }, 60_000);
});
