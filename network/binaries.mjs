/**
 * The engines: folders of released binaries (FABRIC_BIN, FABRIC_CA_BIN, IPFS_BIN, CLUSTER_BIN), or what `install` builds
 * from the pinned modules, whose every byte go.sum vouches for.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expected } from '../scripts/ready.mjs';
import { run } from './processes.mjs';

const METADATA = '-X github.com/hyperledger/fabric/common/metadata';
/** Longest that one product may take to build, milliseconds. */
const BUILD_MS = 45 * 60_000;
const OLDEST_GO = [1, 26];

/**
 * `module` with its `tool` directives, the folder it is installed to, and how a binary says its version.
 *
 * Each product is a module of its own, so that none raises what another depends on.
 */
const PRODUCTS = {
  fabric: {
    module: 'fabric/tools',
    folder: 'fabric-2.5.9',
    variable: 'FABRIC_BIN',
    flags: `${METADATA}.Version=v2.5.9 ${METADATA}.CommitSHA=7c3876255bf0`,
    binaries: ['peer', 'orderer', 'osnadmin', 'cryptogen', 'configtxgen', 'discover', 'ledgerutil'],
    version: [['peer', 'version'], /Version: v?(2\.5\.\d+)/],
  },
  'fabric-bft': {
    module: 'fabric/tools-bft',
    folder: 'fabric-3.1.1',
    variable: 'FABRIC_BIN',
    flags: `${METADATA}.Version=v3.1.1 ${METADATA}.CommitSHA=435a7f1a780a`,
    binaries: ['peer', 'orderer', 'osnadmin', 'cryptogen', 'configtxgen', 'discover', 'ledgerutil'],
    version: [['peer', 'version'], /Version: v?(3\.\d+\.\d+)/],
  },
  'fabric-ca': {
    module: 'fabric/tools-ca',
    folder: 'fabric-ca-1.5.21',
    variable: 'FABRIC_CA_BIN',
    flags: '-X github.com/hyperledger/fabric-ca/lib/metadata.Version=1.5.21',
    // its register is SQLite, which is C
    cgo: '1',
    binaries: ['fabric-ca-server', 'fabric-ca-client'],
    version: [['fabric-ca-server', 'version'], /Version: v?(1\.5\.\d+)/],
  },
  kubo: {
    module: 'ipfs/tools-kubo',
    folder: 'kubo-0.39.0',
    variable: 'IPFS_BIN',
    binaries: ['ipfs'],
    version: [['ipfs', 'version', '--number'], /^(0\.\d+\.\d+)/],
  },
  cluster: {
    module: 'ipfs/tools-cluster',
    folder: 'cluster-1.1.6',
    variable: 'CLUSTER_BIN',
    binaries: ['ipfs-cluster-service', 'ipfs-cluster-ctl'],
    version: [['ipfs-cluster-service', 'version'], /^(1\.\d+\.\d+)/],
  },
};

const cache = () =>
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'holdfast', 'bin');

const home = (product) => process.env[product.variable] ?? join(cache(), product.folder);

const lackedBy = (product) =>
  product.binaries.filter((binary) => !existsSync(join(home(product), binary)));

/** Builds products that are not there yet. @param report called with a sentence as each stands. */
export async function install(names, report) {
  for (const name of names) {
    const product = PRODUCTS[name];
    if (product === undefined) {
      throw expected(`${name} is none of ${Object.keys(PRODUCTS).join(', ')}`, 2);
    }
    const folder = home(product);
    const missing = lackedBy(product);
    if (missing.length === 0) {
      report(`${name} ${await versionOf(product)} is in ${folder}`);
      continue;
    }
    // what lies there is not ours to replace
    if (process.env[product.variable] !== undefined) {
      throw expected(`${product.variable}: ${folder} lacks ${missing.join(', ')}`, 2);
    }
    const began = Date.now();
    await buildProduct(product, folder);
    const seconds = Math.round((Date.now() - began) / 1000);
    report(`${name} ${await versionOf(product)} built in ${seconds} s, in ${folder}`);
  }
}

async function buildProduct({ module, flags = '', cgo = '0' }, folder) {
  await mustHaveGo();
  mkdirSync(folder, { recursive: true });
  await run('go', ['install', '-trimpath', '-ldflags', `-s -w ${flags}`, 'tool'], {
    cwd: fileURLToPath(new URL(module, import.meta.url)),
    env: {
      HOME: homedir(),
      ...onlyGo(process.env),
      GOBIN: folder,
      GOFLAGS: '-buildvcs=false',
      GOTOOLCHAIN: 'local',
      GOWORK: 'off',
      CGO_ENABLED: cgo,
    },
    patienceMs: BUILD_MS,
  });
}

/** Where Go fetches from and keeps its caches is the machine's matter. */
const onlyGo = (env) =>
  Object.fromEntries(
    Object.entries(env).filter(([name]) => /^(?:GO|[a-z]+_proxy$|SSL_)/i.test(name)),
  );

async function mustHaveGo() {
  const version = await run('go', ['env', 'GOVERSION']).catch(() => '');
  const [major = 0, minor = 0] = version.match(/\d+/g)?.map(Number) ?? [];
  if (major > OLDEST_GO[0] || (major === OLDEST_GO[0] && minor >= OLDEST_GO[1])) return;
  const variables = [...new Set(Object.values(PRODUCTS).map(({ variable }) => variable))];
  throw expected(
    `Go ${OLDEST_GO.join('.')} is needed to build the engines, and this is ${version.trim() || 'no Go'}. ` +
      `Or name folders of released binaries: ${variables.join(', ')}.`,
    2,
  );
}

/**
 * Folders of binaries, by product, checked before anything starts.
 *
 * @throws naming every binary that is missing and every version that is not of the line wanted.
 */
export async function binaries(names) {
  const problems = [];
  const found = {};
  for (const name of names) {
    const product = PRODUCTS[name];
    const folder = home(product);
    const missing = lackedBy(product);
    if (missing.length > 0) {
      problems.push(`${name}: ${folder} lacks ${missing.join(', ')}`);
      continue;
    }
    const version = await versionOf(product);
    if (version === undefined) problems.push(`${name}: ${folder} holds another version`);
    found[name] = { folder, version };
  }
  if (problems.length === 0) return found;
  throw expected(`${problems.join('\n')}\nnpm run network -- install builds them.`, 2);
}

async function versionOf(product) {
  const [[binary, ...args], pattern] = product.version;
  const env = { HOME: homedir() };
  return pattern.exec(await run(join(home(product), binary), args, { env }))?.[1];
}
