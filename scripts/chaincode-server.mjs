/**
 * The contracts as a server that the development ledger dials, `node scripts/chaincode-server.mjs ADDRESS ID`: what
 * `fabric-chaincode-node server` does, with the contracts known beforehand, so that it can be made one file.
 */
import api from 'fabric-contract-api';
import shim from 'fabric-shim';
import ChaincodeFromContract from 'fabric-shim/lib/contract-spi/chaincodefromcontract.js';
import { contracts } from '../chaincode/dist/main.js';
import manifest from '../chaincode/package.json' with { type: 'json' };

const [address, ccid] = process.argv.slice(2);
const serializers = { transaction: 'json', serializers: { json: api.JSONSerializer } };
const { name, version } = manifest;
try {
  const chaincode = new ChaincodeFromContract(contracts, serializers, {}, name, version);
  await shim.server(chaincode, { address, ccid }).start();
} catch (error) {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
}
