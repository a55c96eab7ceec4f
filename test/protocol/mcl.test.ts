/** Where the arithmetic under the curve could go wrong: not started, out of memory, and at points of the smallest order. */
import { describe, expect, it } from '@jest/globals';
import { base64url, concat } from '@holdfast/protocol/bytes.js';
import { decodeTag } from '@holdfast/protocol/block-sums.js';
import {
  add1,
  BASE_1,
  BASE_2,
  decodeG1,
  encodeG1,
  isZero1,
  multiplyBase,
  multiScalar,
  ready,
} from '@holdfast/protocol/curve.js';
import { withMemory, type Mcl } from '@holdfast/protocol/mcl.js';
import { newBaseTable } from '@holdfast/protocol/multi-scalar.js';
import { verifyAnswer, verifyEquation5 } from '@holdfast/protocol/proof.js';
import { verifyTagKey } from '@holdfast/protocol/tag-key.js';
import { flipped } from '../support/tamper.ts';

describe('what is not started', () => {
  const tagKey = {
    tagKeyId: '00'.repeat(32),
    x: base64url(BASE_2),
    xAlpha: base64url(flipped(BASE_2, 900)),
    tableDigest: '00'.repeat(32),
    sectorsMax: 1,
    possessionX: base64url(BASE_1),
    possessionXAlpha: base64url(BASE_1),
  };
  const audit = { channel: 'c', epoch: 1, beacon: '00'.repeat(32), providerId: 'Birch' };
  const proof = new Uint8Array(128);
  const table = { length: 0, limbs: proof };
  const combination = { combinedTag: BASE_1, combinedBlock: new Uint8Array() };

  it.each<[string, () => unknown]>([
    ['proof', () => verifyAnswer({ ...audit, groups: [{ tagKey, files: [], proof }] })],
    ['combination', () => verifyEquation5({ tagKey, table, files: [], ...combination })],
    ['tag', () => decodeTag(BASE_1, 'tag 9')],
    ['key', () => verifyTagKey({ channel: 'c', ownerId: '00'.repeat(32), tagKey })],
  ])('is our fault, and that of no %s', (_, check) => {
    expect(check).toThrow('bug: ready()');
  });
});

describe('memory that is not to be had', () => {
  it('is no place to write to', () => {
    const small = { wasmMemory: { buffer: new ArrayBuffer(1_000) }, _free: () => undefined };
    const full = { ...small, _malloc: (size: number) => (size > 500 ? 0 : 8) } as unknown as Mcl;
    expect(withMemory(full, 400, (at) => at)).toBe(8);
    expect(() => withMemory(full, 501, (at) => at)).toThrow('bug: mcl is out of memory');
    expect(() => newBaseTable(full, 8)).toThrow('bug: mcl is out of memory');
  });
});

describe('a point of order 3', () => {
  it.each([0x80, 0xa0])(
    'is outside the subgroup, alone and added to another: sign %i',
    async (sign) => {
      await ready();
      const bytes = concat(Uint8Array.of(sign), new Uint8Array(47)); // (0, 2) or (0, -2)
      expect(() => decodeG1(bytes)).toThrow('outside the subgroup');
      const point = decodeG1(bytes, { anyOrder: true });
      expect(isZero1(multiScalar([point], [3n]))).toBe(true);
      const shifted = encodeG1(add1(multiplyBase(9n), point));
      expect(() => decodeG1(shifted)).toThrow('outside the subgroup');
    },
  );
});
