/** Key servers with the published test keys: the private operation is OpenSSL's, without padding. */
import { constants, createPrivateKey, privateDecrypt, type KeyObject } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { base64url, fromBase64url } from '@holdfast/protocol/bytes.js';
import type { KeyServerOrganisation } from '@holdfast/protocol/consortium-records.js';
import { certifyModulus } from '@holdfast/protocol/modulus-certificate.js';
import type { Oprf } from '@holdfast/protocol/oprf-set.js';
import type { KeyServerKey } from '@holdfast/protocol/oprf.js';
import { vectors } from './vectors.ts';

export interface TestKeyServer {
  readonly key: KeyServerKey;
  /** What it announced. */
  readonly record: KeyServerOrganisation;
  readonly privateKey: KeyObject;
  readonly raw: (element: Uint8Array) => Uint8Array;
}

interface PublishedKeys {
  readonly keys: readonly { readonly mspId: string; readonly privateKey: string }[];
}

const published = () => vectors<PublishedKeys>('key-servers.json').keys;

/**
 * Puts the published keys where a gateway looks for those of the key servers that it plays: to make two takes it a second
 * or more.
 */
export async function layKeys(dataFolder: string): Promise<void> {
  for (const [i, mspId] of ['Alder', 'Cedar'].entries()) {
    const folder = join(dataFolder, 'key-server', mspId);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const options = { mode: 0o600, flag: 'wx' };
    await writeFile(join(folder, 'key.pem'), published()[i]?.privateKey ?? '', options);
  }
}

/** Alder's and Birch's. */
export function testKeyServers(): readonly [TestKeyServer, TestKeyServer] {
  const [alder, birch] = published().map(({ mspId, privateKey }) =>
    newKeyServer(mspId, createPrivateKey(privateKey)),
  );
  if (alder === undefined || birch === undefined) throw new Error('two keys were published');
  return [alder, birch];
}

export function newKeyServer(mspId: string, privateKey: KeyObject): TestKeyServer {
  const { n } = privateKey.export({ format: 'jwk' });
  const modulus = fromBase64url(n ?? '');
  const raw = (element: Uint8Array) =>
    new Uint8Array(privateDecrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, element));
  const key = { mspId, modulus, exponent: 65_537 } as const;
  const roots = certifyModulus(key, raw).map(base64url);
  const record = { ...key, role: 'key-server', modulus: base64url(modulus), roots } as const;
  return { key, record, privateKey, raw };
}

/** Honest answers of all of them; `asked` counts calls and elements by key server. */
export function oprfOf(
  servers: readonly TestKeyServer[],
  asked: { mspId: string; elements: number }[] = [],
): Oprf {
  return async (mspId, blinded) => {
    const server = servers.find(({ key }) => key.mspId === mspId);
    if (server === undefined) throw new Error(`no key server ${mspId}`);
    asked.push({ mspId, elements: blinded.length });
    return blinded.map(server.raw);
  };
}
