/** Requests and relayed transactions, good ones made bad, at a whole gateway: never its own fault, never a hang. */
import { newBadInputStage, JSON_ROUTES, OWNERS_ROUTES, PART } from '../support/bad-input-stage.ts';
import type { BadInputStage } from '../support/bad-input-stage.ts';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { common, peer } from '@hyperledger/fabric-protos';
import { base64url, fromBase64url, hex, utf8 } from '@holdfast/protocol/bytes.js';
import { ERRORS } from '@holdfast/protocol/errors.js';
import { proposalAnswer } from '@holdfast/protocol/ledger-messages.js';
import { newProposal, serializeIdentity } from '../../client/src/ledger-proposal.ts';
import { outcomeIn } from '../support/bad-requests.ts';
import { casesOf, type Draw, drawn, fuzz, pick } from '../support/fuzzing.ts';
import { changedBytes, changedJson, changedJsonText, changedText } from '../support/mutation.ts';
import { seededRandom } from '../support/property.ts';

const expected = ['taken', ...Object.keys(ERRORS).filter((code) => code !== 'INTERNAL')];
const random = seededRandom(5);

let bad: BadInputStage;
let creator: Uint8Array;
beforeAll(async () => {
  bad = await newBadInputStage();
  creator = serializeIdentity('Alder', bad.ben.certificate);
  await bad.remember();
}, 120_000);
afterAll(async () => {
  await bad.expectUnchanged();
  await bad.close();
});

describe('a gateway', () => {
  it('takes or refuses every body', async () => {
    const values = drawn((draw) => {
      const route = pick(draw, JSON_ROUTES);
      return { route, text: changedJsonText(draw, bad.sample(route)) };
    });
    const fuzzed = { target: 'bodies', cases: casesOf(150, 0.02), expected };
    const outcomes = fuzz(fuzzed, values, async ({ route, text }) =>
      outcomeIn(await bad.post(bad.at(route), text), text),
    );
    expect(await outcomes).toEqual([]);
  });

  it('takes or refuses every address and header', async () => {
    const values = drawn((draw) => {
      const [route, methods] = pick(draw, OWNERS_ROUTES);
      const query = pick(draw, ['', '?limit=5', '?cursor=ab', '?state=damaged']);
      const address = changedText(draw, `${bad.at(route)}${query}`.slice(4));
      return { method: pick(draw, methods), address, headers: headersOf(draw) };
    });
    const fuzzed = { target: 'addresses', cases: casesOf(150, 0.02), expected };
    const outcomes = fuzz(fuzzed, values, async ({ method, address, headers }) => {
      const body = method === 'PATCH' || method === 'PUT' ? { body: new Uint8Array(3) } : {};
      const path = `/v1/${encodeURI(address.replaceAll(/[\ud800-\udfff]/g, '')).replaceAll(/%25/g, '%')}`;
      return outcomeIn(await bad.anna.send(method, path, { ...body, headers }), path);
    });
    expect(await outcomes).toEqual([]);
  });

  it('relays or refuses every proposal', async () => {
    const good = await newRead();
    const values = drawn((draw) => changedProposal(draw, good));
    const fuzzed = { target: 'proposals', cases: casesOf(150, 0.02), expected };
    const outcomes = fuzz(fuzzed, values, async (changed) => {
      const signature = base64url(await bad.ben.key.signDer(changed));
      const body = JSON.stringify({ proposal: base64url(changed), signature });
      return outcomeIn(await bad.ben.send('POST', '/v1/ledger/proposals', { body }), body);
    });
    expect(await outcomes).toEqual([]);
  });

  it('passes on or refuses every envelope', async () => {
    const proposal = await newRead();
    const signature = base64url(await bad.ben.key.signDer(proposal));
    const request = { proposal: base64url(proposal), signature };
    const answer = await bad.ben.json('POST', '/v1/ledger/proposals', request);
    const envelope = fromBase64url(proposalAnswer.parse(answer.body).envelope);
    const inner = payloadOf(envelope);
    const values = drawn((draw) => {
      if (draw(3) === 0) return changedBytes(draw, [envelope]);
      const changed = new common.Envelope();
      changed.setPayload(changedBytes(draw, [inner]));
      return changed.serializeBinary();
    });
    const fuzzed = { target: 'envelopes', cases: casesOf(60, 0.005), expected };
    const outcomes = fuzz(fuzzed, values, async (bytes) => {
      const signed = base64url(await bad.ben.key.signDer(payloadOf(bytes)));
      const body = JSON.stringify({ envelope: base64url(bytes), signature: signed });
      return outcomeIn(await bad.ben.send('POST', '/v1/ledger/envelopes', { body }), body);
    });
    expect(await outcomes).toEqual([]);
  });
});

