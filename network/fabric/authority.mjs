/** An organisation's certificate authority, Fabric CA, on the root that its peer was made with; its clients. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

const homeOf = (net, { authority }) => join(net.folder, 'data', authority);
const clientHome = (net, organisation, name) => join(homeOf(net, organisation), 'clients', name);

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

function startAuthority(net, organisation) {
  const home = homeOf(net, organisation);
  const config = join(home, 'fabric-ca-server-config.yaml');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  if (!existsSync(config)) {
    const wanted = configOf(organisation, randomBytes(24).toString('hex'));
    writeFileSync(config, JSON.stringify(wanted, undefined, 2), { mode: 0o600 });
  }
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
  const config = join(homeOf(net, organisation), 'fabric-ca-server-config.yaml');
  const [admin] = JSON.parse(readFileSync(config, 'utf8')).registry.identities;
  if (!isEnrolled(net, organisation, 'admin')) {
    await enrol(net, organisation, 'admin', admin.pass);
  }
  const missing = ROLES.filter((role) => !isEnrolled(net, organisation, role));
  await Promise.all(missing.map((role) => enrolRole(net, organisation, role)));
}

async function enrolRole(net, organisation, role) {
  const secret = randomBytes(24).toString('hex');
  const attributes = { 'role:ecert': role, ...(role === 'agent' ? REGISTRAR : {}) };
  const registration = {
    'id.name': role,
    'id.secret': secret,
    'id.type': 'client',
    'id.maxenrollments': -1,
    'id.attrs': textOf(attributes),
  };
  await client(net, organisation, 'admin', ['register', ...flags(registration)]);
  await enrol(net, organisation, role, secret);
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

const enrol = (net, organisation, name, secret) =>
  client(
    net,
    organisation,
    name,
    ['enroll'],
    `https://${name}:${secret}@localhost:${organisation.caPort}`,
  );

/** A new certificate for each identity, before the old one ends. */
export const renewRoles = (net) =>
  Promise.all(
    net.organisations.map(async (organisation) => {
      for (const role of ROLES)
        await client(net, organisation, role, ['reenroll', '--csr.keyrequest.reusekey']);
    }),
  );

const client = (net, organisation, name, args, url = caUrl(organisation)) => {
  const home = clientHome(net, organisation, name);
  const roots = `${organisation.caHome}/tls/ca.crt`;
  return run(
    net.tool('fabric-ca-client'),
    [...args, ...flags({ home, caname: organisation.mspId, 'tls.certfiles': roots })],
    { env: { FABRIC_CA_CLIENT_URL: url } },
  );
};

const isEnrolled = (net, organisation, name) =>
  existsSync(join(clientHome(net, organisation, name), 'msp', 'signcerts', 'cert.pem'));

/** Certificate and key of each role, PEM. */
export const identitiesOf = (net, organisation) =>
  Object.fromEntries(ROLES.map((role) => [role, identityOf(net, organisation, role)]));

/** Of a role, or of `admin`, who may register anybody. */
export function identityOf(net, organisation, name) {
  const msp = join(clientHome(net, organisation, name), 'msp');
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
