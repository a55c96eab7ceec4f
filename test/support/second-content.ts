/**
 * Keys and ciphertext of a file a second time, with the whole file in memory and nothing of the protocol's code: the
 * definitions of its specification on node:crypto, the OPRF's output taken as the PSS signature without salt.
 */
import {
  constants,
  createCipheriv,
  createHash,
  createHmac,
  hkdfSync,
  sign,
  type KeyObject,
} from 'node:crypto';

const MIB = 1_048_576;
const LEAF = 262_144;

export interface SecondFile {
  readonly tau: Buffer;
  readonly fileKey: Buffer;
  readonly fingerprint: Buffer;
  readonly ciphertext: Buffer;
  readonly manifest: Buffer;
}

/** @param keys - private keys of the key servers, ascending by MSP id. */
export function secondContent(
  plaintext: Uint8Array,
  paddedSize: number,
  keys: readonly KeyObject[],
  setId: Uint8Array,
): SecondFile {
  const derive = (
    secret: Uint8Array,
    label: string,
    context = '',
    salt: Uint8Array = Buffer.of(),
  ) =>
    Buffer.from(
      hkdfSync(
        'sha256',
        secret,
        salt,
        Buffer.concat([utf8(label), Buffer.from(context, 'hex')]),
        32,
      ),
    );
  const output = (tau: Uint8Array) =>
    Buffer.concat(
      keys.map((key) =>
        sign('sha384', Buffer.concat([prefixed('oprf'), tau]), {
          key,
          padding: constants.RSA_PKCS1_PSS_PADDING,
          saltLength: 0,
        }),
      ),
    );
  const tau = root(leaves(plaintext));
  const fileKey = derive(output(tau), 'file', '', setId);

  const cells: Buffer[] = [];
  const entries: Buffer[] = [];
  const extents = cutExtents(plaintext);
  for (const [j, extent] of extents.entries()) {
    const key = derive(output(root(leaves(extent))), 'extent', '', setId);
    entries.push(u32(extent.length), key);
    const isLast = j === extents.length - 1;
    const padding = Buffer.alloc(isLast ? paddedSize - plaintext.length : 0);
    const continued = Buffer.concat([extent, padding]);
    for (let i = 0; i * LEAF < continued.length; i++) {
      const cellKey = derive(key, 'cell', u32(i).toString('hex'));
      const cipher = createCipheriv('aes-256-ctr', cellKey, Buffer.alloc(16));
      cells.push(cipher.update(continued.subarray(i * LEAF, (i + 1) * LEAF)));
    }
  }
  const head = [u64(plaintext.length), setId, u32(extents.length)];
  const manifest = Buffer.concat([...head, ...entries]);
  const ivKey = derive(fileKey, 'manifest-iv');
  const iv = createHmac('sha256', ivKey).update(manifest).digest().subarray(0, 12);
  const cipher = createCipheriv('aes-256-gcm', derive(fileKey, 'manifest'), iv);
  const sealed = [iv, cipher.update(manifest), cipher.final()];
  return {
    tau,
    fileKey,
    fingerprint: createHmac('sha256', fileKey).update(utf8('fingerprint')).digest(),
    ciphertext: Buffer.concat(cells),
    manifest: Buffer.concat([...sealed, cipher.getAuthTag()]),
  };
}

function cutExtents(plaintext: Uint8Array): Uint8Array[] {
  const extents: Uint8Array[] = [];
  let rest = plaintext;
  while (rest.length >= 5 * MIB) {
    extents.push(rest.subarray(0, 4 * MIB));
    rest = rest.subarray(4 * MIB);
  }
  return [...extents, rest];
}

const leaves = (bytes: Uint8Array): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / LEAF) }, (_, i) =>
    bytes.subarray(i * LEAF, (i + 1) * LEAF),
  );

/** RFC 9162 section 2.1.1, word for word. */
function root(entries: readonly Uint8Array[]): Buffer {
  const [only] = entries;
  if (only === undefined) return sha256();
  if (entries.length === 1) return sha256(Buffer.of(0), only);
  let k = 1;
  while (2 * k < entries.length) k *= 2;
  return sha256(Buffer.of(1), root(entries.slice(0, k)), root(entries.slice(k)));
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

const utf8 = (label: string): Buffer => Buffer.from(`holdfast/v1/${label}`);
const prefixed = (label: string): Buffer => Buffer.concat([u32(utf8(label).length), utf8(label)]);

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
