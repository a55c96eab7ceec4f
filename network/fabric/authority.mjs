/** An organisation's certificate authority, Fabric CA, on the root that its peer was made with; its clients. */
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../../scripts/replace-file.mjs';
import { flags, run, start, waitFor } from '../processes.mjs';

/** The identities with which a gateway plays its parts. */
const ROLES = ['operator', 'agent', 'key-server', 'provider', 'delegate'];
/** What the agent may do at the authority: enrol owners, take their certificates back, and say which are. */
const REGISTRAR = {
  'hf.Registrar.Roles': 'client',
  'hf.Registrar.Attributes': 'role',
  'hf.Revoker': 'true',
  'hf.GenCRL': 'true',
};
const EVERYTHING = {
  ...REGISTRAR,
  'hf.Registrar.Roles': '*',
  'hf.Registrar.Attributes': '*',
  'hf.Registrar.DelegateRoles': '*',
};

/** Whose certificate it is stands in its organisational unit. */
const UNITS = {
  NodeOUs: {
    Enable: true,
    ...Object.fromEntries(
      ['client', 'peer', 'admin', 'orderer'].map((unit) => [
        `${unit[0].toUpperCase()}${unit.slice(1)}OUIdentifier`,
        { OrganizationalUnitIdentifier: unit },
      ]),
    ),
  },
};

const homeOf = (net, { authority }) => join(net.folder, 'data', authority);
const clientHome = (net, organisation, name) => join(homeOf(net, organisation), 'clients', name);
/** Keys and certificates of an enrolled identity, as `peer` takes them. */
export const clientMsp = (net, organisation, name) =>
  join(clientHome(net, organisation, name), 'msp');

/** Base address of an organisation's authority; TLS under the root of its peer's. */
export const caUrl = ({ caPort }) => `https://localhost:${caPort}`;
export const rootCertificate = ({ tree, domain }) => join(tree, 'ca', `ca.${domain}-cert.pem`);

/** Starts the authorities of all organisations. */
export async function startAuthorities(net) {
  for (const organisation of net.organisations) startAuthority(net, organisation);
  await Promise.all(
    net.organisations.map((organisation) =>
      waitFor(`the authority of ${organisation.mspId}`, net.folder, async () => {
        await client(net, organisation, 'nobody', ['getcainfo']);
        return true;
      }),
    ),
  );
}

const configFile = (net, organisation) =>
  join(homeOf(net, organisation), 'fabric-ca-server-config.yaml');

const adminSecret = (config) =>
  JSON.parse(readFileSync(config, 'utf8')).registry.identities[0].pass;

function startAuthority(net, organisation) {
  const home = homeOf(net, organisation);
  const config = configFile(net, organisation);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const secret = existsSync(config) ? adminSecret(config) : randomBytes(24).toString('hex');
  // written anew at each start: it names files by where the run folder lies
  replaceFile(config, JSON.stringify(configOf(organisation, secret), undefined, 2));
  start(net.folder, organisation.authority, net.tool('fabric-ca-server'), [
    'start',
    '--home',
    home,
  ]);
}

const configOf = (organisation, pass) => ({
  address: '127.0.0.1',
  port: organisation.caPort,
  crlsizelimit: 512_000,
  tls: {
    enabled: true,
    certfile: `${organisation.caHome}/tls/server.crt`,
    keyfile: `${organisation.caHome}/tls/server.key`,
  },
  ca: {
    name: organisation.mspId,
    certfile: rootCertificate(organisation),
    keyfile: join(organisation.tree, 'ca', 'priv_sk'),
  },
  crl: { expiry: '24h' },
  registry: {
    maxenrollments: -1,
    identities: [{ name: 'admin', pass, type: 'client', affiliation: '', attrs: EVERYTHING }],
  },
  db: { type: 'sqlite3', datasource: 'fabric-ca-server.db' },
  affiliations: {},
  signing: {
    default: { usage: ['digital signature'], expiry: '8760h' },
    profiles: {},
  },
  operations: { listenAddress: `127.0.0.1:${organisation.caOperations}` },
  metrics: { provider: 'disabled' },
});

/** Registers and enrols the identities of all organisations that are not enrolled yet. */
export const enrolRoles = (net) => Promise.all(net.organisations.map((one) => enrolAll(net, one)));

async function enrolAll(net, organisation) {
  if (!isEnrolled(net, organisation, 'admin')) {
    await enrol(net, organisation, 'admin', adminSecret(configFile(net, organisation)));
  }
  const missing = ROLES.filter((role) => !isEnrolled(net, organisation, role));
  await Promise.all(missing.map((role) => enrolRole(net, organisation, role)));
}

