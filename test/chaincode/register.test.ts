/** What `files:register` takes, in one transaction. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { firstVersion } from '@holdfast/protocol/acceptance.js';
import { base64url } from '@holdfast/protocol/bytes.js';
import { type BornLedger, newBornLedger } from '../support/born-ledger.ts';
import {
  acceptedBy,
  newTestFile,
  type TestFile,
  type TestFileOptions,
  type TestOwner,
} from '../support/owner-of-files.ts';

let ledger: BornLedger;
let ann: TestOwner;
let bob: TestOwner;

beforeAll(async () => {
  ledger = await newBornLedger();
  ann = await ledger.openOwner('ann');
  bob = await ledger.openOwner('bob', 'Cedar');
  await ledger.advance(3);
});
afterAll(() => ledger.close());

const prepare = (owner: TestOwner, options: Partial<TestFileOptions> = {}): Promise<TestFile> =>
  newTestFile(owner, { epoch: ledger.epoch(), ...options });
const register = (owner: TestOwner, { registration }: TestFile) =>
  ledger.submit(owner.identity, 'files:register', registration);

/** The first generation of ann's shares as it stands on the ledger. */
const sharesOf = ({ fileId, registration: { epoch, shares } }: TestFile) => ({
  ...shares,
  fileId,
  generation: 1,
  purpose: 'self',
  sealedAtEpoch: epoch,
  recipientId: ann.ownerId,
});

describe('a registration', () => {
  let file: TestFile;

  it('writes all that stands for a file, in one transaction', async () => {
    file = await prepare(ann);
    const { fileId, registration } = file;
    const { reads, writes, event, result } = await register(ann, file);
    const { ownerId, tagKeyId } = ann;
    const { version, terms, anchor, acceptance, chameleonHash, opening } = registration;
    expect(result).toEqual({ fileId, version: 1 });
    const { root } = version;
    expect(event).toEqual({
      name: 'FileRegistered',
      payload: { fileId, ownerId, providerId: 'Birch', version: 1, root, epoch: 3 },
    });
    const signer = reads.find((key) => key.startsWith('signer/')) ?? '';
    expect(reads).toEqual(
      [
        'config',
        signer,
        `account/${ownerId}`,
        'beacon/000000000003',
        'beacon/000000000005',
        `file/${fileId}`,
        `tagkey/${tagKeyId}`,
        'organisation/Birch/provider',
        // Not in the design's table: nobody may write over another's anchor.
        `anchor/${anchor}`,
      ].sort(),
    );
    const chameleonKey = base64url(ann.chameleonKey);
    const { nodes, ...price } = terms;
    expect(Object.fromEntries(writes)).toEqual({
      [`file/${fileId}`]: {
        ...firstVersion(version),
        ...price,
        fileId,
        ownerId,
        tagKeyId,
        chameleonKey,
        chameleonHash,
        opening,
        anchor,
        acceptance,
        acceptedNodes: nodes,
        epochRegistered: 3,
        epochAmended: 3,
        custody: 'owner',
        state: 'active',
      },
      [`placement/${fileId}`]: { nodes },
      [`owned/${ownerId}/${fileId}`]: { epoch: 3 },
      [`anchor/${anchor}`]: { fileId, root },
      [`member/Birch/000000000003/${fileId}`]: { fileId, chameleonKey, chameleonHash },
      [`shares/${fileId}/000001`]: sharesOf(file),
      [`due/Birch/${fileId}`]: {
        from: 5,
        last: null,
        verdict: null,
        node: null,
        uids: [],
        paidTo: 3,
      },
    });
  });

  it('can be looked up by id, by anchor and by owner, and so can its key shares', async () => {
    const by = bob.identity;
    const { fileId, registration } = file;
    const found = await ledger.evaluate(by, 'files:get', { fileId });
    expect(found).toMatchObject({ file: { fileId, ownerId: ann.ownerId }, ask: null });
    const { anchor, version } = registration;
    const byAnchor = await ledger.evaluate(by, 'files:byAnchor', { anchor });
    expect(byAnchor).toEqual({ fileId, root: version.root });
    const page = await ledger.evaluate(by, 'files:list', { ownerId: ann.ownerId });
    expect(page).toEqual({ items: [found], next: null });
    expect(await ledger.evaluate(by, 'shares:ofFile', { fileId })).toEqual(sharesOf(file));
    const other = 'f'.repeat(64);
    expect((await ledger.refusal(by, 'files:get', { fileId: other })).code).toBe('NOT_FOUND');
    expect((await ledger.refusal(by, 'files:byAnchor', { anchor: other })).code).toBe('NOT_FOUND');
    expect((await ledger.refusal(by, 'shares:ofFile', { fileId: other })).code).toBe('NOT_FOUND');
  });

  it('is taken once', async () => {
    const { code } = await ledger.refusal(ann.identity, 'files:register', file.registration);
    expect(code).toBe('ALREADY_EXISTS');
  });

  it('does not write over the anchor of another file', async () => {
    const eve = await prepare(bob);
    const { anchor } = file.registration;
    const { version, terms } = eve.registration;
    const stolen = acceptedBy(bob, eve.fileId, firstVersion(version), { anchor, terms });
    const args = { ...eve.registration, ...stolen };
    const refusal = await ledger.refusal(bob.identity, 'files:register', args);
    expect(refusal.message).toBe('ALREADY_EXISTS: this anchor stands for another file');
  });

  it('of two owners never conflicts, also with the beacon of an epoch after', async () => {
    const [one, two] = [await prepare(ann), await prepare(bob)];
    const first = await ledger.endorse(ann.identity, 'files:register', one.registration);
    const second = await ledger.endorse(bob.identity, 'files:register', two.registration);
    await ledger.advance();
    const done = await Promise.all([first.commit(), second.commit()]);
    expect(done.map(({ result }) => result.fileId)).toEqual([one.fileId, two.fileId]);
  });

  it('whose epoch ends while it is under way is to be made again', async () => {
    const late = await prepare(ann);
    const endorsed = await ledger.endorse(ann.identity, 'files:register', late.registration);
    await ledger.advance(2);
    await expect(endorsed.commit()).rejects.toMatchObject({ code: 'CONFLICT' });
    const refusal = await ledger.refusal(ann.identity, 'files:register', late.registration);
    expect(refusal.code).toBe('EPOCH_PASSED');
  });

  it('fits 12 KiB with five shares and three endorsements', async () => {
    const { registration } = await prepare(ann);
    const { size } = await ledger.endorse(ann.identity, 'files:register', registration, {
      endorsers: ['Alder', 'Birch', 'Cedar'],
    });
    const more = await prepare(ann, { sharing: { shareCount: 6, threshold: 3, privacy: 2 } });
    const larger = await ledger.endorse(ann.identity, 'files:register', more.registration, {
      endorsers: ['Alder', 'Birch', 'Cedar'],
    });
    process.stderr.write(
      `files:register: ${size} bytes, ${larger.size - size} for one more share\n`,
    );
    expect(size).toBeLessThanOrEqual(12 * 1024);
    expect(larger.size - size).toBeLessThanOrEqual(760);
  });
});
