/** What a gateway on a network is told: one that plays everybody, and one of each organisation. */
import { dirname, join } from 'node:path';
import { replaceFile } from '../scripts/replace-file.mjs';

/** Writes `gateway.env` and `gateway-<organisation>.env` to the run folder. */
export function writeEnvironments({ folder, fabric, ipfs }) {
  const storage = { STORAGE_DRIVER: 'cluster', STORAGE_CONNECTION: ipfs.connection };
  const write = (name, environment) => {
    const pairs = Object.entries({ ...storage, ...environment });
    replaceFile(join(folder, `${name}.env`), pairs.map((pair) => `${pair.join('=')}\n`).join(''));
  };
  const { connection } = fabric;
  write('gateway', { LEDGER_CONNECTION: connection, DATA_DIR: join(folder, 'gateway') });
  for (const [i, { name, gatewayPort }] of fabric.organisations.entries()) {
    write(`gateway-${name}`, {
      LEDGER_CONNECTION: join(dirname(connection), `connection-${name}.json`),
      DATA_DIR: join(folder, `gateway-${name}`),
      PORT: 7070 + i,
      INNER_PORT: gatewayPort,
    });
  }
}
