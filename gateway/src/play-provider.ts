/**
 * The provider on the stage: its storage nodes, its records, its acceptance key.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { providerAnnouncement } from './announcements.ts';
import { announce } from './consortium.ts';
import type { RoleIdentity } from './ledger/ledger.ts';
import type { Stage } from './play.ts';
import { openProvider } from './provider/open-provider.ts';
import { openSigningSecret, roleFolder } from './role-keys.ts';
import type { Provider } from './roles.ts';

const NODES = 3;

/** (Provider) Three folders below `storage/`, named after the organisation. */
export async function playProvider(stage: Stage, identity: RoleIdentity): Promise<Provider> {
  const { dataFolder, channel, ledger, log, pool, signal, nowMs, closing } = stage;
  const { mspId } = identity;
  const folder = roleFolder(dataFolder, 'provider', mspId);
  const nodes = Array.from({ length: NODES }, (_, i) => `${mspId.toLowerCase()}-${i + 1}`);
  const acceptanceSecret = await openSigningSecret(folder);
  const session = ledger.as(identity);
  const announcement = providerAnnouncement(acceptanceSecret, nodes, { mspId, channel });
  await announce(session, announcement);
  const opened = await openProvider({
    folder,
    storageFolder: join(dataFolder, 'storage'),
    nodes,
    session,
    ledger,
    channel,
    acceptanceSecret,
    padding: announcement.padding,
    random: randomBytes,
    pool,
    nowMs,
    log,
    signal,
  });
  closing.push(() => opened.close());
  stage.go(`provider ${mspId}`, 0, opened.round);
  return opened.provider;
}
