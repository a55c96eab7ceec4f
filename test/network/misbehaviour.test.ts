/** What the development ledger does where a real peer would fail late or silently, and what it refuses by name. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import type { GatewayError } from '@hyperledger/fabric-gateway';
import { newMessage } from '../../network/devpeer/src/chaincode-messages.ts';
import { MessageType } from '../../network/devpeer/src/codes.ts';
import { newMemoryStream } from '../../network/devpeer/src/memory-stream.ts';
import { contracts } from '../support/ledger-contract/index.ts';
import { newSession, refusalOf, type Session } from '../support/ledger-target.ts';
import { type MemoryLedger, newMemoryLedger } from '../support/memory-ledger.ts';

const TIMEOUT_MS = 200;

describe('a contract that misbehaves', () => {
  let ledger: MemoryLedger;
  let session: Session;
  const whyNot = async (name: string, ...args: string[]): Promise<string> => {
    const refusal = await refusalOf<GatewayError>(session.submit(name, ...args));
    expect(refusal.code).toBe(status.ABORTED);
    return refusal.details[0]?.message ?? '';
  };

  beforeAll(async () => {
    ledger = await newMemoryLedger({ contracts, executeTimeoutMs: TIMEOUT_MS });
    session = newSession(ledger, await ledger.newIdentity({ mspId: 'Alder', role: 'owner' }));
  });

  afterAll(() => ledger.close());

  it.each(['1', '3'])('is refused when it does not wait for %s of its writes', async (count) => {
    expect(await whyNot('forget', session.key(`f${count}/`), count)).toContain(
      'a promise is not awaited',
    );
    expect(await session.evaluate('range', session.key('f'), session.key('g'))).toBe('[]');
  });

  it('is given up when it never answers', async () => {
    expect(await whyNot('hang')).toContain('timeout expired while executing transaction');
  });

  it('cannot write what one organisation alone has computed', async () => {
    expect(await whyNot('random', session.key('r'))).toBe('ProposalResponsePayloads do not match');
  });

  it('is told by name what there is no support for', async () => {
    expect(await whyNot('setPolicy', session.key('k'))).toContain(
      'the development ledger has no support for key-level endorsement policies',
    );
    expect(await whyNot('putPrivate', 'secrets', session.key('k'))).toContain(
      'collection holdfast/holdfast/secrets could not be found',
    );
    expect(await whyNot('call', 'other', 'holdfast')).toContain('chaincode other not found');
    expect(await whyNot('call', 'holdfast', 'holdfast')).toMatch(/execute failed: .* exists/);
  });
});

describe('a chaincode that sends what does not decode', () => {
  it('is parted with: the call fails, and the ledger goes on', async () => {
    const ledger = await newMemoryLedger({ contracts, away: ['Alder', 'Birch', 'Cedar'] });
    const { peerEnd, chaincodeEnd } = newMemoryStream();
    chaincodeEnd.on('data', (message) => {
      if (message.getType() !== MessageType.TRANSACTION) return;
      const origin = { channelId: message.getChannelId(), transactionId: message.getTxid() };
      // a result of no known form, while a request is still open
      chaincodeEnd.write(newMessage(MessageType.GET_STATE, origin));
      const payload = Uint8Array.of(0xff);
      chaincodeEnd.write(newMessage(MessageType.COMPLETED, { ...origin, payload }));
    });
    const attached = ledger.peer.attach('Alder', peerEnd);
    chaincodeEnd.write(newMessage(MessageType.REGISTER));
    await attached;
    try {
      const identity = await ledger.newIdentity({ mspId: 'Alder', role: 'owner' });
      const { evaluate } = newSession(ledger, identity);
      const why = async () => (await refusalOf<GatewayError>(evaluate('get', 'a'))).details[0];
      expect((await why())?.message).toContain('chaincode stream terminated');
      expect((await why())?.message).toContain('not connected');
    } finally {
      await ledger.close();
    }
  });
});

describe('an organisation whose contract does not run', () => {
  const withLedger = async (away: readonly string[], use: (session: Session) => Promise<void>) => {
    const ledger = await newMemoryLedger({ contracts, away });
    try {
      await use(newSession(ledger, await ledger.newIdentity({ mspId: 'Alder', role: 'owner' })));
    } finally {
      await ledger.close();
    }
  };

  it.each(['Alder', 'Birch', 'Cedar'])('is passed over: %s', async (away) => {
    await withLedger([away], async ({ submit, evaluate }) => {
      await submit('put', 'a', '1');
      await submit('put', 'a', '2');
      expect(await evaluate('get', 'a')).toBe('2');
    });
  });

  it('is missed where no majority is left', async () => {
    await withLedger(['Alder', 'Birch'], async ({ submit, evaluate }) => {
      const refusal = await refusalOf<GatewayError>(submit('put', 'a', '1'));
      expect(refusal.details[0]?.message).toMatch(/could not launch chaincode .* not connected/);
      expect(await evaluate('get', 'a')).toBe('');
    });
  });
});

describe('a reader of events', () => {
  const BLOCKS = 40;

  it('gets every block in order however slow it is, and may leave at any time', async () => {
    const ledger = await newMemoryLedger({ contracts });
    try {
      const identity = await ledger.newIdentity({ mspId: 'Alder', role: 'owner' });
      const { network, submit } = newSession(ledger, identity);
      const slow = await network.getChaincodeEvents('holdfast');
      const gone = await network.getBlockEvents({ startBlock: 0n });
      const keys = Array.from({ length: BLOCKS }, (_, i) => `k${i}`);
      for (const key of keys) await submit('put', key, '1');
      for await (const block of gone) {
        expect(block.getHeader()?.getNumber()).toBe(0);
        break;
      }
      gone.close();
      const seen: string[] = [];
      for await (const { payload } of slow) {
        seen.push(Buffer.from(payload).toString());
        await new Promise((resolve) => void setImmediate(resolve));
        if (seen.length === BLOCKS) break;
      }
      expect(seen).toEqual(keys);
    } finally {
      await ledger.close();
    }
  });
});

describe('a disk that fails', () => {
  it('judges no transaction by a state that it cannot read', async () => {
    const ledger = await newMemoryLedger({ contracts });
    const identity = await ledger.newIdentity({ mspId: 'Alder', role: 'owner' });
    const { contract } = newSession(ledger, identity);
    const endorsed = await contract.newProposal('put', { arguments: ['a', '1'] }).endorse();
    const get = () => {
      throw new Error('input/output error');
    };
    const value = () => ({ get, release: () => Promise.resolve() });
    Object.defineProperty(ledger.peer.channel.store, 'currentView', { value });
    const sent = await endorsed.submit();
    const unknown = await refusalOf<GatewayError>(sent.getStatus());
    expect(unknown.code).toBe(status.UNAVAILABLE);
    expect(unknown.message).toContain('input/output error');
    await ledger.close();
  });

  it('stops the ledger: nothing more is accepted, nothing is called valid', async () => {
    const ledger = await newMemoryLedger({ contracts });
    const identity = await ledger.newIdentity({ mspId: 'Alder', role: 'owner' });
    const { contract } = newSession(ledger, identity);
    const endorse = () => contract.newProposal('put', { arguments: ['a', '1'] }).endorse();
    const [first, second, third] = [await endorse(), await endorse(), await endorse()];
    expect((await (await first.submit()).getStatus()).successful).toBe(true);
    const value = () => Promise.reject(new Error('no space left on device'));
    Object.defineProperty(ledger.peer.channel.store, 'append', { value });
    const sent = await second.submit();
    const unknown = await refusalOf<GatewayError>(sent.getStatus());
    expect(unknown.code).toBe(status.UNAVAILABLE);
    expect(unknown.message).toContain('no space left on device');
    const refused = await refusalOf<GatewayError>(third.submit());
    expect(refused).toMatchObject({ name: 'SubmitError', code: status.UNAVAILABLE });
    await ledger.close();
  });
});
