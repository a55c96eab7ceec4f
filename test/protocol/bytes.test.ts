import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  base64url,
  compareBytes,
  concat,
  concatAll,
  equalBytes,
  fromBase64url,
  fromHex,
  fromUtf8,
  hex,
  integer,
  lengthPrefixed,
  toInteger,
  u32be,
  u64be,
  utf8,
  xor,
} from '../../protocol/src/bytes.ts';

const someBytes = fc.uint8Array({ maxLength: 200 });
const runs = { numRuns: 50, seed: 1 };

describe('bytes as text', () => {
  it('follow the test vectors of RFC 4648 section 10', () => {
    const vectors: [string, string, string][] = [
      ['', '', ''],
      ['f', 'Zg', '66'],
      ['fo', 'Zm8', '666f'],
      ['foo', 'Zm9v', '666f6f'],
      ['foob', 'Zm9vYg', '666f6f62'],
      ['fooba', 'Zm9vYmE', '666f6f6261'],
      ['foobar', 'Zm9vYmFy', '666f6f626172'],
    ];
    for (const [text, encoded, digits] of vectors) {
      expect(base64url(utf8(text))).toBe(encoded);
      expect(hex(utf8(text))).toBe(digits);
    }
  });

  it('agree with the platform and come back', () => {
    fc.assert(
      fc.property(someBytes, (bytes) => {
        expect(base64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'));
        expect(fromBase64url(base64url(bytes), bytes.length)).toEqual(bytes);
        expect(fromHex(hex(bytes), bytes.length)).toEqual(bytes);
      }),
      runs,
    );
  });

  it.each(['Zh', 'Zm9', 'Z', 'Zg==', 'Zm9v+', 'Zm9v/', 'Zm 9v', 'é'])(
    'refuse %j, which is no canonical base64url',
    (text) => expect(() => fromBase64url(text)).toThrow(/^INPUT_INVALID: /),
  );

  it.each(['0', '0G', 'AB', ' 00', '0x00'])('refuse %j, which is no lowercase hex', (text) =>
    expect(() => fromHex(text)).toThrow(/^INPUT_INVALID: /),
  );

  it('are refused at another length than asked for', () => {
    expect(() => fromHex('0000', 1)).toThrow(/of 1 bytes/);
    expect(() => fromBase64url('AAAA', 2)).toThrow(/of 2 bytes/);
  });

  it('refuse malformed UTF-8', () => {
    expect(fromUtf8(utf8('Grüße'))).toBe('Grüße');
    expect(() => fromUtf8(Uint8Array.of(0xc3, 0x28))).toThrow(/^INPUT_INVALID: /);
  });
});

describe('bytes as numbers', () => {
  it('are big-endian and come back', () => {
    expect(hex(u32be(0x01020304))).toBe('01020304');
    expect(hex(u64be(2n ** 64n - 1n))).toBe('ffffffffffffffff');
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), (value) => {
        expect(toInteger(integer(value, 32))).toBe(value);
      }),
      runs,
    );
  });

  it('never lose a digit', () => {
    expect(() => u32be(2 ** 32)).toThrow(/does not fit/);
    expect(() => u32be(-1)).toThrow(/does not fit/);
  });
});

describe('operations on bytes', () => {
  it('order as unsigned bytes, prefixes first', () => {
    fc.assert(
      fc.property(someBytes, someBytes, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b));
        expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0);
      }),
      runs,
    );
  });

  it('frame fields so that two lists of fields never look alike', () => {
    expect(concat(lengthPrefixed('ab'), lengthPrefixed('c'))).not.toEqual(
      concat(lengthPrefixed('a'), lengthPrefixed('bc')),
    );
    expect(hex(lengthPrefixed('ab'))).toBe('000000026162');
  });

  it('join more parts than a call takes arguments', () => {
    const parts = Array.from({ length: 200_000 }, () => Uint8Array.of(7));
    expect(concatAll(parts)).toEqual(new Uint8Array(200_000).fill(7));
  });

  it('xor undoes itself', () => {
    const [a, b] = [utf8('left'), utf8('rite')];
    expect(xor(xor(a, b), b)).toEqual(a);
    expect(() => xor(a, utf8('x'))).toThrow(/unequal/);
  });
});
