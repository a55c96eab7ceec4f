/** The rules of `answer`, `concede` and `miss` one by one, each at its boundary, on records laid out by hand. */
import {
  BLOCKS,
  layAudits,
  type LaidAudits,
  NEWEST,
  OPEN as E,
  twelve,
} from '../support/laid-audits.ts';
import { newCaller, type Records, refusal, type Signing, taken } from '../support/laid-ledger.ts';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { dueRecord } from '../support/audit-records.ts';
import { CONFIG } from '../support/consortium.ts';

let birch: Signing;
let held: LaidAudits['held'];
let records: Records;
let idOf: LaidAudits['idOf'];
let changed: LaidAudits['changed'];
let answerTo: LaidAudits['answerTo'];

beforeAll(async () => {
  ({ birch, held, records, idOf, changed, answerTo } = await layAudits());
});

/** The records with a file that another provider keeps. */
const keptByCedar = (which: number): Records => ({
  ...changed(`file/${idOf(which)}`, { providerId: 'Cedar' }),
  [`due/Cedar/${idOf(which)}`]: records[`due/Birch/${idOf(which)}`],
});

/** Two groups of an answer: two files, and one. */
async function twoGroups() {
  const args = await answerTo(records, held);
  const [first, second] = args.groups;
  if (first === undefined || second === undefined) throw new Error('two groups');
  return { args, first, second };
}

const verdict = (which: number, change: object) => ({
  fileId: idOf(which),
  epoch: E,
  now: E,
  providerId: 'Birch',
  node: 'birch-1',
  delegate: 'Alder',
  version: 1,
  blockCount: BLOCKS,
  sampled: BLOCKS,
  verdict: 'intact',
  uids: [],
  independent: true,
  ...change,
});

describe('an answer', () => {
  it('settles each of its files, and tells of all', async () => {
    const args = await answerTo(records, held, E + 2);
    const { writes, result, event } = await taken(records, birch, 'audits:answer', args);
    const audits = [0, 1, 2].map((which) => verdict(which, { now: E + 2 }));
    expect(result).toEqual({ audits });
    expect(event).toEqual({ name: 'AuditsAnswered', payload: { audits } });
    const due = { from: E + 3, last: E, verdict: 'intact', node: null, uids: [], paidTo: E };
    const settled = audits.flatMap((audit) => [
      [`audit/${audit.fileId}/${twelve(E)}`, audit],
      [`due/Birch/${audit.fileId}`, due],
    ]);
    expect(Object.fromEntries(writes)).toEqual(Object.fromEntries(settled));
  });

  it('is not independent where the provider’s own agent keeps the keys', async () => {
    const kept = changed(`file/${idOf(2)}`, { custody: 'Birch' });
    const args = await answerTo(kept, held.slice(2));
    const { result } = await taken(kept, birch, 'audits:answer', args);
    expect(result).toEqual({ audits: [verdict(2, { independent: false })] });
  });

  it('is spelled in one way, and holds no file twice', async () => {
    const { args, first, second } = await twoGroups();
    const [[a, b], [c]] = [first.files, second.files];
    const refused = (groups: readonly object[]) =>
      refusal(records, birch, 'audits:answer', { ...args, groups });
    const keys = (i: number) => `INPUT_INVALID: /groups/${i}/tagKeyId: expected ascending tag keys`;
    const files = (i: number, j: number) =>
      `INPUT_INVALID: /groups/${i}/files/${j}: expected ascending files`;
    expect(await refused([second, first])).toBe(keys(1));
    expect(await refused([first, first])).toBe(keys(1));
    expect(await refused([{ ...first, files: [b, a] }, second])).toBe(files(0, 1));
    expect(await refused([first, { ...second, files: [c, c] }])).toBe(files(1, 1));
  });

  it('covers the provider’s own files under their own key', async () => {
    const args = await answerTo(records, held.slice(2));
    const refused = (given: Records) => refusal(given, birch, 'audits:answer', args);
    expect(await refused(keptByCedar(2))).toBe(
      `NOT_ALLOWED: file ${idOf(2).slice(0, 12)}… is kept by Cedar`,
    );
    const { tagKeyId: other } = held[0]?.file ?? {};
    expect(await refused(changed(`file/${idOf(2)}`, { tagKeyId: other }))).toBe(
      `INPUT_INVALID: file ${idOf(2).slice(0, 12)}… is tagged with another key`,
    );
    const own = held[2]?.file.tagKeyId ?? '';
    expect(await refused({ ...records, [`tagkey/${own}`]: null })).toBe(
      `NOT_FOUND: no tag key ${own.slice(0, 12)}…`,
    );
  });

  it('writes nothing where one proof of two does not hold', async () => {
    const { args, first, second } = await twoGroups();
    for (const groups of [
      [{ ...first, proof: second.proof }, second],
      [first, { ...second, proof: first.proof }],
      [{ ...first, files: first.files.slice(1) }, second],
    ]) {
      expect(await refusal(records, birch, 'audits:answer', { ...args, groups })).toBe(
        'PROOF_INVALID: the proofs do not hold',
      );
    }
  });

  it('samples no more blocks than the limit, unless it is of one file alone', async () => {
    const limitedTo = async (most: number, count: number) => {
      const config = { ...(records['config'] as object), answerBlocks: most };
      const args = await answerTo(records, held.slice(0, count));
      return [{ ...records, config }, birch, 'audits:answer', args] as const;
    };
    expect((await taken(...(await limitedTo(3 * BLOCKS, 3)))).writes.size).toBe(6);
    expect(await refusal(...(await limitedTo(3 * BLOCKS - 1, 3)))).toBe(
      `TOO_LARGE: ${3 * BLOCKS} blocks sampled, of at most ${3 * BLOCKS - 1}`,
    );
    expect((await taken(...(await limitedTo(1, 1)))).writes.size).toBe(2);
    expect(await refusal(...(await limitedTo(1, 2)))).toBe(
      'TOO_LARGE: 2 blocks sampled, of at most 1',
    );
  });

  it('counts towards that limit what was asked for', async () => {
    const ask = { fromEpoch: E, node: null, blocks: 1 };
    const asked = {
      ...records,
      config: { ...(records['config'] as object), answerBlocks: BLOCKS + 1 },
      [`ask/${idOf(0)}`]: ask,
    };
    const args = await answerTo(asked, held.slice(0, 2));
    const { result } = await taken(asked, birch, 'audits:answer', args);
    expect(result).toMatchObject({ audits: [{ sampled: 1 }, { sampled: BLOCKS }] });
  });
});

