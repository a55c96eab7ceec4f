/**
 * Reads the configuration, starts the gateway, says where on standard output, and stops cleanly on a signal.
 *
 * @module
 */
import { availableParallelism } from 'node:os';
import { openThreadPool, type Order, type Outcome } from '@holdfast/protocol/threads.js';
import { Piscina } from 'piscina';
import { ConfigError, readConfig, type GatewayConfig } from './config.ts';
import { startGateway } from './gateway.ts';
import { newRenewedConnection } from './identity/live-connection.ts';
import { readConnection } from './ledger/connection.ts';
import { connectPeers } from './ledger/ledger-link.ts';
import { newLog } from './log.ts';

function configOrExit(): GatewayConfig {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.problems.join('\n')}\n`);
    process.exit(2);
  }
}

const config = configOrExit();
const log = newLog(config.logLevel);
const read = () => readConnection(config.connection);
const first = await read().catch((error: unknown) => {
  const reason = error instanceof Error ? error.message : String(error);
  process.stderr.write(`LEDGER_CONNECTION: ${reason}\n`);
  process.exit(2);
});
const connection = newRenewedConnection({ first, read, log, nowMs: Date.now });
const link = connectPeers(connection.current);
const worker = new URL('./worker.js', import.meta.url).href;
const pool = openThreadPool(
  availableParallelism(),
  (kept) => new Piscina<Order, Outcome>({ ...kept, filename: worker }),
);
const gateway = await startGateway({ config, connection, link, log, pool }).catch(
  (error: unknown) => {
    log.fatal({ event: 'StartFailed', err: error });
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
process.stdout.write(`${JSON.stringify({ ready: true, url: gateway.url })}\n`);

let isClosing = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (isClosing) return;
    isClosing = true;
    void gateway
      .close()
      .then(() => pool.close())
      .then(() => process.exit(0));
  });
}
