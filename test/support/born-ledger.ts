/** A ledger that has been configured, with its parties announced, and a clock that the test drives. */
import { ready } from '@holdfast/protocol/curve.js';
import type { BeaconRecord, Config } from '@holdfast/protocol/consortium-records.js';
import type { Role } from '@holdfast/protocol/schema.js';
import {
  beaconSignature,
  CONFIG,
  delegateAnnouncement,
  providerAnnouncement,
} from './consortium.ts';
import { type ContractLedger, newContractLedger } from './contract-ledger.ts';
import type { TestIdentity } from './memory-ledger.ts';
import { newTestOwner, type TestOwner } from './owner-of-files.ts';

export interface BornLedger extends ContractLedger {
  /** The organisation's identity with this role, always the same one. */
  as(mspId: string, role: Role): Promise<TestIdentity>;
  readonly epoch: () => number;
  readonly beaconOf: (epoch: number) => string;
  /** Lets epochs begin: ticks of Alder and Cedar, and the beacon of the slot's delegate. */
  advance(epochs?: number): Promise<void>;
  advanceTo(epoch: number): Promise<void>;
  /** An owner of an organisation whose account is open; of a crowd, `alike` the first. */
  openOwner(name: string, mspId?: string, custody?: string, alike?: TestOwner): Promise<TestOwner>;
}

export async function newBornLedger(config: Config = CONFIG): Promise<BornLedger> {
  await ready();
  const ledger = await newContractLedger();
  const identities = new Map<string, Promise<TestIdentity>>();
  const as: BornLedger['as'] = (mspId, role) => {
    const known = identities.get(`${mspId} ${role}`);
    if (known !== undefined) return known;
    const made = ledger.newIdentity(mspId, role);
    identities.set(`${mspId} ${role}`, made);
    return made;
  };
  await ledger.submit(await as('Alder', 'operator'), 'accounts:configure', { config });
  const announcement = providerAnnouncement();
  await ledger.submit(await as('Birch', 'provider'), 'accounts:announce', { announcement });
  for (const mspId of CONFIG.genesisDelegates) {
    await ledger.submit(await as(mspId, 'delegate'), 'accounts:announce', {
      announcement: delegateAnnouncement(mspId),
    });
  }
  const recordOf = (epoch: number): BeaconRecord =>
    ledger.state.get(`beacon/${String(epoch).padStart(12, '0')}`) as BeaconRecord;
  const epochNow = () => (ledger.state.get('clock') as { epoch: number }).epoch;

  async function beginNext(): Promise<void> {
    const epoch = epochNow() + 1;
    const msps = ['Alder', 'Cedar'];
    for (const mspId of msps) {
      await ledger.submit(await as(mspId, 'delegate'), 'beacons:tick', { epoch });
    }
    const delegate = msps[epoch % 2] ?? '';
    const signature = beaconSignature(delegate, epoch, recordOf(epoch - 1).value);
    const by = await as(delegate, 'delegate');
    await ledger.submit(by, 'beacons:advance', { epoch, signature, msps });
  }

  return {
    ...ledger,
    as,
    epoch: epochNow,
    beaconOf: (epoch) => recordOf(epoch).value,
    async advance(epochs = 1) {
      for (let i = 0; i < epochs; i++) await beginNext();
    },
    async advanceTo(epoch) {
      while (epochNow() < epoch) await beginNext();
    },
    async openOwner(name, mspId = 'Alder', custody = 'owner', alike) {
      const owner = await newTestOwner(await ledger.newIdentity(mspId, 'owner'), name, alike);
      await ledger.submit(owner.identity, 'accounts:open', { ...owner.opening, custody });
      return owner;
    },
  };
}
