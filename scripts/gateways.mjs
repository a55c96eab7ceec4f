/** Several gateways on one ledger: each organisation's own connection file, with its own identities only. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { replaceFile } from './replace-file.mjs';

/**
 * @param connection path of the file with everybody's identities; a network that has made each organisation's own lays them
 *   beside it
 * @param folder where those are written that are not there
 * @param freePort called for each organisation that has no `gatewayUrl` yet
 * @returns `[{ mspId, name, connection, innerPort }]`
 */
export async function ownConnections(connection, folder, freePort) {
  const all = JSON.parse(readFileSync(connection, 'utf8'));
  for (const organisation of all.organisations) {
    organisation.gatewayUrl ??= `https://127.0.0.1:${await freePort()}`;
  }
  mkdirSync(folder, { recursive: true });
  return all.organisations.map(({ mspId, gatewayUrl }) => {
    const name = mspId.toLowerCase();
    const made = join(dirname(connection), `connection-${name}.json`);
    const path = existsSync(made) ? made : join(folder, `connection-${name}.json`);
    if (path !== made) {
      replaceFile(path, JSON.stringify(ownConnection(all, mspId), undefined, 2));
    }
    return { mspId, name, connection: path, innerPort: new URL(gatewayUrl).port };
  });
}

/** What one organisation is given: where everybody is, and who it is itself. */
export const ownConnection = (all, own) => ({
  ...all,
  organisations: all.organisations.map((organisation) =>
    organisation.mspId === own ? organisation : { ...organisation, identities: {} },
  ),
});
