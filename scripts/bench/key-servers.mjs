/** Two key servers of 3072 bits in this process: the private operation is OpenSSL's, without padding. */
import { constants, generateKeyPairSync, privateDecrypt } from 'node:crypto';
import { base64url, fromBase64url } from '@holdfast/protocol/bytes.js';
import { certifyModulus } from '@holdfast/protocol/modulus-certificate.js';

let made;

export function benchKeyServers() {
  made ??= make();
  return made;
}

function make() {
  const servers = ['Alder', 'Birch'].map((mspId) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 3072 });
    const modulus = fromBase64url(privateKey.export({ format: 'jwk' }).n);
    const key = { mspId, modulus, exponent: 65_537 };
    const padding = constants.RSA_NO_PADDING;
    const raw = (x) => new Uint8Array(privateDecrypt({ key: privateKey, padding }, x));
    const roots = certifyModulus(key, raw).map(base64url);
    return {
      ...key,
      raw,
      record: { ...key, role: 'key-server', modulus: base64url(modulus), roots },
    };
  });
  const raw = new Map(servers.map((server) => [server.mspId, server.raw]));
  return {
    servers,
    records: servers.map(({ record }) => record),
    oprf: async (mspId, blinded) => blinded.map(raw.get(mspId)),
  };
}
