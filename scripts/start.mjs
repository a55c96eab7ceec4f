/**
 * npm start: the whole system on the embedded default, until Ctrl-C; where LEDGER_CONNECTION names a network's connection
 * file, the gateway on that network.
 */
import { relative, resolve } from 'node:path';
import { dataFolder } from './data-folder.mjs';
import { expected, line, ready } from './ready.mjs';

const began = Date.now();
const print = (text) => process.stdout.write(`${text}\n`);
const network = networkInUse();
print(
  network === undefined
    ? "Holdfast 0.1 · DEVELOPMENT LEDGER: one process holds every organisation's key. Not for real data."
    : 'Holdfast 0.1',
);
await ready(print);
const { startSystem } = await import('./system.mjs');

const port = Number(process.env.PORT ?? 7070);
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  throw expected(`PORT: expected a port number, got ${process.env.PORT}`, 2);
}
const stopping = new AbortController();
const folder = dataFolder();
const system = await startSystem({
  folder,
  port,
  host: process.env.HOST ?? '127.0.0.1',
  network,
  report: (...row) => print(line(...row)),
  onLost: (sentence) => {
    process.stderr.write(`${sentence}\n`);
    process.exitCode = 1;
    stopping.abort();
  },
});
const shown = relative('', folder).startsWith('..') ? folder : `./${relative('', folder)}`;
const storage =
  network === undefined ? 'birch-1 birch-2 birch-3 · 3 replicas' : `driver ${network.driver}`;
print(`  ${'storage'.padEnd(12)}${storage.padEnd(53)}${shown}`);
if (network === undefined)
  print(`  ${'delegates'.padEnd(12)}Dana (Alder) Emil (Cedar) · slot 30 s`);
print(`Ready in ${((Date.now() - began) / 1000).toFixed(1)} s

  REST     ${system.url}/v1
  command  npm i -g ./client, then in a second terminal:
             holdfast init --gateway ${system.url}
             holdfast put FILE
             holdfast ls
  stop     Ctrl-C        start over  npm run reset
`);
// on Ctrl-C it comes twice, from the terminal and from npm: the second must not end us before our parts
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stopping.abort());
await new Promise((resolve) => {
  if (stopping.signal.aborted) resolve();
  stopping.signal.addEventListener('abort', resolve);
});
print('Stopping.');
await system.stop();

/** What the environment says runs already. */
function networkInUse() {
  const { LEDGER_CONNECTION, STORAGE_DRIVER, STORAGE_CONNECTION } = process.env;
  if (!LEDGER_CONNECTION) return undefined;
  return {
    ledger: resolve(LEDGER_CONNECTION),
    driver: STORAGE_DRIVER || 'embedded',
    nodes: STORAGE_CONNECTION,
  };
}
