/**
 * npm run package -w chaincode [-- FOLDER]: the chaincode as a folder of its own, chaincode/package unless told, that
 * installs and runs alone: for `npm run network -- deploy`, `peer lifecycle chaincode package`, and test-network's
 * `deployCC` and `deployCCAAS`.
 */
import { join, resolve } from 'node:path';
import { ready, root } from './ready.mjs';

const asked = process.argv[3];
const folder =
  asked === undefined
    ? join(root, 'chaincode', 'package')
    : resolve(process.env.INIT_CWD ?? '', asked);
await ready();
const { packageChaincode } = await import('./bundle-chaincode.mjs');
const { version, codeHash } = await packageChaincode(folder);
process.stdout.write(`holdfast ${version}, code ${codeHash}, in ${folder}\n`);