const ODD_HEADERS = [
  ['range', 'bytes=0-0'],
  ['if-range', '"x"'],
  ['if-none-match', '*'],
  ['last-event-id', '1.2.3'],
  ['accept', 'application/json'],
  ['upload-offset', '0'],
  ['idempotency-key', '12345678'],
  ['content-digest', 'sha-256=:AAAA:'],
] as const;

function headersOf(draw: Draw): Record<string, string> {
  const headers: Record<string, string> = draw(2) === 0 ? { ...PART } : {};
  for (let count = draw(3); count > 0; count--) {
    const [name, value] = pick(draw, ODD_HEADERS);
    const changed = changedText(draw, value).replaceAll(/[^\x20-\x7e]/g, '');
    headers[name] = changed.trim();
  }
  return headers;
}

/** A proposal of Ben's to list his files. */
async function newRead(): Promise<Uint8Array> {
  const { channel, chaincode } = bad.stage.link;
  const { ownerId } = bad.ben;
  const read = { function: 'files:list', args: { ownerId }, nowMs: Date.now() } as const;
  return (await newProposal({ channel, chaincode, creator, random, ...read })).bytes;
}

/** A proposal changed as bytes, or in one of its parts with the rest made to fit. */
function changedProposal(draw: Draw, good: Uint8Array): Uint8Array {
  if (draw(4) === 0) return changedBytes(draw, [good]);
  const proposal = peer.Proposal.deserializeBinary(good);
  if (draw(3) === 0) {
    proposal.setPayload(changedBytes(draw, [proposal.getPayload_asU8()]));
    return freshly(draw, proposal);
  }
  const payload = peer.ChaincodeProposalPayload.deserializeBinary(proposal.getPayload_asU8());
  const spec = peer.ChaincodeInvocationSpec.deserializeBinary(payload.getInput_asU8());
  const input = spec.getChaincodeSpec()?.getInput();
  const calls = [
    'files:list',
    'files:steal',
    'org.hyperledger.fabric:GetMetadata',
    'x:y',
    'files',
    '',
  ];
  const args = [utf8(pick(draw, calls))];
  for (let count = draw(4); count > 0; count--) {
    args.push(utf8(JSON.stringify(changedJson(draw, { ownerId: bad.ben.ownerId })) ?? ''));
  }
  input?.setArgsList(draw(8) === 0 ? [] : args);
  payload.setInput(spec.serializeBinary());
  proposal.setPayload(payload.serializeBinary());
  return freshly(draw, proposal);
}

/** Under a nonce and a transaction id of its own, mostly. */
function freshly(draw: Draw, proposal: peer.Proposal): Uint8Array {
  const header = common.Header.deserializeBinary(proposal.getHeader_asU8());
  const nonce = Uint8Array.from({ length: 24 }, () => draw(256));
  const signed = common.SignatureHeader.deserializeBinary(header.getSignatureHeader_asU8());
  signed.setNonce(draw(20) === 0 ? new Uint8Array() : nonce);
  const channel = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
  const id = createHash('sha256').update(signed.getNonce_asU8()).update(signed.getCreator_asU8());
  channel.setTxId(hex(id.digest()));
  if (draw(10) === 0) channel.setType(draw(8));
  if (draw(20) === 0) channel.setEpoch(1);
  header.setSignatureHeader(signed.serializeBinary());
  header.setChannelHeader(channel.serializeBinary());
  proposal.setHeader(header.serializeBinary());
  return proposal.serializeBinary();
}

function payloadOf(envelope: Uint8Array): Uint8Array {
  try {
    return common.Envelope.deserializeBinary(envelope).getPayload_asU8();
  } catch {
    return envelope;
  }
}
