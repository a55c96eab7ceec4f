/**
 * What the owner relies on about others, read attested: the configuration, key servers, a provider, delegates.
 *
 * @module
 */
import { HoldfastError } from '../errors.ts';
import type {
  Config,
  KeyServerOrganisation,
  Organisation,
  ProviderOrganisation,
} from '../consortium-records.ts';
import type { OwnerLedger } from './acting-owner.ts';

export const readConfig = (ledger: OwnerLedger): Promise<Config> =>
  ledger.read('accounts:config', {});

export const readEpoch = async (ledger: OwnerLedger): Promise<number> =>
  (await ledger.read('beacons:current', {})).epoch;

/** (Owner) The key servers that the configuration names, all of them: a key needs each. */
async function readKeyServers(
  ledger: OwnerLedger,
  { keyServers }: Config,
): Promise<readonly KeyServerOrganisation[]> {
  const records: KeyServerOrganisation[] = [];
  for (const mspId of keyServers) records.push(await readAnnounced(ledger, mspId, 'key-server'));
  return records;
}

/** (Owner) The announced provider of the consortium. @throws `NOT_FOUND` where there is none. */
export async function readProvider(
  ledger: OwnerLedger,
  { organisations }: Config,
): Promise<ProviderOrganisation> {
  const mspId = organisations.find(({ roles }) => roles.includes('provider'))?.mspId;
  if (mspId === undefined) throw new HoldfastError('NOT_FOUND', 'no organisation is a provider');
  return readAnnounced(ledger, mspId, 'provider');
}

/** (Owner) The name that an organisation's delegate has announced. @throws `NOT_FOUND` where none has. */
export const readDelegateName = async (ledger: OwnerLedger, mspId: string): Promise<string> =>
  (await readAnnounced(ledger, mspId, 'delegate')).name;

/** What an organisation has announced in a role. */
async function readAnnounced<R extends Organisation['role']>(
  ledger: OwnerLedger,
  mspId: string,
  role: R,
): Promise<Extract<Organisation, { role: R }>> {
  const record = await ledger.read(
    'accounts:organisation',
    { mspId, role },
    (found) => found.mspId === mspId && found.role === role,
  );
  return record as Extract<Organisation, { role: R }>;
}

/** Everybody that storing a file depends on. */
export interface Parties {
  readonly config: Config;
  readonly keyServers: readonly KeyServerOrganisation[];
  readonly provider: ProviderOrganisation;
}

/** (Owner) */
export async function readParties(ledger: OwnerLedger): Promise<Parties> {
  const config = await readConfig(ledger);
  const keyServers = await readKeyServers(ledger, config);
  return { config, keyServers, provider: await readProvider(ledger, config) };
}
