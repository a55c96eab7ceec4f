/** An owner whose gateway hides, refuses or lies: what still works, and what is said. */
import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { base64url } from '@holdfast/protocol/bytes.js';
import { newLanes } from '@holdfast/protocol/owner/lanes.js';
import { awaitAudit, challengeNow, listAudits } from '../../client/src/audit.ts';
import { openFactsCache } from '../../client/src/file-facts.ts';
import { listFiles } from '../../client/src/listing.ts';
import { recoverFiles } from '../../client/src/recover.ts';
import { saveFile } from '../../client/src/save-file.ts';
import { readContent } from '../../client/src/stored-content.ts';
import { verdictOf } from '../../client/src/verdict.ts';
import type { Answers } from '../support/answering-ledger.ts';
import { dueRecord, fileRecord, fileState, threeOrganisations } from '../support/audit-records.ts';
import { gatewayThat, refusal, answeredSession } from './answered-session.ts';

const config = threeOrganisations();
const beacon = { epoch: 9, value: 'ee'.repeat(32), delegate: 'Alder', signature: null };
const now: Answers = { 'accounts:config': () => config, 'beacons:current': () => beacon };
const file = fileRecord();

const { session, home } = answeredSession();

describe('the list of files', () => {
  const other = fileRecord({ fileId: 'f2'.repeat(32), state: 'retired' });
  const pages: Answers = {
    ...now,
    'files:list': ({ cursor }) =>
      cursor === undefined
        ? { items: [fileState()], next: 'c1' }
        : { items: [fileState({ file: other, due: null, placement: null })], next: null },
  };

  it('is read page after page, from ledger and gateway, with names that cannot be opened left out', async () => {
    const item = {
      version: 1,
      blocks: 3,
      blockSize: 65_536,
      state: 'damaged',
      safe: true,
      replicas: 1,
      wantedReplicas: 3,
      lastVerdict: null,
      lastVerdictAt: null,
      card: '',
    };
    const asked = gatewayThat((_, count) =>
      Response.json({
        items: [{ ...item, fileId: count === 1 ? other.fileId : file.fileId }],
        next: count === 1 ? 'a b' : null,
      }),
    );
    const { files, storing } = await listFiles(session(pages));
    expect(asked).toHaveLength(2);
    expect(storing).toBe(0);
    expect(files.map(({ fileId, name, state, nodes }) => ({ fileId, name, state, nodes }))).toEqual(
      [
        { fileId: file.fileId, name: undefined, state: 'damaged', nodes: ['birch-1', 'birch-2'] },
        { fileId: other.fileId, name: undefined, state: 'retired', nodes: [] },
      ],
    );
  });

  it('comes to its end although the gateway has pages without end', async () => {
    const asked = gatewayThat((_, count) => Response.json({ items: [], next: `c${count}` }));
    const { files } = await listFiles(session(pages));
    expect(files.map(({ state }) => state)).toEqual(['awaiting-audit', 'retired']);
    expect(asked.length).toBeLessThan(5);
  });

  it('is the ledger’s where the gateway refuses, and none where the ledger is about another owner', async () => {
    gatewayThat(() => refusal());
    const { files } = await listFiles(session(pages));
    expect(files.map(({ state }) => state)).toEqual(['awaiting-audit', 'retired']);
    const others = fileState({ file: fileRecord({ ownerId: 'b2'.repeat(32) }) });
    const wrong = session({ ...now, 'files:list': () => ({ items: [others], next: null }) });
    await expect(listFiles(wrong)).rejects.toMatchObject({ code: 'ANSWER_FALSE' });
  });

  it('hides no bug of ours behind a missing name', async () => {
    gatewayThat(() => refusal());
    const bug = () => {
      throw new Error('bug');
    };
    await expect(listFiles(session({ ...pages, 'shares:ofFile': bug }))).rejects.toThrow('bug');
    const recovering = recoverFiles(session({ ...pages, 'shares:ofFile': bug }));
    await expect(recovering.next()).rejects.toThrow('bug');
  });

  it('in a recovery leaves out what is retired, and says what is wrong with the others', async () => {
    const found = [];
    for await (const each of recoverFiles(session(pages))) found.push(each);
    expect(found).toMatchObject([{ fileId: file.fileId, problem: { code: 'NOT_FOUND' } }]);
  });

  it('needs no names on the device: a cache that is damaged is begun anew', async () => {
    const own = session(now);
    const path = join(home(), 'names.sealed');
    const facts = { name: 'letter', type: '', modifiedAt: 0, size: 3 };
    const cache = await openFactsCache(own);
    cache.set(file.fileId, facts);
    await cache.save();
    const sealed = await readFile(path, 'utf8');
    await cache.save();
    expect(await readFile(path, 'utf8')).toBe(sealed);
    expect((await openFactsCache(own)).get(file.fileId)).toEqual(facts);
    for (const text of ['', 'no base64', base64url(randomBytes(80))]) {
      await writeFile(path, text);
      expect((await openFactsCache(own)).get(file.fileId)).toBeUndefined();
    }
  });
});

