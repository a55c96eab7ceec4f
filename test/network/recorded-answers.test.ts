/** The development ledger's answers beside those recorded from real peers. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { contracts } from '../support/ledger-contract/index.ts';
import { ask, PROBES, type Recorded } from '../support/ledger-probes.ts';
import { newSession, type Session } from '../support/ledger-target.ts';
import { type MemoryLedger, newMemoryLedger } from '../support/memory-ledger.ts';

/** Where the development ledger answers otherwise than a version did. */
const DIFFERS: Readonly<Record<string, readonly string[]>> = {
  '3.1.5': [],
  // waits for a transaction without an id until the deadline; chains a hash of what blocks wrote, as we do not
  '2.5.9': ['commit status empty txid', 'block metadata'],
};

function recordedFrom(version: string): Readonly<Record<string, Recorded>> {
  const file = new URL(`vectors/fabric-${version}.json`, import.meta.url);
  const { answers } = JSON.parse(readFileSync(file, 'utf8')) as {
    answers: Readonly<Record<string, Recorded>>;
  };
  return answers;
}

describe('the development ledger', () => {
  const versions = Object.keys(DIFFERS).map((version) => [version, recordedFrom(version)] as const);
  let ledger: MemoryLedger;
  const given = new Map<string, Recorded>();

  beforeAll(async () => {
    const organisations = ['Org1MSP', 'Org2MSP'];
    const names = { channel: 'mychannel', chaincode: 'bench' };
    ledger = await newMemoryLedger({ contracts, organisations, ...names });
    const identity = await ledger.newIdentity({ mspId: 'Org1MSP', role: 'owner' });
    const session: Session = newSession(ledger, identity);
    await session.submit('put', 'seed', '1');
    for (const [name, probe] of Object.entries(PROBES)) given.set(name, await ask(session, probe));
  }, 60_000);

  afterAll(() => ledger.close());

  it('is asked everything that was recorded, and each question was once asked of a peer', () => {
    const recorded = versions.flatMap(([, answers]) => Object.keys(answers));
    expect(Object.keys(PROBES).sort()).toEqual([...new Set(recorded)].sort());
  });

  const differs = ([version, name]: readonly [string, string, Recorded]) =>
    DIFFERS[version]?.includes(name) === true;
  const cases = versions.flatMap(([version, answers]) =>
    Object.entries(answers).map(([name, answer]) => [version, name, answer] as const),
  );

  it.each(cases.filter((one) => !differs(one)))(
    'answers as Fabric %s did: %s',
    (_version, name, answer) => {
      expect(given.get(name)).toEqual(answer);
    },
  );

  it.each(cases.filter(differs))(
    'does not answer as Fabric %s did: %s',
    (_version, name, answer) => {
      expect(given.get(name)).not.toEqual(answer);
    },
  );
});
