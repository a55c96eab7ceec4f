/**
 * fabric-shim, as far as tests drive it from inside.
 *
 * Importing it installs process-wide handlers that swallow uncaught exceptions and lost rejections; they are removed
 * here, as soon as it has been imported, or a test could fail without a word.
 */
import { createRequire } from 'node:module';
import { dropUnwantedLines } from '../../chaincode/src/log-lines.ts';
import type { ChaincodeStream } from '../../network/devpeer/src/chaincode-messages.ts';

const require = createRequire(import.meta.url);
const ChaincodeFromContract = require('fabric-shim/lib/contract-spi/chaincodefromcontract.js');
const { ChaincodeMessageHandler } = require('fabric-shim/lib/handler.js');
const { JSONSerializer } = require('fabric-contract-api');
dropUnwantedLines();
/** The names winston and fabric-shim give their listeners, whoever imported them first. */
const swallowers = {
  uncaughtException: 'bound _uncaughtException',
  unhandledRejection: 'loggerUnhandledRejectionFn',
};
for (const [event, name] of Object.entries(swallowers)) {
  for (const listener of process.listeners(event as never) as (() => void)[]) {
    if (listener.name === name) process.removeListener(event, listener);
  }
}

/** A contract class, as `fabric-chaincode-node` takes it from the `contracts` of a package. */
export type ContractClass = new () => object;

/** What the dispatcher of the shim calls: `Init` and `Invoke`. */
export interface Chaincode {
  Init(stub: unknown): Promise<unknown>;
  Invoke(stub: unknown): Promise<unknown>;
}

/** The dispatcher pushes a system contract into the array it is given, hence the copy. */
export function newChaincode(contracts: readonly ContractClass[]): Chaincode {
  const serializers = { transaction: 'json', serializers: { json: JSONSerializer } };
  return new ChaincodeFromContract([...contracts], serializers, {}, 'test', '0');
}

/** The shim's end of the stream to a peer, with the message that opens the conversation. */
export function startChaincode(
  chaincode: Chaincode,
  stream: ChaincodeStream,
  register: unknown,
): void {
  new ChaincodeMessageHandler(stream, chaincode).chat(register);
}
