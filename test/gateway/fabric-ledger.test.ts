// First: it silences what fabric-shim installs when it is imported.
import {
  connectWith,
  newMemoryLedger,
  type MemoryLedger,
  type TestIdentity,
} from '../support/memory-ledger.ts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, hash, type Gateway } from '@hyperledger/fabric-gateway';
import { common, gateway as fabric } from '@hyperledger/fabric-protos';
import { hex } from '@holdfast/protocol/bytes.js';
import { organisationAccountId } from '@holdfast/protocol/ids.js';
import { contracts } from '../../chaincode/src/index.ts';
import { configured, EMBEDDED, funded } from '../../gateway/src/consortium.ts';
import { newFabricLedger } from '../../gateway/src/ledger/fabric-ledger.ts';
import { connectPeers, type LedgerLink } from '../../gateway/src/ledger/ledger-link.ts';
import type { Checkpoint, Ledger, LedgerEvent } from '../../gateway/src/ledger/ledger.ts';
import { readEnvelope, readProposal } from '../../gateway/src/ledger/relay.ts';
import { sentenceOf } from '../../gateway/src/ledger/sentences.ts';
import { connectionOf } from '../support/connection.ts';
import { refusalOf, refusalOfAsync } from '../support/refusal.ts';

const AGENT = { mspId: 'Alder', role: 'agent' } as const;
const { signal } = new AbortController();

let memory: MemoryLedger;
let ledger: Ledger;
let owner: TestIdentity;
beforeAll(async () => {
  memory = await newMemoryLedger({ contracts });
  const gateways = new Map<string, Gateway>();
  for (const role of ['agent', 'operator', 'delegate']) {
    gateways.set(`Alder/${role}`, await memory.gatewayAs({ mspId: 'Alder', role }));
  }
  const link: LedgerLink = {
    channel: memory.channel,
    chaincode: memory.chaincode,
    gatewayAs({ mspId, role }) {
      const found = gateways.get(`${mspId}/${role}`);
      if (found === undefined) throw new Error(`no ${role} of ${mspId}`);
      return found;
    },
    connectOwner: ({ mspId, certificate, sign }) =>
      connectWith(memory.client, { mspId, certificatePem: certificate, signer: sign }),
    close: async () => undefined,
  };
  ledger = newFabricLedger(link, AGENT);
  owner = await memory.newIdentity({ mspId: 'Alder', role: 'owner' });
  await configured(ledger, ['Alder', 'Birch', 'Cedar'], ledger.as(AGENT));
  await funded(ledger, 'Alder');
});
afterAll(() => memory.close());

const purse = () =>
  ledger
    .as(AGENT)
    .evaluate('accounts:purse', { ownerId: hex(organisationAccountId('Alder')) }, signal);
const transfer = (amount: string) => {
  const args = { to: 'ab'.repeat(32), amounts: [amount], lane: 0 };
  return ledger.as(AGENT).submit('accounts:transfer', args, signal);
};

describe('the birth of the embedded consortium', () => {
  it('ends in its configuration and a funded agent', async () => {
    const config = await ledger.as(AGENT).evaluate('accounts:config', {}, signal);
    expect(config).toEqual(EMBEDDED);
    expect((await purse()).lanes).toMatchObject([{ lane: 0, balance: '4000000' }]);
  });

  it('happens once', async () => {
    await configured(ledger, ['Alder', 'Birch', 'Cedar'], ledger.as(AGENT));
    await funded(ledger, 'Alder');
    expect((await purse()).lanes).toMatchObject([{ lane: 0, balance: '4000000' }]);
  });

  it('is left to its operators on any other network', async () => {
    const read = await configured(ledger, ['Alder', 'Birch'], ledger.as(AGENT));
    expect(read).toEqual(EMBEDDED);
  });
});

