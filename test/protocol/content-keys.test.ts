import { createHmac, hkdfSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { hex } from '@holdfast/protocol/bytes.js';
import {
  cellKey,
  extentKey,
  fileKey,
  fingerprint,
  tagNonce,
} from '@holdfast/protocol/content-keys.js';
import { flipped } from '../support/tamper.ts';

const output = new Uint8Array(768).fill(3);
const setId = new Uint8Array(32).fill(4);
const derived = (secret: Uint8Array, info: string, salt: Uint8Array = Buffer.of()) =>
  Buffer.from(hkdfSync('sha256', secret, salt, Buffer.from(info, 'latin1'), 32)).toString('hex');

describe('keys of content', () => {
  it('are derived from the OPRF under the set of key servers', () => {
    expect(hex(fileKey(output, setId))).toBe(derived(output, 'holdfast/v1/file', setId));
    expect(hex(extentKey(output, setId))).toBe(derived(output, 'holdfast/v1/extent', setId));
  });

  it('of cells are derived from the extent’s by their index', () => {
    const key = extentKey(output, setId);
    expect(hex(cellKey(key, 258))).toBe(derived(key, 'holdfast/v1/cell\0\0\x01\x02'));
  });

  it('have a fingerprint that is a MAC under the key, not a digest of the file', () => {
    const key = fileKey(output, setId);
    const mac = createHmac('sha256', key).update('holdfast/v1/fingerprint').digest('hex');
    expect(hex(fingerprint(key))).toBe(mac);
  });

  it('all differ, and change with every input', () => {
    const key = fileKey(output, setId);
    const all = [
      key,
      extentKey(output, setId),
      fileKey(flipped(output), setId),
      fileKey(output, flipped(setId)),
      cellKey(key, 0),
      cellKey(key, 1),
      fingerprint(key),
      fingerprint(flipped(key)),
    ];
    expect(new Set(all.map(hex)).size).toBe(all.length);
  });
});

describe('the nonce of W', () => {
  const content = {
    fileId: new Uint8Array(32).fill(5),
    firstUid: 0,
    tau: new Uint8Array(32).fill(6),
    oprfSetId: setId,
    blockSize: 65_536,
    paddedSize: 64,
  };
  const key = new Uint8Array(32).fill(7);

  it('is 16 bytes that are the same for the same content', () => {
    expect(tagNonce(key, content)).toHaveLength(16);
    expect(tagNonce(key, { ...content })).toEqual(tagNonce(key, content));
  });

  it.each([
    ['file', { fileId: new Uint8Array(32) }],
    ['first uid', { firstUid: 1 }],
    ['plaintext', { tau: new Uint8Array(32) }],
    ['set of key servers', { oprfSetId: new Uint8Array(32) }],
    ['block size', { blockSize: 262_144 }],
    ['padded size', { paddedSize: 72 }],
  ])('is another for another %s', (_, change) => {
    expect(tagNonce(key, { ...content, ...change })).not.toEqual(tagNonce(key, content));
  });

  it('is another for another owner', () => {
    expect(tagNonce(flipped(key), content)).not.toEqual(tagNonce(key, content));
  });
});
