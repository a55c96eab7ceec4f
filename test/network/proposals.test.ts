/** Proposals that a peer refuses before it runs anything: each differs in one thing from one that passes. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { status } from '@grpc/grpc-js';
import type { GatewayError } from '@hyperledger/fabric-gateway';
import { common, gateway as protos, peer } from '@hyperledger/fabric-protos';
import { transactionIdOf } from '../../network/devpeer/src/proposal.ts';
import type { RpcError } from '../../network/devpeer/src/rpc-error.ts';
import { serializeIdentity } from '../../network/devpeer/src/organisations.ts';
import { contracts } from '../support/ledger-contract/index.ts';
import { newSession, refusalOf, type Session, textOf } from '../support/ledger-target.ts';
import { type MemoryLedger, newMemoryLedger, type TestIdentity } from '../support/memory-ledger.ts';
import { newLeaf } from '../support/leaf.ts';

const SEED = 20_261_121;
const HOUR_MS = 3_600_000;
/** Codes of refusals that say what was wrong, unlike UNKNOWN and INTERNAL. */
const ORDERLY = [
  status.FAILED_PRECONDITION,
  status.INVALID_ARGUMENT,
  status.UNAVAILABLE,
  status.PERMISSION_DENIED,
  status.ABORTED,
];

interface Headers {
  readonly channel: common.ChannelHeader;
  readonly signature: common.SignatureHeader;
}

describe('a proposal', () => {
  let ledger: MemoryLedger;
  let session: Session;

  beforeAll(async () => {
    ledger = await newMemoryLedger({ contracts });
    session = newSession(ledger, await ledger.newIdentity({ mspId: 'Alder', role: 'owner' }));
  });

  afterAll(() => ledger.close());

  /** Evaluates after a change of the headers, signed anew. */
  const evaluateWith = async (
    change: (headers: Headers) => void,
    identity: TestIdentity = session.identity,
  ): Promise<string> => {
    const { contract, gateway } = session;
    const proposal = contract.newProposal('get', { arguments: ['a'] });
    const proposed = protos.ProposedTransaction.deserializeBinary(proposal.getBytes());
    const signed = proposed.getProposal();
    if (signed === undefined) throw new Error('no proposal');
    signed.setProposalBytes(rewrite(signed.getProposalBytes_asU8(), change));
    const signature = await identity.signer(signed.getProposalBytes_asU8());
    const changed = gateway.newSignedProposal(proposed.serializeBinary(), signature);
    return textOf(await changed.evaluate());
  };
  const asCreator =
    (mspId: string, certificatePem: string) =>
    ({ channel, signature }: Headers): void => {
      signature.setCreator(serializeIdentity(mspId, certificatePem));
      channel.setTxId(transactionIdOf(signature.getNonce_asU8(), signature.getCreator_asU8()));
    };
  const at = (ms: number) => (headers: Headers) => {
    headers.channel.getTimestamp()?.fromDate(new Date(Date.now() + ms));
  };

  it('passes with its headers as they were, and with a clock that is a little off', async () => {
    expect(await evaluateWith(() => undefined)).toBe('');
    expect(await evaluateWith(at(HOUR_MS / 5))).toBe('');
    expect(await evaluateWith(at(-HOUR_MS / 5))).toBe('');
  });

  const cases: [string, string, (headers: Headers) => void][] = [
    [
      'a type that is no transaction',
      'invalid header type 99',
      ({ channel }) => channel.setType(99),
    ],
    ['an epoch', 'epoch is non-zero', ({ channel }) => channel.setEpoch(1)],
    ['no nonce', 'nonce is empty', ({ signature }) => signature.setNonce('')],
    ['no creator', 'creator is empty', ({ signature }) => signature.setCreator('')],
    ['another id', 'incorrectly computed txid', ({ channel }) => channel.setTxId('0'.repeat(64))],
    ['a time long ago', 'incorrect timestamp', at(-HOUR_MS)],
    ['a time to come', 'incorrect timestamp', at(HOUR_MS)],
    ['no time', 'incorrect timestamp', ({ channel }) => channel.clearTimestamp()],
    [
      'an absurd time',
      'incorrect timestamp',
      ({ channel }) => channel.getTimestamp()?.setSeconds(2 ** 52),
    ],
  ];

  it.each(cases)('is refused with %s', async (_what, text, change) => {
    const refusal = await refusalOf<GatewayError>(evaluateWith(change));
    expect(refusal.code).toBe(status.FAILED_PRECONDITION);
    expect(refusal.details[0]?.message).toContain(text);
  });

  it('is refused from whom no organisation has certified', async () => {
    const birch = await ledger.newIdentity({ mspId: 'Birch', role: 'owner' });
    const pass = evaluateWith(asCreator('Birch', birch.certificatePem), birch);
    expect(await pass).toBe('');
    for (const mspId of ['Alder', 'Nobody']) {
      const refusal = await refusalOf(evaluateWith(asCreator(mspId, birch.certificatePem), birch));
      expect(refusal.message).toContain('creator org unknown, creator is malformed');
    }
  });

  it.each([
    ['valid now', -HOUR_MS / 60, HOUR_MS, ''],
    ['expired', -HOUR_MS / 60, -1_000, 'creator org [Alder]'],
    ['not yet valid', HOUR_MS, 2 * HOUR_MS, 'creator org [Alder]'],
    ['older than its issuer', -HOUR_MS, HOUR_MS, 'creator is malformed'],
  ])('is judged by the dates of a certificate: %s', async (_what, from, to, text) => {
    const authority = ledger.authorities.get('Alder');
    if (authority === undefined) throw new Error('no authority');
    const leaf = await newLeaf(authority, { from: Date.now() + from, to: Date.now() + to });
    const evaluation = evaluateWith(asCreator('Alder', leaf.certificatePem), leaf);
    const answer = await evaluation.catch((error: Error) => error.message);
    expect(answer).toContain(text);
    expect(answer === '').toBe(text === '');
  });

  it('is refused in good order when any of its bytes is another', async () => {
    const { contract, identity } = session;
    const proposal = contract.newProposal('get', { arguments: ['a'] });
    const { services } = ledger.peer;
    const signed = protos.ProposedTransaction.deserializeBinary(proposal.getBytes()).getProposal();
    const original = signed?.getProposalBytes_asU8() ?? new Uint8Array();
    const signature = await identity.signer(original);
    const evaluate = (bytes: Uint8Array) => {
      const changed = new peer.SignedProposal();
      changed.setProposalBytes(bytes);
      changed.setSignature(signature);
      const request = new protos.EvaluateRequest();
      request.setProposedTransaction(changed);
      return services.evaluate(request);
    };
    expect((await evaluate(original)).getResult()?.getStatus()).toBe(200);
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 255 }), async (position, mask) => {
        const bytes = Uint8Array.from(original);
        const index = position % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ mask;
        const refusal = await refusalOf<RpcError>(evaluate(bytes));
        expect(ORDERLY).toContain(refusal.code);
      }),
      { numRuns: 200, seed: SEED },
    );
  });
});