describe('a verdict', () => {
  const audit = (epoch: number) =>
    ({ fileId: file.fileId, epoch, node: 'birch-1', verdict: 'intact', uids: [] }) as never;
  const ask = { fromEpoch: 11, node: null, blocks: null, epoch: 9 };
  const asking: Answers = { ...now, 'files:get': () => fileState({ ask, due: dueRecord() }) };

  it('is not waited for longer than patience lasts', async () => {
    const early = session({
      ...asking,
      'audits:ofFile': () => ({ items: [audit(10)], next: null }),
    });
    const { fileId } = file;
    expect(await awaitAudit(early, fileId, 11, -1)).toBeUndefined();
    const told: number[] = [];
    const asked = ({ fromEpoch }: { fromEpoch: number }) => void told.push(fromEpoch);
    const options = { patienceMs: -1, asked };
    expect(await verdictOf(early, newLanes(), fileId, options)).toEqual({
      fromEpoch: 11,
      transactionId: undefined,
      audit: undefined,
    });
    expect(told).toEqual([11]);
  });

  it('is the first from the epoch on that was asked for, and needs no word of the gateway', async () => {
    gatewayThat(() => refusal());
    const items = [audit(14), audit(12), audit(10)];
    const late = session({ ...asking, 'audits:ofFile': () => ({ items, next: null }) });
    const { audit: found } = await verdictOf(late, newLanes(), file.fileId, {});
    expect(found).toMatchObject({ epoch: 12, at: null, transactionId: null });
  });

  it('is none before the first audit, and then the gateway is not asked', async () => {
    const asked = gatewayThat(() => refusal());
    const none = session({ ...asking, 'audits:ofFile': () => ({ items: [], next: null }) });
    expect(await listAudits(none, file.fileId)).toEqual([]);
    expect(asked).toEqual([]);
  });

  it('at once names node and blocks only where the owner did', async () => {
    const answer = {
      node: 'birch-1',
      sampled: 1,
      verdict: 'intact',
      durationMs: 1,
      damagedUids: [],
    };
    const asked = gatewayThat(() => Response.json({ now: answer, href: '' }));
    for (const options of [{}, { node: 'birch-1', blocks: 'all' as const }]) {
      await challengeNow(session(now), file.fileId, options);
    }
    const bodies = asked.map(({ body }) => JSON.parse(Buffer.from(body).toString()) as unknown);
    expect(bodies).toEqual([{}, { node: 'birch-1', blocks: 'all' }]);
  });
});

describe('a download', () => {
  const range = { start: 10, end: 16 };
  async function take(): Promise<string> {
    const parts = [];
    for await (const part of readContent(session(now).api, file.fileId, range)) parts.push(part);
    return Buffer.concat(parts).toString();
  }

  it('is taken up again where it stood, as long as something comes', async () => {
    gatewayThat((_, count) => new Response('abcdef'.slice(count - 1, count)));
    expect(await take()).toBe('abcdef');
  });

  it('is given up where answer after answer brings no byte', async () => {
    const asked = gatewayThat((_, count) =>
      count === 1 ? new Response('ab') : new Response(null),
    );
    await expect(take()).rejects.toMatchObject({
      code: 'GATEWAY_UNREACHABLE',
      detail: 'the download broke off at byte 12',
    });
    expect(asked).toHaveLength(3);
  });

  it('that cannot be written leaves nothing and says why', async () => {
    const folder = join(home(), 'out');
    async function* bytes() {
      yield Buffer.from('abc');
      await rm(folder, { recursive: true });
    }
    await expect(saveFile(join(folder, 'file'), bytes())).rejects.toThrow('ENOENT');
  });
});
