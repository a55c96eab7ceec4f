/** Everything that `files:register` refuses. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { firstVersion } from '@holdfast/protocol/acceptance.js';
import { base64url, fromBase64url, fromHex } from '@holdfast/protocol/bytes.js';
import { ORDER } from '@holdfast/protocol/scalar.js';
import type { Args } from '@holdfast/protocol/ledger-transactions.js';
import { badPoints, shifted } from '../support/bad-points.ts';
import { type BornLedger, newBornLedger } from '../support/born-ledger.ts';
import { CHANNEL, CONFIG, NODES, providerAnnouncement } from '../support/consortium.ts';
import {
  acceptedBy,
  newTestFile,
  type TestFile,
  type TestFileOptions,
  type TestOwner,
} from '../support/owner-of-files.ts';
import { flipped } from '../support/tamper.ts';

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

type Registration = Args<'files:register'>;
const prepare = (owner: TestOwner, options: Partial<TestFileOptions> = {}): Promise<TestFile> =>
  newTestFile(owner, { epoch: ledger.epoch(), ...options });
describe('a registration is refused, and leaves no trace,', () => {
  let good: TestFile;
  beforeAll(async () => {
    good = await prepare(ann);
  });

  const refused = async (change: Partial<Registration>, by = ann.identity) => {
    const before = new Map(ledger.state);
    const args = { ...good.registration, ...change };
    const refusal = await ledger.refusal(by, 'files:register', args);
    expect(new Map(ledger.state)).toEqual(before);
    return refusal;
  };
  /** As {@link refused}, with opening and acceptance that fit the change. */
  const refusedEvenSigned = async (options: Partial<TestFileOptions>) => {
    const { registration } = await prepare(ann, options);
    return ledger.refusal(ann.identity, 'files:register', registration);
  };

  it('with a field of version or terms changed after it was signed', async () => {
    const { version, terms } = good.registration;
    const taggedAt = version.taggedAt + 1;
    const changes: Partial<Registration>[] = [
      { version: { ...version, root: 'ab'.repeat(32) } },
      { version: { ...version, blockSize: 262_144 } },
      { version: { ...version, taggedAt } },
      { version: { ...version, nonce: base64url(new Uint8Array(16)) } },
    ];
    for (const change of changes) {
      expect(['KEY_INVALID', 'INPUT_INVALID']).toContain((await refused(change)).code);
    }
    expect((await refused({ terms: { ...terms, expiryEpoch: 99 } })).code).toBe(
      'ACCEPTANCE_INVALID',
    );
    const nodes = [NODES[1], NODES[0]];
    expect((await refused({ terms: { ...terms, nodes } })).code).toBe('ACCEPTANCE_INVALID');
    expect((await refused({ anchor: 'cd'.repeat(32) })).code).toBe('ACCEPTANCE_INVALID');
  });

  it('with an acceptance that is changed, no point, or another file’s', async () => {
    const acceptance = fromBase64url(good.registration.acceptance);
    const broken = await refused({ acceptance: base64url(flipped(acceptance, 77)) });
    expect(['INPUT_INVALID', 'ACCEPTANCE_INVALID']).toContain(broken.code);
    for (const point of [...Object.values(badPoints()), shifted(acceptance)]) {
      const { message } = await refused({ acceptance: base64url(point) });
      expect(message).toContain('INPUT_INVALID: /acceptance');
    }
    const other = await prepare(ann);
    const { code } = await refused({ acceptance: other.registration.acceptance });
    expect(code).toBe('ACCEPTANCE_INVALID');
  });

  it('with an acceptance that the provider gave on another ledger, under the same key', async () => {
    const { fileId, registration } = good;
    const { anchor, terms } = registration;
    const version = firstVersion(registration.version);
    const acceptanceOn = (channel: string) =>
      acceptedBy(ann, fileId, version, { anchor, terms, channel }).acceptance;
    const { code } = await refused({ acceptance: acceptanceOn('elsewhere') });
    expect(code).toBe('ACCEPTANCE_INVALID');
    // the control: on this ledger the very same signature is the one that counts
    expect(acceptanceOn(CHANNEL)).toBe(registration.acceptance);
  });

  it('with an opening that is changed, or whose scalars are not below the order', async () => {
    const { opening } = good.registration;
    const scalar = (value: bigint) => base64url(fromHex(value.toString(16).padStart(64, '0')));
    expect((await refused({ opening: { ...opening, s: scalar(1n) } })).code).toBe('KEY_INVALID');
    expect((await refused({ opening: { r: opening.s, s: opening.r } })).code).toBe('KEY_INVALID');
    for (const bad of [ORDER, 2n ** 256n - 1n]) {
      const { message } = await refused({ opening: { ...opening, r: scalar(bad) } });
      expect(message).toContain('INPUT_INVALID: /opening/r: ');
      const hash = await refused({ chameleonHash: scalar(bad) });
      expect(hash.message).toContain('INPUT_INVALID: /chameleonHash: ');
    }
  });

  it('from anybody else: file id, hash and acceptance are bound to the owner', async () => {
    expect((await refused({}, bob.identity)).code).toBe('NOT_ALLOWED');
    const stranger = await ledger.newIdentity('Alder', 'owner');
    expect((await refused({}, stranger)).code).toBe('NOT_ALLOWED');
    expect((await refused({}, await ledger.as('Alder', 'agent'))).code).toBe('NOT_ALLOWED');
    const { registration } = await prepare(bob);
    const { tagKeyId } = registration;
    expect((await refused({ tagKeyId })).message).toContain('another owner');
    expect((await refused({ tagKeyId: 'f'.repeat(64) })).code).toBe('NOT_FOUND');
  });

  it('in an epoch that has passed or is still to come', async () => {
    const epoch = ledger.epoch();
    expect((await refused({ epoch: epoch - 2 })).code).toBe('EPOCH_PASSED');
    expect((await refused({ epoch: epoch + 1 })).code).toBe('NOT_FOUND');
    const expired = await refusedEvenSigned({ terms: { expiryEpoch: epoch - 1 } });
    expect(expired.code).toBe('ACCEPTANCE_INVALID');
  });

  it('where its provider is none, or the nodes are too few, twice or unknown', async () => {
    const messageOf = async (terms: NonNullable<TestFileOptions['terms']>) =>
      (await refusedEvenSigned({ terms })).message;
    expect(await messageOf({ providerId: 'Cedar' })).toBe('NOT_FOUND: no provider Cedar');
    expect(await messageOf({ nodes: [NODES[0]] })).toContain('/terms/nodes: expected at least 2');
    expect(await messageOf({ nodes: [NODES[0], NODES[0]] })).toContain('/terms/nodes');
    expect(await messageOf({ nodes: [NODES[0], 'elm-1'] })).toContain('/terms/nodes/1');
  });

  it('with a price, a bond or a coupon before payments exist', async () => {
    const messageOf = async (terms: NonNullable<TestFileOptions['terms']>) =>
      (await refusedEvenSigned({ terms })).message;
    expect(await messageOf({ pricePerEpoch: '1' })).toContain('/terms/pricePerEpoch');
    expect(await messageOf({ bond: '1' })).toContain('/terms/bond');
    expect(await messageOf({ couponId: 'ab'.repeat(32) })).toContain('/terms/couponId');
  });

  it('where there is no block, or blocks are longer than the tag key reaches', async () => {
    const messageOf = async (version: NonNullable<TestFileOptions['version']>) =>
      (await refusedEvenSigned({ version })).message;
    expect(await messageOf({ blockCount: 0 })).toContain('/version/blockCount');
    expect(await messageOf({ blockSize: 262_144 })).toContain('8457 sectors');
  });

  it('with shares that are ill-formed', async () => {
    const { shares } = good.registration;
    const messageOf = async (change: Partial<Registration['shares']>) =>
      (await refused({ shares: { ...shares, ...change } })).message;
    expect(await messageOf({ threshold: 6 })).toContain('INPUT_INVALID');
    expect(await messageOf({ entries: shares.entries.slice(1) })).toContain('/shares/entries');
    const [first, second, ...rest] = shares.entries;
    if (first === undefined || second === undefined) throw new Error('bug: five shares');
    const twice = [first, { ...second, commitment: first.commitment }, ...rest];
    expect(await messageOf({ entries: twice })).toContain('/shares/entries/1');
    for (const point of Object.values(badPoints())) {
      const entries = [{ ...first, commitment: base64url(point) }, second, ...rest];
      expect(await messageOf({ entries })).toContain('/shares/entries/0');
    }
  });

  it('where the provider holds the owner’s keys, unless the consortium lets it audit itself', async () => {
    const kept = await newBornLedger({
      ...CONFIG,
      organisations: CONFIG.organisations.map(({ mspId, roles }) => ({
        mspId,
        roles: mspId === 'Alder' ? [...roles, 'provider' as const] : roles,
      })),
    });
    try {
      const agents = await kept.as('Alder', 'provider');
      const announcement = providerAnnouncement('Alder');
      await kept.submit(agents, 'accounts:announce', { announcement });
      const owner = await kept.openOwner('kept', 'Alder', 'Alder');
      const { registration } = await newTestFile(owner, {
        epoch: 0,
        terms: { providerId: 'Alder' },
      });
      const refusal = await kept.refusal(owner.identity, 'files:register', registration);
      expect(refusal.code).toBe('NOT_ALLOWED');
      const config = kept.state.get('config') as typeof CONFIG;
      const trusting = { ...config, version: 2, allowSelfAudit: true };
      for (const mspId of ['Alder', 'Cedar']) {
        const by = await kept.as(mspId, 'operator');
        await kept.submit(by, 'accounts:configure', { config: trusting });
      }
      await kept.submit(owner.identity, 'files:register', registration);
      expect(kept.state.get(`file/${(await onlyFile(kept, owner)).fileId}`)).toMatchObject({
        custody: 'Alder',
      });
    } finally {
      await kept.close();
    }
  });
});

async function onlyFile(from: BornLedger, { identity, ownerId }: TestOwner) {
  const { items } = await from.evaluate(identity, 'files:list', { ownerId });
  const [only] = items;
  if (only === undefined) throw new Error('no file');
  return only.file;
}