describe('requests of random bytes', () => {
  let ledger: MemoryLedger;

  beforeAll(async () => {
    ledger = await newMemoryLedger({ contracts });
  });

  afterAll(() => ledger.close());

  it('are refused in good order, and change nothing', async () => {
    const { services, channel } = ledger.peer;
    const { signal } = new AbortController();
    const before = channel.store.height;
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 80 }), async (bytes) => {
        const proposed = new protos.EndorseRequest();
        proposed.setProposedTransaction(new peer.SignedProposal());
        proposed.getProposedTransaction()?.setProposalBytes(bytes);
        const envelope = new common.Envelope();
        envelope.setPayload(bytes);
        envelope.setSignature(bytes);
        const prepared = new protos.SubmitRequest();
        prepared.setChannelId(channel.id);
        prepared.setPreparedTransaction(envelope);
        const asked = new protos.SignedCommitStatusRequest();
        asked.setRequest(bytes);
        const events = new protos.SignedChaincodeEventsRequest();
        events.setRequest(bytes);
        const refusals = await Promise.all([
          refusalOf<RpcError>(services.endorse(proposed)),
          refusalOf<RpcError>((async () => services.submit(prepared))()),
          refusalOf<RpcError>(services.commitStatus(asked, signal)),
          refusalOf<RpcError>(services.chaincodeEvents(events, signal).next()),
        ]);
        for (const { code } of refusals) expect(ORDERLY).toContain(code);
        const seek = await services.deliver(envelope, 'block', signal).next();
        expect(seek.value?.getStatus()).toBe(common.Status.BAD_REQUEST);
      }),
      { numRuns: 200, seed: SEED },
    );
    expect(channel.store.height).toBe(before);
  });
});

function rewrite(bytes: Uint8Array, change: (headers: Headers) => void): Uint8Array {
  const proposal = peer.Proposal.deserializeBinary(bytes);
  const header = common.Header.deserializeBinary(proposal.getHeader_asU8());
  const channel = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
  const signature = common.SignatureHeader.deserializeBinary(header.getSignatureHeader_asU8());
  change({ channel, signature });
  header.setChannelHeader(channel.serializeBinary());
  header.setSignatureHeader(signature.serializeBinary());
  proposal.setHeader(header.serializeBinary());
  return proposal.serializeBinary();
}