describe('an audit', () => {
  const miss = (now = NEWEST) => ({ fileId: idOf(0), epoch: E, now });
  const refused = (given: Records, args: object = miss()) =>
    refusal(given, birch, 'audits:miss', args);

  it('is of a file that stands, due and not settled in that epoch', async () => {
    const [id, name] = [idOf(0), `${idOf(0).slice(0, 12)}…`];
    const without = (type: string) => refused({ ...records, [`${type}/${id}`]: null });
    expect(await without('file')).toBe(`NOT_FOUND: no file ${name}`);
    expect(await without('placement')).toBe(`NOT_FOUND: no placement of ${name}`);
    expect(await without('due/Birch')).toBe(`NOT_FOUND: no audits of ${name}`);
    expect(await refused(changed(`file/${id}`, { state: 'retired' }))).toBe(
      `NOT_FOUND: file ${name} is retired`,
    );
    expect(await refused({ ...records, [`audit/${id}/${twelve(E)}`]: {} })).toBe(
      `ALREADY_EXISTS: the audit of ${name} in epoch ${E} is settled`,
    );
    for (const from of [E - 1, E + 1]) {
      expect(await refused(changed(`due/Birch/${id}`, { from }))).toBe(
        `NOT_DUE: file ${name} has no challenge open in epoch ${E}`,
      );
    }
  });

  it('names an epoch that began, from that of the challenge on', async () => {
    const begun = (epoch: number) => `NOT_FOUND: no beacon ${epoch} yet`;
    expect(await refused(records, miss(NEWEST + 1))).toBe(begun(NEWEST + 1));
    expect(await refused({ ...records, [`beacon/${twelve(E)}`]: null })).toBe(begun(E));
    expect(await refused(records, miss(E - 1))).toBe(`INPUT_INVALID: /now: expected ${E} or later`);
    const args = await answerTo(records, held, E);
    const later = { ...records, [`beacon/${twelve(E + 1)}`]: null };
    expect((await taken(later, birch, 'audits:answer', args)).writes.size).toBe(6);
  });

  it('needs the beacon of every epoch that could have opened it', async () => {
    const due = dueRecord({ from: E - 2, last: E - 3, verdict: 'intact' });
    const asked = {
      ...changed(`due/Birch/${idOf(0)}`, due),
      [`ask/${idOf(0)}`]: { fromEpoch: E, node: null, blocks: null },
    };
    expect((await taken(asked, birch, 'audits:miss', miss())).writes.size).toBe(3);
    expect(await refused({ ...asked, [`beacon/${twelve(E - 1)}`]: null })).toBe(
      `NOT_FOUND: no beacon ${E - 1} yet`,
    );
  });

  it('spends what was asked for its epoch, and nothing that was asked for a later one', async () => {
    const removed = async (fromEpoch: number) => {
      const asked = { ...records, [`ask/${idOf(0)}`]: { fromEpoch, node: 'birch-9', blocks: 1 } };
      const { writes, result } = await taken(asked, birch, 'audits:miss', miss());
      return [writes.get(`ask/${idOf(0)}`), (result as { audit: { node: string } }).audit.node];
    };
    expect(await removed(E)).toEqual([null, 'birch-9']);
    expect(await removed(E + 1)).toEqual([undefined, 'birch-1']);
  });

  it('has no verdict where no delegate stands behind its beacon', async () => {
    expect(await refused(changed(`beacon/${twelve(E)}`, { delegate: null }))).toBe(
      'INTERNAL: bug: nothing is due in epoch 0',
    );
  });
});

