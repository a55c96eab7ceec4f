/** An owner at work with a ledger that is behind, overtaken, or answers about something else. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { base64url, fromHex } from '@holdfast/protocol/bytes.js';
import { ready } from '@holdfast/protocol/curve.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { encodeLeaf } from '@holdfast/protocol/leaf-list.js';
import { ownerSecrets } from '@holdfast/protocol/owner-secrets.js';
import type { ActingOwner } from '@holdfast/protocol/owner/acting-owner.js';
import { ownTagKeyId } from '@holdfast/protocol/owner/acting-owner.js';
import { askForAudit } from '@holdfast/protocol/owner/ask-audit.js';
import { isRegistered, readFileState } from '@holdfast/protocol/owner/file-keys.js';
import { LANES, newLanes } from '@holdfast/protocol/owner/lanes.js';
import { findAccount, openAccount, readBalance } from '@holdfast/protocol/owner/open-account.js';
import { readDelegateName, readParties, readProvider } from '@holdfast/protocol/owner/parties.js';
import { registerFile, type Registration } from '@holdfast/protocol/owner/register.js';
import { readRegistered } from '@holdfast/protocol/owner/store-file.js';
import { blocksOf, openStored } from '@holdfast/protocol/owner/stored-file.js';
import { answeringLedger, type Answers } from '../support/answering-ledger.ts';
import { fileRecord, fileState, threeOrganisations } from '../support/audit-records.ts';
import { seededRandom } from '../support/property.ts';
import { refusalOfAsync } from '../support/refusal.ts';

const OWNER = 'a1'.repeat(32);
const config = threeOrganisations();
const { fileId } = fileRecord();
const beacon = { epoch: 9, value: 'ee'.repeat(32), delegate: 'Alder', signature: null };
const now: Answers = { 'accounts:config': () => config, 'beacons:current': () => beacon };

let owner: Omit<ActingOwner, 'ledger'>;
beforeAll(async () => {
  await ready();
  const secrets = await ownerSecrets(new Uint8Array(32).fill(9));
  owner = {
    ownerId: fromHex(OWNER),
    custody: 'owner',
    channel: 'holdfast',
    secrets,
    tagKeyId: ownTagKeyId(OWNER, secrets),
    random: seededRandom(),
  };
});

const soon = () => Promise.resolve();
const acting = (answers: Answers) => ({ ...owner, ledger: answeringLedger(answers) });

describe('a file on the ledger', () => {
  it('is the owner’s, or is refused', async () => {
    const own = acting({ 'files:get': () => fileState() });
    expect((await readFileState(own, fileId)).file.fileId).toBe(fileId);
    expect(await isRegistered(own, fileId)).toBe(true);
    const file = fileRecord({ ownerId: 'b2'.repeat(32) });
    const others = acting({ 'files:get': () => fileState({ file }) });
    const refusal = await refusalOfAsync(readFileState(others, fileId));
    expect(refusal).toMatchObject({
      code: 'NOT_ALLOWED',
      detail: 'file f1f1f1f1f1f1 has another owner',
    });
    await expect(isRegistered(others, fileId)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  });

  it('is not there, or the answer is about another file', async () => {
    expect(await isRegistered(acting({}), fileId)).toBe(false);
    const other = acting({ 'files:get': () => fileState() });
    await expect(isRegistered(other, 'f2'.repeat(32))).rejects.toMatchObject({
      code: 'ANSWER_FALSE',
    });
  });

  it('is read no more once it is retired', async () => {
    const file = fileRecord({ state: 'retired' });
    const own = acting({ 'files:get': () => fileState({ file, due: null }) });
    const parts = () => Promise.reject(new Error('nothing is read of it'));
    const refusal = await refusalOfAsync(openStored(own, fileId, parts));
    expect(refusal).toMatchObject({ code: 'NOT_FOUND', detail: 'file f1f1f1f1f1f1 is retired' });
  });

  it('has leaves that count up from 0 and give its root', () => {
    const digest = new Uint8Array(32);
    const leaf = (uid: number) => encodeLeaf({ uid, length: 65_536, digest });
    const file = fileRecord({ blockCount: 1 });
    for (const leaves of [leaf(1), leaf(0), new Uint8Array()]) {
      expect(() => blocksOf(acting({}), file, leaves)).toThrow('ANSWER_FALSE');
    }
  });
});

describe('asking for an audit', () => {
  const lanes = newLanes();
  const asked = { 'files:ask': () => ({ fileId, fromEpoch: 11 }) } as const;
  const answers: Answers = { ...now, ...asked, 'files:get': () => fileState() };

  it('names node and blocks, or leaves both to the beacon', async () => {
    const own = acting(answers);
    expect((await askForAudit(own, lanes, fileId, {})).fromEpoch).toBe(11);
    await askForAudit(own, lanes, fileId, { node: 'birch-2', blocks: 'all' });
    await askForAudit(own, lanes, fileId, { blocks: 7 });
    const args = { fileId, epoch: 9, node: null, blocks: null };
    expect(own.ledger.submitted.map((each) => each.args)).toMatchObject([
      args,
      { ...args, node: 'birch-2', blocks: 300 },
      { ...args, blocks: 7 },
    ]);
  });

  it('asks once while an audit is pending', async () => {
    const ask = { fromEpoch: 12, node: null, blocks: 1, epoch: 9 };
    const own = acting({ ...answers, 'files:get': () => fileState({ ask }) });
    const { fromEpoch, transactionId } = await askForAudit(own, lanes, fileId, {});
    expect([fromEpoch, transactionId]).toEqual([12, undefined]);
    expect(own.ledger.submitted).toEqual([]);
  });

  it('sends nothing that one transaction could not prove', async () => {
    const own = acting(answers);
    const refusal = await refusalOfAsync(askForAudit(own, lanes, fileId, { blocks: 1_001 }));
    expect(refusal).toMatchObject({ code: 'INPUT_INVALID', pointer: '/blocks' });
    expect(refusal.detail).toContain('at most 1000');
    expect(own.ledger.submitted).toEqual([]);
  });

  it('does not take the answer about another file', async () => {
    const wrong = { 'files:ask': () => ({ fileId: 'f2'.repeat(32), fromEpoch: 11 }) };
    const own = acting({ ...answers, ...wrong });
    await expect(askForAudit(own, lanes, fileId, {})).rejects.toMatchObject({
      code: 'ANSWER_FALSE',
    });
  });
});

describe('lanes', () => {
  it('are never used by two at once; who comes later waits, also behind one that fails', async () => {
    const lanes = newLanes();
    const busy = new Set<number>();
    const ends: (() => void)[] = [];
    const work = (lane: number) => {
      expect(busy.has(lane)).toBe(false);
      busy.add(lane);
      return new Promise<number>((resolve, reject) => {
        const end = () => (busy.delete(lane), ends.length % 2 === 0 ? resolve(lane) : reject(lane));
        ends.push(end);
      });
    };
    const all = Array.from({ length: LANES + 2 }, () =>
      lanes.within(work).catch((lane: number) => lane),
    );
    await Promise.resolve();
    await Promise.resolve();
    expect(busy.size).toBe(LANES);
    while (ends.length > 0) {
      ends.shift()?.();
      await new Promise(setImmediate);
    }
    expect((await Promise.all(all)).toSorted((a, b) => a - b)).toEqual([0, 0, 1, 1, 2, 3]);
  });
});

describe('opening an account', () => {
  const accountOf = (own: typeof owner) => ({
    ownerId: OWNER,
    mspId: 'Alder',
    custody: 'owner',
    hpkeKey: base64url(own.secrets.hpke.publicKey),
    chameleonKey: base64url(own.secrets.chameleonKey),
    tagKeyId: own.tagKeyId,
  });
  const purse = {
    lanes: [{ lane: 0, balance: '40' }],
    credits: { items: [], next: null },
  };
  const opened = (tagKeyId = owner.tagKeyId): Answers => ({
    'accounts:open': () => ({ ownerId: OWNER, tagKeyId }),
    'accounts:purse': () => purse as never,
  });
  const nowhere = async () => undefined;

  it('ends where the ledger has committed it and shows none', async () => {
    const refusal = await refusalOfAsync(openAccount(acting(opened()), nowhere, () => undefined));
    expect(refusal).toMatchObject({ code: 'ANSWER_FALSE' });
    expect(refusal.detail).toContain('is not on the ledger');
  });

  it('finds no account of other keys than its seed gives', async () => {
    const other = { ...accountOf(owner), hpkeKey: base64url(new Uint8Array(32)) };
    await expect(
      findAccount(acting({ 'accounts:get': () => other as never })),
    ).rejects.toMatchObject({ code: 'ANSWER_FALSE' });
    expect(await findAccount(acting({}))).toBeUndefined();
    const down = () => {
      throw new HoldfastError('LEDGER_UNREACHABLE', 'no peer answers');
    };
    await expect(findAccount(acting({ 'accounts:get': down }))).rejects.toMatchObject({
      code: 'LEDGER_UNREACHABLE',
    });
  });

  it('counts lanes and notes together', async () => {
    const items = [{ creditId: 'c', amount: '2' }];
    const answers = { 'accounts:purse': () => ({ ...purse, credits: { items, next: null } }) };
    expect(await readBalance(acting(answers as never))).toBe('42');
  });
});

describe('whom an owner depends on', () => {
  it('is read only where the consortium has a provider, and the record is the one asked for', async () => {
    const none = acting(now).ledger;
    const refusal = await refusalOfAsync(readProvider(none, config));
    expect(refusal).toMatchObject({ code: 'NOT_FOUND', detail: 'no organisation is a provider' });
    const delegate = { mspId: 'Alder', role: 'delegate', name: 'Dana' };
    const answers = { ...now, 'accounts:organisation': () => delegate as never };
    const { ledger } = acting(answers);
    await expect(readParties(ledger)).rejects.toMatchObject({ code: 'ANSWER_FALSE' });
    expect(await readDelegateName(ledger, 'Alder')).toBe('Dana');
    const other = await refusalOfAsync(readDelegateName(ledger, 'Cedar'));
    expect(other.code).toBe('ANSWER_FALSE');
  });
});

describe('registering a file', () => {
  const registration = (expiryEpoch: number): Registration => ({
    channel: 'holdfast',
    fileId,
    ownerId: OWNER,
    tagKeyId: 'b1'.repeat(32),
    salt: new Uint8Array(32),
    version: fileRecord(),
    terms: {
      providerId: 'Birch',
      nodes: ['birch-1', 'birch-2'],
      pricePerEpoch: '0',
      bond: '0',
      couponId: '0'.repeat(64),
      expiryEpoch,
    },
    answer: { acceptance: 'mine', anchor: '', cid: '', nodes: [] },
    keys: { fileKey: new Uint8Array(32).fill(1), fileSecret: new Uint8Array(32).fill(2) },
    fileNonce: new Uint8Array(32),
  });

  it('sends nothing once the terms have expired', async () => {
    const own = acting({ ...now, 'files:register': () => ({ fileId, version: 1 }) as never });
    const refusal = await refusalOfAsync(registerFile(own, registration(8), 0));
    expect(refusal).toMatchObject({ code: 'ACCEPTANCE_INVALID' });
    expect(refusal.detail).toBe('the terms expired in epoch 8, it is 9');
    expect(own.ledger.submitted).toEqual([]);
    expect((await registerFile(own, registration(9), 3)).epoch).toBe(9);
    expect(own.ledger.submitted[0]?.args).toMatchObject({ epoch: 9, lane: 3 });
  });

  it('is not believed before the very version stands on the ledger', async () => {
    const read = (file: Parameters<typeof fileRecord>[0]) =>
      readRegistered(
        acting({ 'files:get': () => fileState({ file: fileRecord(file) }) }),
        registration(9),
        soon,
      );
    expect((await read({ acceptance: 'mine' })).file.fileId).toBe(fileId);
    for (const other of [{ acceptance: 'other' }, { acceptance: 'mine', root: 'd1'.repeat(32) }]) {
      await expect(read(other)).rejects.toMatchObject({ code: 'ANSWER_FALSE' });
    }
  });

  it.each([
    [7, true],
    [8, false],
  ])('is waited for where peers lag behind its acknowledgement: %i times', async (lags, comes) => {
    let asked = 0;
    const answers: Answers = {
      'files:get': () => {
        if (asked++ < lags) throw new HoldfastError('NOT_FOUND', 'no file');
        return fileState({ file: fileRecord({ acceptance: 'mine' }) });
      },
    };
    // the control: without patience the first peer that lags is believed
    await expect(readFileState(acting(answers), fileId)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    asked = 0;
    const reading = readRegistered(acting(answers), registration(9), soon).then(
      ({ file }) => file.fileId,
      (error: HoldfastError) => error.code,
    );
    expect(await reading).toBe(comes ? fileId : 'NOT_FOUND');
  });
});
