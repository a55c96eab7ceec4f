/** Attacks by whoever may submit: each is refused, and its control shows that the way of attacking works. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ledger as protos, peer } from '@hyperledger/fabric-protos';
import { serializeIdentity } from '../../network/devpeer/src/organisations.ts';
import { endorseAs, type Parts, replaceResult, sendForged } from '../support/forgery.ts';
import { contracts } from '../support/ledger-contract/index.ts';
import { newSession, type Session } from '../support/ledger-target.ts';
import { type MemoryLedger, newMemoryLedger, type TestIdentity } from '../support/memory-ledger.ts';

const Code = peer.TxValidationCode;
const { KVRWSet } = protos.rwset.kvrwset;

describe('a forged transaction', () => {
  let ledger: MemoryLedger;
  let session: Session;
  let count = 0;
  const peers = new Map<string, TestIdentity>();

  beforeAll(async () => {
    ledger = await newMemoryLedger({ contracts });
    session = newSession(ledger, await ledger.newIdentity({ mspId: 'Alder', role: 'owner' }));
    for (const mspId of ledger.mspIds) {
      peers.set(mspId, await ledger.newIdentity({ mspId, role: 'peer', unit: 'peer' }));
    }
  });

  afterAll(() => ledger.close());

  /** Puts 1 under a fresh key, with changes on the way; the code, and what the key holds afterwards. */
  const put = async (change: (parts: Parts) => void | Promise<void>) => {
    const key = session.key(String(count++));
    const code = await sendForged(session, { name: 'put', args: [key, '1'] }, change);
    return { code, value: await session.evaluate('get', key) };
  };

  /** Endorsements of the parts as they now stand, by real peers. */
  const endorseByPeers = async (parts: Parts, mspIds: readonly string[]): Promise<void> => {
    const endorsements: peer.Endorsement[] = [];
    for (const mspId of mspIds) {
      const identity = peers.get(mspId);
      if (identity === undefined) throw new Error(`no peer of ${mspId}`);
      endorsements.push(await endorseAs(parts, identity, serialized(identity)));
    }
    parts.endorsed.setEndorsementsList(endorsements);
  };

  const writeTwo = (parts: Parts, namespace = 'holdfast'): void => {
    const set = protos.rwset.TxReadWriteSet.deserializeBinary(parts.action.getResults_asU8());
    for (const one of set.getNsRwsetList()) {
      const writes = KVRWSet.deserializeBinary(one.getRwset_asU8());
      if (one.getNamespace() !== 'holdfast') continue;
      for (const write of writes.getWritesList()) write.setValue(Buffer.from('2'));
      one.setNamespace(namespace);
      one.setRwset(writes.serializeBinary());
    }
    replaceResult(parts, set);
  };

  it('passes when nothing was changed: the control of what follows', async () => {
    expect(await put(() => undefined)).toEqual({ code: Code.VALID, value: '1' });
  });

  it('cannot write what the peers did not endorse', async () => {
    expect(await put((parts) => writeTwo(parts))).toEqual({
      code: Code.ENDORSEMENT_POLICY_FAILURE,
      value: '',
    });
    const control = await put(async (parts) => {
      writeTwo(parts);
      await endorseByPeers(parts, ['Birch', 'Cedar']);
    });
    expect(control).toEqual({ code: Code.VALID, value: '2' });
  });

  it('cannot count one organisation twice', async () => {
    const twice = await put((parts) => endorseByPeers(parts, ['Birch', 'Birch']));
    expect(twice).toEqual({ code: Code.ENDORSEMENT_POLICY_FAILURE, value: '' });
    const control = await put((parts) => endorseByPeers(parts, ['Birch', 'Alder']));
    expect(control.code).toBe(Code.VALID);
  });

  it('cannot be endorsed by clients', async () => {
    const client = await ledger.newIdentity({ mspId: 'Birch', role: 'owner' });
    const asPeer = peers.get('Birch');
    const endorseWith = (identity: TestIdentity | undefined) => async (parts: Parts) => {
      if (identity === undefined) throw new Error('no identity');
      await endorseByPeers(parts, ['Alder']);
      parts.endorsed.addEndorsements(await endorseAs(parts, identity, serialized(identity)));
    };
    expect((await put(endorseWith(client))).code).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
    expect((await put(endorseWith(asPeer))).code).toBe(Code.VALID);
  });

  it('cannot write where the contract may not, even with every endorsement', async () => {
    for (const [namespace, code] of [
      ['_lifecycle', Code.ILLEGAL_WRITESET],
      ['another', Code.ILLEGAL_WRITESET],
      ['holdfast', Code.VALID],
    ] as const) {
      const written = await put(async (parts) => {
        writeTwo(parts, namespace);
        await endorseByPeers(parts, ledger.mspIds);
      });
      expect(written.code).toBe(code);
    }
  });

  it('cannot pass off the endorsement of another proposal', async () => {
    const other = await put(({ actionPayload }) => {
      actionPayload.setChaincodeProposalPayload(
        new peer.ChaincodeProposalPayload().serializeBinary(),
      );
    });
    expect(other).toEqual({ code: Code.INVALID_ENDORSER_TRANSACTION, value: '' });
  });

  it('cannot be of another chaincode', async () => {
    const other = await put(async (parts) => {
      const id = new peer.ChaincodeID();
      id.setName('another');
      parts.action.setChaincodeId(id);
      parts.response.setExtension$(parts.action.serializeBinary());
      parts.endorsed.setProposalResponsePayload(parts.response.serializeBinary());
      await endorseByPeers(parts, ledger.mspIds);
    });
    expect(other).toEqual({ code: Code.INVALID_CHAINCODE, value: '' });
  });

  it('cannot hold two actions', async () => {
    const two = await put(({ transaction }) => {
      const [first] = transaction.getActionsList();
      transaction.addActions(first);
    });
    expect(two).toEqual({ code: Code.BAD_PAYLOAD, value: '' });
  });

  it('cannot choose its id, nor take the place of another transaction', async () => {
    const { store } = ledger.peer.channel;
    const honest = await session.contract.submitAsync('put', {
      arguments: [session.key('h'), '1'],
    });
    await honest.getStatus();
    const ids = ['0'.repeat(64), honest.getTransactionId()];
    for (const id of ids) {
      await sendForged(
        session,
        { name: 'put', args: [session.key('h'), '2'] },
        (parts) => {
          parts.channelHeader.setTxId(id);
        },
        id,
      );
    }
    await session.submit('put', session.key('after'), '1');
    expect(ids.map((id) => store.transactionPlace(id)?.code)).toEqual([
      Code.BAD_PROPOSAL_TXID,
      Code.VALID,
    ]);
    expect(await session.evaluate('get', session.key('h'))).toBe('1');
  });
});

const serialized = ({ mspId, certificatePem }: TestIdentity): Uint8Array =>
  serializeIdentity(mspId, certificatePem);
