/** The chaincode as one file, `index.cjs`, with everything in it but Fabric's two packages, and its manifest. */
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitOf, expected, npm, root } from './ready.mjs';

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
  // not before packages are installed
  const { build } = await import('esbuild');
  const room = join(root, 'chaincode');
  const manifest = readJson(join(room, 'package.json'));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // of tsc's output: esbuild would leave out the types of parameters, which are part of the interface
  await build({
    entryPoints: [join(room, manifest.main)],
    outfile: join(folder, 'index.cjs'),
    // the names of files in it, and so its hash, are the same wherever this is run
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: `node${OLDEST_NODE}`,
    keepNames: true,
    external: FABRIC,
    legalComments: 'none',
  });
  const codeHash = hashOf(readFileSync(join(folder, 'index.cjs')));
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

/**
 * Copies code and manifest of a packaged folder.
 *
 * @returns as `bundleChaincode`
 * @throws where its version does not end with the hash of its code
 */
export function copyPackage(from, folder) {
  const { version } = readJson(join(from, 'package.json'));
  const codeHash = hashOf(readFileSync(join(from, 'index.cjs')));
  if (!version.endsWith(`+${codeHash}`))
    throw expected(`${from}: version ${version} is not that of its code, ${codeHash}`, 2);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const file of ['index.cjs', 'package.json'])
    copyFileSync(join(from, file), join(folder, file));
  return { version: version.slice(0, -codeHash.length - 1), codeHash };
}

export const hashOf = (code) => createHash('sha256').update(code).digest('hex').slice(0, 12);

/** The folder as others install it: with its lock file and what makes an image of it. @returns as `bundleChaincode` */
export async function packageChaincode(folder) {
  const made = await bundleChaincode(folder);
  for (const file of ['Dockerfile', 'entrypoint.sh']) {
    copyFileSync(join(root, 'chaincode', 'docker', file), join(folder, file));
  }
  chmodSync(join(folder, 'entrypoint.sh'), 0o755);
  await npmIn(folder, 'install', '--package-lock-only', '--omit=dev', '--no-audit', '--no-fund');
  await npmIn(folder, 'shrinkwrap');
  return made;
}

/** Runs npm in a folder that is none of ours. @throws with its last words of error */
export async function npmIn(folder, ...args) {
  const child = npm([...args, '--loglevel=error'], {
    cwd: folder,
    env: withoutNpm(process.env),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let words = '';
  child.stderr.on('data', (text) => (words += text));
  if ((await exitOf(child)) !== 0) throw expected(`npm ${args[0]} in ${folder}: ${words.trim()}`);
}

/** The npm that runs us tells its children that they work for a room of this house. */
const withoutNpm = (env) =>
  Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^npm_(?!execpath)/i.test(name) && name !== 'INIT_CWD'),
  );

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));
