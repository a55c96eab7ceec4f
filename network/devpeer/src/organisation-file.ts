/**
 * What the development ledger keeps for an organisation: root, peer and identities, with all their private keys.
 *
 * @module
 */
import { X509Certificate } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  CertificateAuthority,
  type Credentials,
  privateKeyPem,
  type Unit,
} from './certificate-authority.ts';
import { makeFolder, syncFolder } from './durable-folder.ts';

/** The identities with which the gateway plays its parts. */
const ROLES = ['operator', 'agent', 'key-server', 'provider', 'delegate'] as const;
export type Role = (typeof ROLES)[number];

const RENEWAL_MS = 30 * 24 * 60 * 60_000;

/** Both PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

interface OrganisationFile {
  readonly root: KeyPair;
  readonly peer: KeyPair;
  readonly identities: Readonly<Record<Role, KeyPair>>;
}

export interface OrganisationKeys extends OrganisationFile {
  readonly mspId: string;
  readonly authority: CertificateAuthority;
}

/** Reads an organisation's keys, or makes them; certificates that end within a month are made anew. */
export async function loadOrganisation(folder: string, mspId: string): Promise<OrganisationKeys> {
  const path = join(folder, `${mspId}.json`);
  const old = await readJson(path);
  const authority =
    old === undefined
      ? await CertificateAuthority.create(mspId)
      : await CertificateAuthority.load(mspId, old.root.cert, old.root.key);
  const keep = async (pair: KeyPair | undefined, name: string, unit: Unit, role?: Role) => {
    if (pair !== undefined && !endsSoon(pair)) return pair;
    const attributes: Record<string, string> = role === undefined ? {} : { role };
    return pairOf(await authority.newCredentials(name, unit, attributes));
  };
  const identities: Partial<Record<Role, KeyPair>> = {};
  for (const role of ROLES)
    identities[role] = await keep(old?.identities[role], role, 'client', role);
  const keys: OrganisationFile = {
    root: old?.root ?? { cert: authority.rootCertificate, key: authority.privateKeyPem },
    peer: await keep(old?.peer, 'peer0', 'peer'),
    identities: identities as Record<Role, KeyPair>,
  };
  await writeJson(path, keys);
  return { ...keys, mspId, authority };
}

/** As {@link writeText}. */
export const writeJson = (path: string, value: unknown): Promise<void> =>
  writeText(path, `${JSON.stringify(value, undefined, 2)}\n`);

/** Replaces a file as a whole, readable by its owner only. */
export async function writeText(path: string, text: string): Promise<void> {
  await makeFolder(dirname(path));
  const draft = `${path}.new`;
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  await syncFolder(dirname(path));
}

async function readJson(path: string): Promise<OrganisationFile | undefined> {
  let text;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return JSON.parse(text) as OrganisationFile;
}

const endsSoon = ({ cert }: KeyPair): boolean =>
  Date.parse(new X509Certificate(cert).validTo) < Date.now() + RENEWAL_MS;

const pairOf = ({ certificatePem, privateKey }: Credentials): KeyPair => ({
  cert: certificatePem,
  key: privateKeyPem(privateKey),
});
