/**
 * The chaincode as a folder of its own, `index.cjs` with everything in it but Fabric's two packages: for a network's
 * servers, `peer lifecycle chaincode package` and test-network's `deployCC` and `deployCCAAS`.
 *
 * npm run package -w chaincode [-- FOLDER]     chaincode/package unless told
 */
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { ready, root } from './ready.mjs';

const FABRIC = ['fabric-contract-api', 'fabric-shim'];
/** Images in which `deployCC` builds run it. */
const OLDEST_NODE = 18;

/**
 * Writes `index.cjs` and `package.json`. The version ends with the code's hash, and is what the query
 * `org.hyperledger.fabric:GetMetadata` answers.
 *
 * @returns `{ version, codeHash }`, hash the first 12 digits of SHA-256 of `index.cjs`
 */
export async function bundleChaincode(folder) {
  const room = join(root, 'chaincode');
  const manifest = readJson(join(room, 'package.json'));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // of tsc's output: esbuild would leave out the types of parameters, which are part of the interface
  await build({
    entryPoints: [join(room, manifest.main)],
    outfile: join(folder, 'index.cjs'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: `node${OLDEST_NODE}`,
    keepNames: true,
    external: FABRIC,
    legalComments: 'none',
  });
  const code = readFileSync(join(folder, 'index.cjs'));
  const codeHash = createHash('sha256').update(code).digest('hex').slice(0, 12);
  const version = `${manifest.version}+${codeHash}`;
  const own = {
    name: 'holdfast',
    version,
    private: true,
    main: 'index.cjs',
    engines: { node: `>=${OLDEST_NODE}` },
    scripts: {
      // what `deployCC -ccl typescript` and a peer that builds it call
      build: 'node --check index.cjs',
      start: 'fabric-chaincode-node start',
      'start:server-nontls':
        'fabric-chaincode-node server --chaincode-address=$CHAINCODE_SERVER_ADDRESS --chaincode-id=$CHAINCODE_ID',
    },
    dependencies: Object.fromEntries(FABRIC.map((name) => [name, manifest.dependencies[name]])),
    overrides: {
      'class-transformer': readJson(join(root, 'package.json')).overrides['class-transformer'],
    },
  };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(own, undefined, 2)}\n`);
  return { version: manifest.version, codeHash };
}

/** The folder as others install it: with its lock file and what makes an image of it. */
async function packageChaincode(folder) {
  const { version, codeHash } = await bundleChaincode(folder);
  for (const file of ['Dockerfile', 'entrypoint.sh']) {
    copyFileSync(join(root, 'chaincode', 'docker', file), join(folder, file));
  }
  chmodSync(join(folder, 'entrypoint.sh'), 0o755);
  const npm = (...args) => execFileSync('npm', args, { cwd: folder, stdio: 'ignore' });
  npm('install', '--package-lock-only', '--omit=dev', '--no-audit', '--no-fund');
  npm('shrinkwrap');
  process.stdout.write(`holdfast ${version}, code ${codeHash}, in ${folder}\n`);
}

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const folder = resolve(
    process.env.INIT_CWD ?? '',
    process.argv[2] ?? join(root, 'chaincode', 'package'),
  );
  await ready();
  await packageChaincode(folder);
}
