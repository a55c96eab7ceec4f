/** The development ledger's answers beside those recorded from real peers. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { contracts } from '../support/ledger-contract/index.ts';
import { ask, PROBES, type Recorded } from '../support/ledger-probes.ts';
import { newSession, type Session } from '../support/ledger-target.ts';
import { type MemoryLedger, newMemoryLedger } from '../support/memory-ledger.ts';

const file = new URL('vectors/fabric-3.1.5.json', import.meta.url);
const { answers } = JSON.parse(readFileSync(file, 'utf8')) as {
  answers: Readonly<Record<string, Recorded>>;
};

describe('the development ledger', () => {
  let ledger: MemoryLedger;
  let session: Session;

  beforeAll(async () => {
    const organisations = ['Org1MSP', 'Org2MSP'];
    const names = { channel: 'mychannel', chaincode: 'bench' };
    ledger = await newMemoryLedger({ contracts, organisations, ...names });
    session = newSession(ledger, await ledger.newIdentity({ mspId: 'Org1MSP', role: 'owner' }));
    await session.submit('put', 'seed', '1');
  });

  afterAll(() => ledger.close());

  it('is asked everything that was recorded', () => {
    expect(Object.keys(PROBES).sort()).toEqual(Object.keys(answers).sort());
  });

  it.each(Object.entries(PROBES))('answers as Fabric 3.1.5 did: %s', async (name, probe) => {
    expect(await ask(session, probe)).toEqual(answers[name]);
  });
});
