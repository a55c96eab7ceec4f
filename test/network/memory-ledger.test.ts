import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Contract } from '@hyperledger/fabric-gateway';
import { type MemoryLedger, newMemoryLedger } from '../support/memory-ledger.ts';
import { contracts } from '../support/ledger-contract/index.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describe('the ledger in memory', () => {
  let ledger: MemoryLedger;
  let contract: Contract;

  beforeAll(async () => {
    ledger = await newMemoryLedger({ contracts });
    const gateway = await ledger.gatewayAs({ mspId: 'Alder', role: 'owner' });
    contract = gateway.getNetwork('holdfast').getContract('holdfast');
  });

  afterAll(() => ledger.close());

  it('answers what was committed', async () => {
    await contract.submitTransaction('put', 'a', '1');
    expect(text(await contract.evaluateTransaction('get', 'a'))).toBe('1');
  });

  it('leaves no listener behind that swallows what a test throws', () => {
    expect(process.listeners('uncaughtException').map(({ name }) => name)).not.toContain(
      'bound _uncaughtException',
    );
    expect(process.listenerCount('unhandledRejection')).toBe(0);
  });

  it('hands the contract the role of the caller', async () => {
    const who: unknown = JSON.parse(text(await contract.evaluateTransaction('who')));
    expect(who).toMatchObject({ mspId: 'Alder', role: 'owner' });
  });
});