async function enrolRole(net, organisation, role, name = role) {
  const secret = randomBytes(24).toString('hex');
  const attributes = { 'role:ecert': role, ...(role === 'agent' ? REGISTRAR : {}) };
  const registration = {
    'id.name': name,
    'id.type': 'client',
    'id.maxenrollments': -1,
    'id.attrs': textOf(attributes),
  };
  const args = ['register', ...flags(registration)];
  // not among the arguments, which everybody on this machine can read
  await client(net, organisation, 'admin', args, { FABRIC_CA_CLIENT_ID_SECRET: secret });
  await enrol(net, organisation, name, secret);
}

/** As Fabric CA writes them: `name=value`, `name=value:ecert` for one that goes into certificates. */
const textOf = (attributes) =>
  Object.entries(attributes)
    .map(([name, value]) =>
      name.endsWith(':ecert')
        ? `${name.slice(0, -':ecert'.length)}=${value}:ecert`
        : `${name}=${value}`,
    )
    .join(',');

async function enrol(net, organisation, name, secret) {
  const url = `https://${name}:${secret}@localhost:${organisation.caPort}`;
  await client(net, organisation, name, ['enroll'], { FABRIC_CA_CLIENT_URL: url });
  // without it `peer` takes the folder for one of old
  writeFileSync(join(clientMsp(net, organisation, name), 'config.yaml'), JSON.stringify(UNITS));
}

/**
 * A new certificate for each identity, of the same key, before the old one ends.
 *
 * @returns a sentence for each that got none, such as one whose certificates were taken back
 */
export async function renewRoles(net) {
  const found = await Promise.all(net.organisations.map((one) => renewed(net, one)));
  return found.flat();
}

async function renewed(net, organisation) {
  const refusals = [];
  for (const name of ['admin', ...ROLES]) {
    const args = ['reenroll', '--csr.keyrequest.reusekey'];
    await client(net, organisation, name, args).catch(({ message }) =>
      refusals.push(`${organisation.mspId} ${name} has no new certificate: ${message}`),
    );
  }
  return refusals;
}

/**
 * A role played on with a new key, such as after its certificates were taken back: under the next free name, for an
 * authority keeps every name that it has registered, and one that was revoked enrols no more.
 *
 * @returns that name
 */
export async function replaceRole(net, organisation, role) {
  if (!ROLES.includes(role)) throw new Error(`a role is one of ${ROLES.join(', ')}; got ${role}`);
  for (let number = 2; ; number++) {
    const name = `${role}-${number}`;
    try {
      await enrolRole(net, organisation, role, name);
    } catch (error) {
      if (/is already registered/.test(error.message)) continue;
      throw error;
    }
    const home = clientHome(net, organisation, role);
    rmSync(home, { recursive: true, force: true });
    renameSync(clientHome(net, organisation, name), home);
    return name;
  }
}

/**
 * Takes certificates back, for ever, and writes the authority's revocation list anew.
 *
 * @param who `{ name }`, all certificates of an identity, which then enrols no more; or `{ serial, aki }`, one, in hex
 */
export async function revoke(net, organisation, who) {
  const wanted = Object.entries(who).map(([name, value]) => [`revoke.${name}`, value]);
  await client(net, organisation, 'admin', ['revoke', ...flags(Object.fromEntries(wanted))]);
  await writeRevocations(net, organisation);
}

/** The list as it stands at the authority, to where gateways look for it. */
export async function writeRevocations(net, organisation) {
  await client(net, organisation, 'admin', ['gencrl']);
  const list = join(clientMsp(net, organisation, 'admin'), 'crls', 'crl.pem');
  replaceFile(organisation.crl, readFileSync(list));
}

const client = (net, organisation, name, args, env = {}) => {
  const home = clientHome(net, organisation, name);
  const roots = `${organisation.caHome}/tls/ca.crt`;
  return run(
    net.tool('fabric-ca-client'),
    [...args, ...flags({ home, caname: organisation.mspId, 'tls.certfiles': roots })],
    { env: { FABRIC_CA_CLIENT_URL: caUrl(organisation), ...env } },
  );
};

const isEnrolled = (net, organisation, name) =>
  existsSync(join(clientMsp(net, organisation, name), 'signcerts', 'cert.pem'));

/** Certificate and key of each role, PEM. */
export const identitiesOf = (net, organisation) =>
  Object.fromEntries(ROLES.map((role) => [role, identityOf(net, organisation, role)]));

/** Of a role, or of `admin`, who may register anybody. */
export function identityOf(net, organisation, name) {
  const msp = clientMsp(net, organisation, name);
  return {
    cert: readFileSync(join(msp, 'signcerts', 'cert.pem'), 'utf8'),
    key: keyIn(join(msp, 'keystore')),
  };
}

/** `reenroll` keeps the key; a folder with two of them is nobody's doing of ours. */
function keyIn(folder) {
  const [file, ...others] = readdirSync(folder).filter((name) => name.endsWith('_sk'));
  if (file === undefined || others.length > 0) throw new Error(`${folder}: expected one key`);
  return readFileSync(join(folder, file), 'utf8');
}
