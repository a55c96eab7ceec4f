/**
 * The provider on the stage: its storage nodes, its records, its acceptance key.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import type { Registry } from 'prom-client';
import { providerAnnouncement } from './announcements.ts';
import { announce } from './consortium.ts';
import type { RoleIdentity } from './ledger/ledger.ts';
import type { Stage } from './play.ts';
import { countRepairs } from './monitor/count-roles.ts';
import type { ProviderFigures } from './provider/figures.ts';
import { openProvider } from './provider/open-provider.ts';
import { openSigningSecret, roleFolder } from './role-keys.ts';
import type { Provider } from './roles.ts';

export interface PlayedProvider {
  readonly provider: Provider;
  readonly figures: () => Promise<ProviderFigures>;
  /** Of its nodes' blocks. */
  readonly folders: ReadonlyMap<string, string>;
}

/** (Provider) Its nodes are those that the driver names. */
export async function playProvider(
  stage: Stage,
  identity: RoleIdentity,
  registry: Registry,
): Promise<PlayedProvider> {
  const { dataFolder, channel, ledger, log, pool, signal, nowMs, closing } = stage;
  const storage = await stage.storageOf(identity.mspId);
  const { mspId } = identity;
  const folder = roleFolder(dataFolder, 'provider', mspId);
  const acceptanceSecret = await openSigningSecret(folder);
  const session = ledger.as(identity);
  const announcement = providerAnnouncement(acceptanceSecret, storage.nodes, { mspId, channel });
  await announce(session, announcement);
  const opened = await openProvider({
    folder,
    storage,
    session,
    ledger,
    channel,
    acceptanceSecret,
    padding: announcement.padding,
    random: randomBytes,
    pool,
    nowMs,
    log,
    onRepair: countRepairs(registry),
    signal,
  });
  closing.push(() => opened.close());
  stage.go(`provider ${mspId}`, 0, opened.round);
  return {
    provider: opened.provider,
    figures: () => opened.figures(),
    folders: storage.folders,
  };
}