describe('a miss', () => {
  it.each([
    ['the challenge', 1, E + CONFIG.answerWindow],
    ['a newer version', E + 1, E + 1 + CONFIG.answerWindow],
  ])('is one when the window from %s on is over', async (_, epochAmended, end) => {
    const given = changed(`file/${idOf(0)}`, { epochAmended });
    const ann = await newCaller('Alder', 'owner');
    const miss = { fileId: idOf(0), epoch: E, now: end };
    const early = { ...miss, now: end - 1 };
    expect(await refusal(given, ann, 'audits:miss', early)).toBe(
      `NOT_DUE: the provider may answer until epoch ${end}`,
    );
    const { writes, result, event } = await taken(given, ann, 'audits:miss', miss);
    const audit = verdict(0, { now: end, verdict: 'unanswered' });
    expect(result).toEqual({ audit });
    expect(event).toEqual({ name: 'AuditMissed', payload: { audit } });
    expect(Object.fromEntries(writes)).toEqual({
      [`audit/${idOf(0)}/${twelve(E)}`]: audit,
      [`due/Birch/${idOf(0)}`]: {
        from: end + 1,
        last: E,
        verdict: 'unanswered',
        node: 'birch-1',
        uids: [],
        paidTo: 3,
      },
    });
  });
});

describe('a concession', () => {
  const concession = (uids: number[]) => ({ fileId: idOf(0), epoch: E, now: E, uids });

  it('names challenged blocks, each once, from the first on', async () => {
    const { result, event, writes } = await taken(
      records,
      birch,
      'audits:concede',
      concession([0, 1, 3]),
    );
    const audit = verdict(0, { verdict: 'damaged', uids: [0, 1, 3] });
    expect(result).toEqual({ audit });
    expect(event).toEqual({ name: 'AuditConceded', payload: { audit } });
    expect(writes.get(`due/Birch/${idOf(0)}`)).toMatchObject({ node: 'birch-1', uids: [0, 1, 3] });
    const refused = (uids: number[]) => refusal(records, birch, 'audits:concede', concession(uids));
    const order = (i: number) => `INPUT_INVALID: /uids/${i}: expected ascending block ids`;
    expect(await refused([1, 0])).toBe(order(1));
    expect(await refused([0, 2, 2])).toBe(order(2));
    expect(await refused([0, BLOCKS])).toBe(
      `INPUT_INVALID: /uids/1: block ${BLOCKS} is not in the challenge`,
    );
  });

  it('is the provider’s own', async () => {
    expect(await refusal(keptByCedar(0), birch, 'audits:concede', concession([0]))).toMatch(
      'NOT_ALLOWED: file',
    );
  });
});
