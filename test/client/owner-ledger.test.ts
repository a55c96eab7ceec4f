import { beforeAll, describe, expect, it } from '@jest/globals';
import { common } from '@hyperledger/fabric-protos';
import { base64url } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { decodeDer } from '../../client/src/ecdsa.ts';
import { newSigningKey, P256, type SigningKey } from '../../client/src/signing-key.ts';
import { newRelay } from '../support/attack-relay.ts';
import { newOrganisation, type TestOrganisation } from './test-consortium.ts';

let organisations: readonly TestOrganisation[];
let key: SigningKey;
const FILE = 'ab'.repeat(32);

beforeAll(async () => {
  organisations = await Promise.all(['Alder', 'Birch', 'Cedar'].map(newOrganisation));
  key = await newSigningKey(new Uint8Array(32).fill(9));
});

const relay = (
  results: readonly unknown[],
  validations: readonly (string | HoldfastError)[] = [],
) => newRelay({ organisations, key, results, validations });

const retire = { fileId: FILE, lane: 0 };
const isRetired = ({ fileId }: { readonly fileId: string }) => fileId === FILE;

const beacon = (epoch: number) => ({
  epoch,
  value: 'ab'.repeat(32),
  delegate: 'Alder',
  signature: 'A'.repeat(64),
});

describe('an attested read', () => {
  it('refuses what is no such record, whoever signed it', async () => {
    for (const nonsense of [{ ...beacon(4), value: 'ab' }, { ...beacon(4), extra: 1 }, null]) {
      const { ledger } = relay([nonsense]);
      const asked = ledger.read('beacons:current', {});
      await expect(asked).rejects.toMatchObject({ code: 'ANSWER_FALSE' });
    }
  });

  it('is endorsed and never submitted', async () => {
    const { ledger, sent } = relay([beacon(4)]);
    await expect(ledger.read('beacons:current', {})).resolves.toEqual(beacon(4));
    expect(sent.map(({ path }) => path)).toEqual(['/v1/ledger/proposals']);
  });

  it('refuses a true answer to another question', async () => {
    const { ledger } = relay([beacon(5)]);
    const asked = ledger.read('beacons:get', { epoch: 4 }, ({ epoch }) => epoch === 4);
    await expect(asked).rejects.toMatchObject({ code: 'ANSWER_FALSE' });
  });

  it('passes a refusal of the contract on', async () => {
    const { ledger } = relay([new HoldfastError('NOT_FOUND', 'no file')]);
    await expect(ledger.read('files:get', { fileId: FILE })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('is made anew where endorsers saw different states', async () => {
    const { ledger } = relay([new HoldfastError('CONFLICT', 'different states'), beacon(4)]);
    await expect(ledger.read('beacons:current', {})).resolves.toEqual(beacon(4));
  });
});

describe('a transaction', () => {
  it('is signed twice by the owner: the proposal, then what was checked', async () => {
    const { ledger, sent } = relay([{ fileId: FILE }]);
    const committed = await ledger.submit('files:retire', async () => retire, isRetired);
    expect(committed).toMatchObject({ result: { fileId: FILE }, ledgerBlockNumber: 7 });
    expect(committed.transactionId).toMatch(/^[0-9a-f]{64}$/);
    expect(sent.map(({ path }) => path)).toEqual(['/v1/ledger/proposals', '/v1/ledger/envelopes']);
    const [proposal, envelope] = sent;
    if (proposal === undefined || envelope === undefined) throw new Error('bug: two were sent');
    const payload = common.Envelope.deserializeBinary(envelope.signed).getPayload_asU8();
    for (const [bytes, der] of [
      [proposal.signed, proposal.signature],
      [payload, envelope.signature],
    ] as const) {
      const verified = crypto.subtle.verify(
        P256,
        key.keys.publicKey,
        decodeDer(der),
        bytes as Uint8Array<ArrayBuffer>,
      );
      expect(await verified).toBe(true);
    }
  });

  it('is not signed the second time where the result is not the one expected', async () => {
    const { ledger, sent } = relay([{ fileId: 'cd'.repeat(32) }]);
    const submitted = ledger.submit('files:retire', async () => retire, isRetired);
    await expect(submitted).rejects.toMatchObject({ code: 'ANSWER_FALSE' });
    expect(sent.map(({ path }) => path)).toEqual(['/v1/ledger/proposals']);
  });

  it.each<[string, readonly unknown[], readonly (string | HoldfastError)[]]>([
    ['was overtaken', [{ fileId: FILE }], ['MVCC_READ_CONFLICT', 'PHANTOM_READ_CONFLICT']],
    ['names a past epoch', [new HoldfastError('EPOCH_PASSED', '4'), { fileId: FILE }], []],
    ['meets a conflict told as one', [{ fileId: FILE }], [new HoldfastError('CONFLICT', 'x')]],
  ])('is built anew where it %s', async (_, results, validations) => {
    const { ledger, sent } = relay(results, validations);
    let built = 0;
    const build = async () => ({ ...retire, lane: built++ });
    await ledger.submit('files:retire', build, isRetired);
    const proposals = sent.filter(({ path }) => path === '/v1/ledger/proposals');
    expect(built).toBe(proposals.length);
    expect(built).toBeGreaterThan(1);
    expect(new Set(proposals.map(({ signed }) => base64url(signed))).size).toBe(built);
  });

  it('that was committed as invalid is an error, not a success', async () => {
    const { ledger } = relay([{ fileId: FILE }], ['ENDORSEMENT_POLICY_FAILURE']);
    const submitted = ledger.submit('files:retire', async () => retire, isRetired);
    await expect(submitted).rejects.toMatchObject({ code: 'ANSWER_FALSE' });
  });
});
