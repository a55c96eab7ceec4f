/**
 * The development ledger: `node dist/main.js --data DIR --organisation Alder=127.0.0.1:9001 …`.
 *
 * @module
 */
import { type Arguments, parseArguments, USAGE } from './arguments.ts';
import { type DevNode, startNode } from './node.ts';

const say = (text: string): void => void process.stderr.write(`${text}\n`);

function read(): Arguments {
  try {
    return parseArguments(process.argv.slice(2));
  } catch (error) {
    say(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    return process.exit(2);
  }
}

async function start(options: Arguments): Promise<DevNode> {
  try {
    return await startNode(options);
  } catch (error) {
    say(`devpeer: ${error instanceof Error ? error.message : String(error)}`);
    return process.exit(1);
  }
}

const options = read();
const node = await start(options);
let isClosing = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (isClosing) return;
    isClosing = true;
    void node.close().then(() => process.exit(0));
  });
}
void node.failed.then((error) => {
  say(`devpeer: a block could not be written: ${error.message}`);
  process.exit(1);
});
say('development ledger: one process holds the key of every organisation; it proves nothing');
say(`waiting for chaincode: ${options.organisations.map((one) => one.address).join(', ')}`);
await node.ready;
process.stdout.write(`${JSON.stringify({ ready: true, connection: node.connection })}\n`);