describe('a call of the contracts', () => {
  it('has the refusal of the contract, whether it reads or writes', async () => {
    const session = ledger.as(AGENT);
    const reading = session.evaluate('files:get', { fileId: 'ab'.repeat(32) }, signal);
    expect(await refusalOfAsync(reading)).toMatchObject({ code: 'NOT_FOUND' });
    const writing = session.submit('files:retire', { fileId: 'ab'.repeat(32), lane: 0 }, signal);
    expect(await refusalOfAsync(writing)).toMatchObject({
      code: 'NOT_ALLOWED',
      detail: 'files:retire is not open to the role agent',
    });
    const wrong = session.evaluate('files:get', { fileId: 'xy' }, signal);
    expect(await refusalOfAsync(wrong)).toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('says where it was committed', async () => {
    const { transactionId, ledgerBlockNumber, result } = await transfer('1');
    expect(result.credits).toHaveLength(1);
    const found = await ledger.transaction(transactionId, signal);
    expect(found).toMatchObject({ ledgerBlockNumber, contract: 'accounts', function: 'transfer' });
    expect(sentenceOf(found)).toBe('Alder transferred 1 credit note to abababab');
  });

  it('is a conflict for all but one that change the same record at once', async () => {
    const outcomes = await Promise.allSettled(['2', '3', '4'].map(transfer));
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused).toHaveLength(2);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'CONFLICT' });
  });

  it('ends with its caller', async () => {
    const stopping = new AbortController();
    const args = { to: 'ab'.repeat(32), amounts: ['1'], lane: 0 };
    const call = ledger.as(AGENT).submit('accounts:transfer', args, stopping.signal);
    stopping.abort();
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    await purse();
  });

  it('finds no transaction and no ledger block where there is none', async () => {
    const lost = ledger.transaction('ab'.repeat(32), signal);
    expect(await refusalOfAsync(lost)).toMatchObject({ code: 'NOT_FOUND' });
    const beyond = ledger.ledgerBlock(1_000_000, signal);
    expect(await refusalOfAsync(beyond)).toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('events', () => {
  async function take(from: Checkpoint | undefined, count: number): Promise<LedgerEvent[]> {
    const stopping = new AbortController();
    const events: LedgerEvent[] = [];
    for await (const event of ledger.events(from, stopping.signal)) {
      events.push(event);
      if (events.length === count) break;
    }
    stopping.abort();
    return events;
  }

  it('begin with the birth of the ledger', async () => {
    const [born] = await take(undefined, 1);
    expect(born).toMatchObject({ name: 'Configured', payload: { version: 1 } });
  });

  it('resume after the last one that was handled, and miss none', async () => {
    const all = await take(undefined, 4);
    const rest = await take(all[1], 2);
    expect(rest).toEqual(all.slice(2));
  });

  it('wait for those to come', async () => {
    const all = await take(undefined, 4);
    const coming = take(all.at(-1), 20);
    for (let i = 0; i < 20; i++) await transfer('1');
    expect(await coming).toHaveLength(20);
  });

  it('end with their reader', async () => {
    const stopping = new AbortController();
    const reading = (async () => {
      for await (const event of ledger.events({ ledgerBlockNumber: 9_999 }, stopping.signal)) {
        throw new Error(`unexpected ${event.name}`);
      }
    })();
    stopping.abort();
    await expect(reading).resolves.toBeUndefined();
  });
});

describe('the relay', () => {
  /** An owner's proposal, as its own machine would make it. */
  function propose(f: string, args: unknown) {
    const client = connect({
      client: memoryClient(),
      identity: { mspId: owner.mspId, credentials: Buffer.from(owner.certificatePem) },
      hash: hash.none,
    });
    const contract = client.getNetwork(memory.channel).getContract(memory.chaincode);
    const proposal = contract.newProposal(f, { arguments: [JSON.stringify(args)] });
    const proposed = fabric.ProposedTransaction.deserializeBinary(proposal.getBytes());
    return proposed.getProposal()?.getProposalBytes_asU8() ?? new Uint8Array();
  }
  /** Builds proposals; it is never called. */
  const memoryClient = () =>
    connectPeers(() => connectionOf('127.0.0.1:1', owner)).gatewayAs(AGENT) as never;

  it('passes on what an owner signed, and what the peer prepared', async () => {
    const bytes = propose('accounts:config', {});
    const endorsed = await ledger.endorse(bytes, await owner.signer(bytes), signal);
    expect(endorsed.transactionId).toBe(readProposal(bytes).transactionId);
    const { transactionId, chaincode } = readEnvelope(endorsed.envelope);
    expect([transactionId, chaincode]).toEqual([endorsed.transactionId, 'holdfast']);
    const payload = common.Envelope.deserializeBinary(endorsed.envelope).getPayload_asU8();
    const signature = await owner.signer(payload);
    const status = await ledger.submitEnvelope(endorsed.envelope, signature, signal);
    expect(status).toMatchObject({ transactionId, validation: 'VALID' });
    const again = ledger.submitEnvelope(endorsed.envelope, signature, signal);
    await expect(again).resolves.toMatchObject({ transactionId, validation: 'VALID' });
  });

  it('has the refusal of the contract', async () => {
    const bytes = propose('files:get', { fileId: 'ab'.repeat(32) });
    const refused = ledger.endorse(bytes, await owner.signer(bytes), signal);
    expect(await refusalOfAsync(refused)).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('cannot pass on what the owner has not signed', async () => {
    const bytes = propose('accounts:config', {});
    const other = propose('accounts:organisations', {});
    const refused = ledger.endorse(bytes, await owner.signer(other), signal);
    expect(await refusalOfAsync(refused)).toMatchObject({ code: 'NOT_ALLOWED' });
  });

  it('cannot submit what the owner has not signed', async () => {
    const bytes = propose('accounts:config', {});
    const endorsed = await ledger.endorse(bytes, await owner.signer(bytes), signal);
    const refused = ledger.submitEnvelope(endorsed.envelope, await owner.signer(bytes), signal);
    await expect(refused).rejects.toBeDefined();
    expect(await refusalOfAsync(ledger.transaction(endorsed.transactionId, signal))).toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['noise', new Uint8Array(64).fill(0xff)],
    ['text', Buffer.from('{"proposal":1}')],
  ])('refuses %s as a proposal and as an envelope', (_, bytes) => {
    expect(refusalOf(() => readProposal(bytes)).pointer).toBe('/proposal');
    expect(refusalOf(() => readEnvelope(bytes)).pointer).toBe('/envelope');
  });
});
