/**
 * Ports of loopback for what is started here. They lie below those that the system gives to outgoing connections, so
 * that a part that comes back finds its port as it left it; processes that choose at the same time choose from places of
 * their own, and none is handed out twice.
 */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { expected } from './ready.mjs';

const FIRST = 10_000;
/** Of processes with different numbers. */
const PLACES = 200;
const PORTS = 50;

let next = randomInt(PORTS);

/** A port of loopback that nothing listens on. */
export async function freePort() {
  for (let tried = 0; tried < PORTS; tried++) {
    const port = FIRST + (process.pid % PLACES) * PORTS + (next++ % PORTS);
    if (await isFree('127.0.0.1', port)) return port;
  }
  throw expected(`None of ${PORTS} ports of 127.0.0.1 is free.`);
}

/** Whether a server could listen there now. */
export function isFree(host, port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
