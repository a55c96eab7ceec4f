/**
 * Each role on the stage: its keys opened, announced on the ledger, its loop begun.
 *
 * @module
 */
import { join } from 'node:path';
import type { Config } from '@holdfast/protocol/consortium-records.js';
import { delegateAnnouncement, keyServerAnnouncement } from './announcements.ts';
import { newBeacons } from './auditor/beacons.ts';
import { newLookBack } from './auditor/look-back.ts';
import { newSlotClock } from './auditor/slot-clock.ts';
import { announce } from './consortium.ts';
import { openKeyServer } from './key-server/key-server.ts';
import type { Pool } from '@holdfast/protocol/pool.js';
import type { Ledger, RoleIdentity } from './ledger/ledger.ts';
import type { Logger } from './log.ts';
import type { Monitor } from './monitor/monitor.ts';
import type { Parties } from './parties.ts';
import { openSigningSecret, roleFolder } from './role-keys.ts';
import type { KeyServer, Provider } from './roles.ts';
import type { StorageDriver } from './storage/storage-driver.ts';
import { openRsaKey } from './key-server/rsa-key.ts';

/** How often clocks and auditors are looked at, milliseconds. */
const CLOCK_MS = 250;

/** The names under which delegates of the embedded consortium are shown; any other is shown by its organisation. */
const DELEGATE_NAMES: Readonly<Record<string, string>> = { Alder: 'Dana', Cedar: 'Emil' };

/** What every role stands on. */
export interface Stage {
  readonly dataFolder: string;
  readonly channel: string;
  readonly ledger: Ledger;
  readonly rules: Config;
  readonly monitor: Monitor;
  readonly log: Logger;
  readonly pool: Pool;
  /** Ends every loop. */
  readonly signal: AbortSignal;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
  readonly isDevelopment: boolean;
  /** What keeps the blocks of a provider of this organisation. */
  readonly storageOf: (mspId: string) => Promise<StorageDriver>;
  /** Closed in reverse order when all loops have ended. */
  readonly closing: (() => Promise<unknown>)[];
  go(name: string, everyMs: number, round: (signal: AbortSignal) => Promise<void>): void;
}

/** (Key server) One an organisation. */
export async function playKeyServers(
  { dataFolder, ledger, nowMs, closing }: Stage,
  identities: readonly RoleIdentity[],
): Promise<ReadonlyMap<string, KeyServer>> {
  const opened = await Promise.all(
    identities.map(async (identity) => {
      const { mspId } = identity;
      const folder = roleFolder(dataFolder, 'key-server', mspId);
      const privateKey = await openRsaKey(join(folder, 'key.pem'));
      await announce(ledger.as(identity), keyServerAnnouncement(privateKey));
      return openKeyServer({ mspId, privateKey, folder, nowMs });
    }),
  );
  for (const keyServer of opened) closing.push(() => keyServer.close());
  return new Map(opened.map((keyServer) => [keyServer.mspId, keyServer]));
}

/** (Delegate) Beacons and audits of each; and the clock of every organisation here. */
export async function playDelegates(
  stage: Stage,
  { delegates, clocks }: Parties,
  providersFor: (delegate: RoleIdentity) => ReadonlyMap<string, Provider>,
): Promise<void> {
  const { dataFolder, channel, ledger, rules: config, monitor, log } = stage;
  await Promise.all(
    delegates.map(async (identity) => {
      const { mspId } = identity;
      const secret = await openSigningSecret(roleFolder(dataFolder, 'delegate', mspId));
      const session = ledger.as(identity);
      const name = DELEGATE_NAMES[mspId] ?? mspId;
      await announce(session, delegateAnnouncement(secret, name, { mspId, channel }));
      const providers = providersFor(identity);
      const parts = { session, channel, config, monitor };
      stage.go(`beacons of ${mspId}`, CLOCK_MS, newBeacons({ ...parts, secret }));
      stage.go(`auditor of ${mspId}`, CLOCK_MS, newLookBack({ ...parts, providers, log }));
    }),
  );
  const { monotonicMs, isDevelopment } = stage;
  for (const identity of clocks) {
    const session = ledger.as(identity);
    const clock = newSlotClock({ session, config, monitor, monotonicMs, isDevelopment });
    stage.go(`clock of ${identity.mspId}`, CLOCK_MS, clock);
  }
}
