import { createHash, randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { common, peer } from '@hyperledger/fabric-protos';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { encodeDer } from '../../client/src/ecdsa.ts';
import type { EndorsedTransaction } from '../../client/src/endorsed-transaction.ts';
import { parseEnvelope, payloadToSign } from '../../client/src/endorsed-transaction.ts';
import {
  checkAddress,
  checkEndorsements,
  checkEndorsers,
  checkPolicy,
  checkProposalHash,
  checkResult,
} from '../../client/src/endorsement-checks.ts';
import { newProposal, serializeIdentity, type Proposal } from '../../client/src/ledger-proposal.ts';
import {
  channelHeaderWith,
  endorse,
  endorsementBy,
  envelopeOf,
  issue,
  newOrganisation,
  NOW_MS,
  type Issued,
  type TestOrganisation,
} from './test-consortium.ts';

const random = (length: number) => new Uint8Array(randomBytes(length));
const result = { fileId: 'ab'.repeat(32), version: 1 };
const expected = (value: unknown) => JSON.stringify(value) === JSON.stringify(result);
const anything = () => true;

let pinned: readonly TestOrganisation[];
let alder: Issued;
let birch: Issued;
let owner: Issued;
let proposal: Proposal;
let honest: EndorsedTransaction;

const propose = (creator: Uint8Array) =>
  newProposal({
    channel: 'holdfast',
    chaincode: 'holdfast',
    function: 'files:get',
    args: { fileId: result.fileId },
    creator,
    nowMs: NOW_MS,
    random,
  });

beforeAll(async () => {
  pinned = await Promise.all(['Alder', 'Birch', 'Cedar'].map(newOrganisation));
  const [first, second] = pinned;
  if (first === undefined || second === undefined) throw new Error('bug: no organisations');
  alder = first.peer;
  birch = second.peer;
  owner = await issue(first, 'Alder', 'client');
  proposal = await propose(serializeIdentity('Alder', owner.pem));
  honest = await endorse(proposal, [alder, birch], { result });
});

const check = (endorsed: EndorsedTransaction) =>
  checkEndorsements(proposal, endorsed, pinned, NOW_MS, expected);
const refusal = async (answer: unknown) => {
  const error = await Promise.resolve(answer).then(
    () => undefined,
    (cause: unknown) => cause,
  );
  return error instanceof HoldfastError ? `${error.code}: ${error.detail}` : error;
};

describe('a proposal', () => {
  it('has the transaction id SHA-256(nonce || creator)', () => {
    const header = common.SignatureHeader.deserializeBinary(proposal.signatureHeader);
    const hash = createHash('sha256').update(header.getNonce_asU8());
    expect(proposal.transactionId).toBe(hash.update(header.getCreator_asU8()).digest('hex'));
  });

  it('carries function and arguments as one JSON string, and a time', () => {
    const payload = peer.ChaincodeProposalPayload.deserializeBinary(proposal.payload);
    const spec = peer.ChaincodeInvocationSpec.deserializeBinary(payload.getInput_asU8());
    const args = spec.getChaincodeSpec()?.getInput()?.getArgsList_asU8() ?? [];
    expect(args.map((arg) => Buffer.from(arg).toString())).toEqual([
      'files:get',
      JSON.stringify({ fileId: result.fileId }),
    ]);
    const header = common.ChannelHeader.deserializeBinary(proposal.channelHeader);
    expect(header.getTimestamp()?.toDate().getTime()).toBe(NOW_MS);
  });

  it('never repeats its id', async () => {
    const again = await propose(proposal.creator);
    expect(again.transactionId).not.toBe(proposal.transactionId);
  });
});

describe('the five checks before the second signature', () => {
  it('let an honest answer through, with its result', async () => {
    await expect(check(parseEnvelope(envelopeOf(proposal, honest)))).resolves.toEqual(result);
  });

  it('refuse bytes that are no envelope', () => {
    expect(() => parseEnvelope(Uint8Array.of(1, 2, 3))).toThrow('ANSWER_FALSE');
  });

  it('sign what was checked and nothing else: a foreign field of the answer is left out', () => {
    const envelope = common.Envelope.deserializeBinary(envelopeOf(proposal, honest));
    const foreign = Buffer.concat([envelope.getPayload_asU8(), Buffer.from([0x7a, 0x01, 0x2a])]);
    envelope.setPayload(foreign);
    const parsed = parseEnvelope(envelope.serializeBinary());
    expect(payloadToSign(proposal, parsed)).toEqual(payloadToSign(proposal, honest));
  });
});

describe('check 1: address', () => {
  const wrong: Record<string, (header: common.ChannelHeader) => void> = {
    'another channel': (header) => header.setChannelId('other'),
    'another id': (header) => header.setTxId('00'.repeat(32)),
    'not the one proposed': (header) => header.setEpoch(1),
  };
  it.each(Object.entries(wrong))('refuses a transaction with %s', async (words, change) => {
    const forged = { ...honest, channelHeader: channelHeaderWith(proposal, change) };
    expect(await refusal(checkAddress(proposal, forged))).toContain(words);
    expect(await refusal(check(forged))).toContain('ANSWER_FALSE');
  });

  it('refuses another chaincode, other arguments and another creator', async () => {
    const chaincode = await endorse(proposal, [alder, birch], { result, chaincode: 'other' });
    expect(await refusal(checkAddress(proposal, chaincode))).toContain('another chaincode');
    const other = await propose(proposal.creator);
    const args = { ...honest, payload: Buffer.concat([other.payload, Buffer.from([0x12, 0])]) };
    expect(await refusal(checkAddress(proposal, args))).toContain('not the one proposed');
    const stranger = await propose(serializeIdentity('Alder', alder.pem));
    const creator = { ...honest, signatureHeader: stranger.signatureHeader };
    expect(await refusal(checkAddress(proposal, creator))).toContain('another creator');
  });
});

describe('check 2: proposal hash', () => {
  it('refuses the answer to an older proposal, which without this check is accepted', async () => {
    const older = await propose(proposal.creator);
    const stale = await endorse(older, [alder, birch], { result });
    const replayed = { ...honest, ...pick(stale) };
    expect(await refusal(checkProposalHash(proposal, replayed))).toContain('another proposal');
    expect(await refusal(check(replayed))).toContain('ANSWER_FALSE');

    await checkAddress(proposal, replayed);
    expect(checkResult(replayed, expected)).toEqual(result);
    checkPolicy(await checkEndorsers(replayed, pinned, NOW_MS), pinned);
  });
});

describe('check 3: result', () => {
  it('refuses a status other than 200 and a result that is not the expected one', async () => {
    const failed = await endorse(proposal, [alder, birch], { result, status: 500 });
    expect(() => checkResult(failed, anything)).toThrow('did not answer 200');
    const other = await endorse(proposal, [alder, birch], { result: { version: 2 } });
    expect(() => checkResult(other, expected)).toThrow('not the one expected');
    expect(await refusal(check(other))).toContain('ANSWER_FALSE');
    expect(checkResult(other, anything)).toEqual({ version: 2 });
  });
});

describe('check 4: endorsers', () => {
  const forge = async (endorser: Issued) =>
    checkEndorsers(await endorse(proposal, [alder, endorser], { result }), pinned, NOW_MS);

  it('names the organisation of each', async () => {
    await expect(checkEndorsers(honest, pinned, NOW_MS)).resolves.toEqual(['Alder', 'Birch']);
  });

  it('refuses a peer under a root of the gateway’s own making', async () => {
    const impostor = await newOrganisation('Birch');
    expect(await refusal(forge(impostor.peer))).toContain('not under its pinned root');
    // control: with the roots that the gateway sends, not the pinned ones, the forgery passes
    const sent = [...pinned.filter(({ mspId }) => mspId !== 'Birch'), impostor];
    const forged = await endorse(proposal, [alder, impostor.peer], { result });
    await expect(checkEndorsements(proposal, forged, sent, NOW_MS, expected)).resolves.toEqual(
      result,
    );
  });

  it('refuses a certificate of another organisation under a borrowed name', async () => {
    expect(await refusal(forge({ ...alder, mspId: 'Birch' }))).toContain('pinned root');
  });

  it('does not count an organisation that is not pinned, under whatever name', async () => {
    const { peer: elm } = await newOrganisation('Elm');
    expect(await forge(elm)).toEqual(['Alder']);
    expect(await forge({ ...alder, mspId: 'Elm' })).toEqual(['Alder']);
    const alone = await endorse(proposal, [alder, elm], { result });
    expect(await refusal(check(alone))).toContain('1 organisations endorsed');
    // the control: one that joined since is no reason to refuse a majority of those that are pinned
    await expect(check(await endorse(proposal, [alder, elm, birch], { result }))).resolves.toEqual(
      result,
    );
  });

  it('is passed by nothing with endorsers that are not pinned that would not pass without them', async () => {
    const strangers = await Promise.all(['Elm', 'Fir'].map(newOrganisation));
    const impostor = await newOrganisation('Birch');
    const all = [...pinned, ...strangers, impostor].map((organisation) => organisation.peer);
    const isPinned = ({ mspId }: Issued) => pinned.some((one) => one.mspId === mspId);
    const outcome = (endorsed: EndorsedTransaction) =>
      check(endorsed).then(
        (found) => JSON.stringify(found),
        (error: unknown) => (error as HoldfastError).code,
      );
    const outcomes = new Set<string>();
    for (let bits = 0; bits < 2 ** all.length; bits++) {
      const chosen = all.filter((_, i) => (bits >> i) % 2 === 1);
      const [found, without] = await Promise.all(
        [chosen, chosen.filter(isPinned)].map(async (endorsers) =>
          outcome(await endorse(proposal, endorsers, { result })),
        ),
      );
      expect([bits, found]).toEqual([bits, without]);
      outcomes.add(found ?? '');
    }
    expect([...outcomes].toSorted()).toEqual(['ANSWER_FALSE', JSON.stringify(result)]);
  });

  it('refuses an owner and an authority in the place of a peer', async () => {
    expect(await refusal(forge(owner))).toContain('is no peer');
    const [first] = pinned;
    if (first === undefined) throw new Error('bug: no organisation');
    expect(await refusal(forge({ ...first, pem: first.rootCertificate }))).toContain(
      'ANSWER_FALSE',
    );
  });

  it('refuses a certificate outside its time, though it was good before', async () => {
    expect(await checkEndorsers(honest, pinned, NOW_MS)).toEqual(['Alder', 'Birch']);
    const later = NOW_MS + 400 * 24 * 3_600_000;
    expect(await refusal(checkEndorsers(honest, pinned, later))).toContain('ANSWER_FALSE');
    expect(await refusal(checkEndorsers(honest, pinned, NOW_MS - 3_600_000))).toContain('pinned');
  });

  it('refuses a changed payload under the old signatures', async () => {
    const other = await endorse(proposal, [], { result: { version: 2 } });
    const forged = { ...other, endorsements: honest.endorsements };
    expect(await refusal(checkEndorsers(forged, pinned, NOW_MS))).toContain('of Alder fails');
  });

  it('refuses the other spelling of a true signature, s in the upper half', async () => {
    const { endorser, raw } = await endorsementBy(alder, honest.responsePayload);
    const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
    const s = BigInt(`0x${Buffer.from(raw.subarray(32)).toString('hex')}`);
    const upper = s > order / 2n ? s : order - s;
    const high = Buffer.concat([
      raw.subarray(0, 32),
      Buffer.from(upper.toString(16).padStart(64, '0'), 'hex'),
    ]);
    const forged = { ...honest, endorsements: [{ endorser, signature: encodeDer(high) }] };
    expect(await refusal(checkEndorsers(forged, pinned, NOW_MS))).toContain('not low-S');
  });

  it('refuses a signature that is no DER', async () => {
    const [first] = honest.endorsements;
    if (first === undefined) throw new Error('bug: no endorsement');
    const padded = Buffer.concat([first.signature, Buffer.from([0])]);
    const forged = { ...honest, endorsements: [{ ...first, signature: padded }] };
    expect(await refusal(checkEndorsers(forged, pinned, NOW_MS))).toContain('malformed');
  });
});

describe('check 5: policy', () => {
  it('counts an organisation once, however often it endorsed', async () => {
    const twice = await endorse(proposal, [alder, alder], { result });
    expect(await refusal(check(twice))).toContain('1 organisations endorsed');
    await expect(checkEndorsers(twice, pinned, NOW_MS)).resolves.toEqual(['Alder', 'Alder']);
  });

  it('needs more than half of the organisations', () => {
    expect(() => checkPolicy([], pinned)).toThrow('ANSWER_FALSE');
    expect(() => checkPolicy(['Alder'], pinned)).toThrow('ANSWER_FALSE');
    expect(() => checkPolicy(['Alder', 'Birch'], pinned)).not.toThrow();
    expect(() => checkPolicy(['Alder', 'Birch'], [...pinned, ...pinned.slice(0, 1)])).toThrow(
      'a majority of 4 is 3',
    );
  });
});

const pick = ({ responsePayload, endorsements }: EndorsedTransaction) => ({
  responsePayload,
  endorsements,
});
