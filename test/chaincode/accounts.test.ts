/** Owners and the keys they open their accounts with. */
import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { base64url, fromBase64url } from '@holdfast/protocol/bytes.js';
import { newTagKeyRecord, publicTable } from '@holdfast/protocol/tag-key.js';
import { badPoints } from '../support/bad-points.ts';
import { type BornLedger, newBornLedger } from '../support/born-ledger.ts';
import { CHANNEL } from '../support/consortium.ts';
import type { TestIdentity } from '../support/memory-ledger.ts';
import { newTestOwner, type TestOwner } from '../support/owner-of-files.ts';
import { flipped } from '../support/tamper.ts';

let ledger: BornLedger;
beforeAll(async () => {
  ledger = await newBornLedger();
});
afterAll(() => ledger.close());

const spkiDigest = (identity: TestIdentity): string =>
  createHash('sha256')
    .update(createPublicKey(identity.privateKey).export({ type: 'spki', format: 'der' }))
    .digest('hex');

describe('an account', () => {
  let ann: TestOwner;
  beforeAll(async () => {
    ann = await newTestOwner(await ledger.newIdentity('Alder', 'owner'), 'ann');
  });

  it('is opened by the key that signs, with a tag key and proofs that its owner holds it', async () => {
    const { ownerId, tagKeyId } = ann;
    const submitted = await ledger.submit(ann.identity, 'accounts:open', ann.opening);
    expect(submitted.result).toEqual({ ownerId, tagKeyId });
    const payload = { ownerId, mspId: 'Alder' };
    expect(submitted.event).toEqual({ name: 'AccountOpened', payload });
    const signer = `signer/${spkiDigest(ann.identity)}`;
    const keys = [`account/${ownerId}`, signer, `tagkey/${tagKeyId}`];
    expect(submitted.reads).toEqual(['config', ...keys].sort());
    const { possessionX: _, possessionXAlpha: __, ...tagKey } = ann.opening.tagKey;
    const { certificatePem } = ann.identity;
    expect(Object.fromEntries(submitted.writes)).toEqual({
      [keys[0] ?? '']: {
        ownerId,
        mspId: 'Alder',
        certificate: certificatePem,
        hpkeKey: ann.opening.hpkeKey,
        chameleonKey: ann.opening.chameleonKey,
        tagKeyId,
        custody: 'owner',
        state: 'open',
      },
      [signer]: { ownerId },
      [keys[2] ?? '']: { tagKeyId, ownerId, ...tagKey, custodian: null },
    });
    expect(new X509Certificate(certificatePem).publicKey.asymmetricKeyType).toBe('ec');
  });

  it('is found by its id, by the key of any certificate, and so is its tag key', async () => {
    const by = await ledger.as('Cedar', 'delegate');
    const { ownerId, tagKeyId } = ann;
    const account = await ledger.evaluate(by, 'accounts:get', { ownerId });
    expect(account.tagKeyId).toBe(tagKeyId);
    const signer = spkiDigest(ann.identity);
    expect(await ledger.evaluate(by, 'accounts:bySigner', { signer })).toEqual(account);
    const key = await ledger.evaluate(by, 'accounts:tagKey', { tagKeyId });
    expect(key).toEqual(ledger.state.get(`tagkey/${tagKeyId}`));
    const other = 'f'.repeat(64);
    expect((await ledger.refusal(by, 'accounts:get', { ownerId: other })).code).toBe('NOT_FOUND');
    expect((await ledger.refusal(by, 'accounts:bySigner', { signer: other })).code).toBe(
      'NOT_FOUND',
    );
    expect((await ledger.refusal(by, 'accounts:tagKey', { tagKeyId: other })).code).toBe(
      'NOT_FOUND',
    );
  });

  it('is opened once by a key', async () => {
    const refusal = await ledger.refusal(ann.identity, 'accounts:open', ann.opening);
    expect(refusal.code).toBe('ALREADY_EXISTS');
  });

  it('is kept by an agent only of the owner’s own organisation, where that has one', async () => {
    const open = async (mspId: string, custody: string) => {
      const owner = await newTestOwner(await ledger.newIdentity(mspId, 'owner'), custody);
      return { owner, args: { ...owner.opening, custody } };
    };
    for (const custody of ['Alder', 'Cedar']) {
      const { owner, args } = await open('Cedar', custody);
      const refusal = await ledger.refusal(owner.identity, 'accounts:open', args);
      expect(refusal.message).toContain('INPUT_INVALID: /custody');
    }
    const { owner, args } = await open('Alder', 'Alder');
    await ledger.submit(owner.identity, 'accounts:open', args);
    expect(ledger.state.get(`account/${owner.ownerId}`)).toMatchObject({ custody: 'Alder' });
    expect(ledger.state.get(`tagkey/${owner.tagKeyId}`)).toMatchObject({ custodian: 'Alder' });
  });

  describe('is not opened', () => {
    let eve: TestOwner;
    beforeAll(async () => {
      eve = await newTestOwner(await ledger.newIdentity('Alder', 'owner'), 'eve');
    });
    const refused = async (change: object) =>
      ledger.refusal(eve.identity, 'accounts:open', {
        ...eve.opening,
        tagKey: { ...eve.opening.tagKey, ...change },
      });
    it('with another’s tag key: proofs are bound to owner and channel', async () => {
      expect((await refused(ann.opening.tagKey)).code).toBe('KEY_INVALID');
      const { tagKey, ownerId } = eve;
      const table = publicTable(tagKey.alpha, 4);
      const elsewhere = newTagKeyRecord(tagKey, table, { channel: 'other', ownerId }).tagKey;
      expect((await refused(elsewhere)).code).toBe('KEY_INVALID');
      const right = newTagKeyRecord(tagKey, table, { channel: CHANNEL, ownerId }).tagKey;
      expect((await refused({ ...right, sectorsMax: 5 })).code).toBe('KEY_INVALID');
    });

    it('with either proof of possession changed or left to the other', async () => {
      const { possessionX, possessionXAlpha, x } = eve.opening.tagKey;
      expect((await refused({ possessionX: possessionXAlpha })).code).toBe('KEY_INVALID');
      expect((await refused({ possessionXAlpha: possessionX })).code).toBe('KEY_INVALID');
      expect((await refused({ xAlpha: x })).code).toBe('KEY_INVALID');
      const tableDigest = 'f'.repeat(64);
      expect((await refused({ tableDigest })).code).toBe('KEY_INVALID');
    });

    it('with keys that are no points, or infinity, or outside the subgroup', async () => {
      const infinity = base64url(Uint8Array.from({ length: 96 }, (_, i) => (i === 0 ? 0xc0 : 0)));
      const broken = base64url(flipped(fromBase64url(eve.opening.tagKey.x), 500));
      for (const x of [infinity, broken]) expect((await refused({ x })).code).toBe('KEY_INVALID');
      for (const point of Object.values(badPoints())) {
        const args = { ...eve.opening, chameleonKey: base64url(point) };
        const refusal = await ledger.refusal(eve.identity, 'accounts:open', args);
        expect(refusal.message).toContain('INPUT_INVALID: /chameleonKey');
      }
    });

    it('by a certificate without the role of an owner', async () => {
      for (const role of ['agent', 'provider', 'client', '']) {
        const by = await ledger.newIdentity('Alder', role);
        expect((await ledger.refusal(by, 'accounts:open', eve.opening)).code).toBe('NOT_ALLOWED');
      }
    });
  });
});

describe('a renewed certificate of the same key', () => {
  it('stands for the same account; the same key in another organisation does not', async () => {
    const owner = await ledger.openOwner('dan');
    const publicKey = createPublicKey(owner.identity.privateKey);
    const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
    const renewed = await ledger.certify('Alder', 'owner', spki, owner.identity);
    const stolen = await ledger.certify('Cedar', 'owner', spki, owner.identity);
    const args = { lane: 0, credits: ['a'.repeat(64)], sources: [] };
    expect((await ledger.refusal(renewed, 'accounts:collect', args)).code).toBe('NOT_FOUND');
    expect((await ledger.refusal(stolen, 'accounts:collect', args)).code).toBe('NOT_ALLOWED');
  });
});
