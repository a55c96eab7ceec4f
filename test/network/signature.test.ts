import { describe, expect, it } from '@jest/globals';
import { generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import {
  isLowS,
  isSignatureValid,
  newSigner,
  toLowS,
} from '../../network/devpeer/src/signature.ts';

const SEED = 20_261_121;
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

describe('a signature of Fabric', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const messages = fc.uint8Array({ maxLength: 64 });

  it('has a low S, and stays valid when it is made low', () => {
    fc.assert(
      fc.property(messages, (message) => {
        const any = sign('sha256', message, privateKey);
        const low = toLowS(any);
        expect(isLowS(low)).toBe(true);
        expect(toLowS(low)).toEqual(low);
        expect(isSignatureValid(publicKey, message, low)).toBe(true);
        expect(isSignatureValid(publicKey, message, newSigner(privateKey)(message))).toBe(true);
      }),
      { numRuns: 20, seed: SEED },
    );
  });

  it('is refused with a high S, although OpenSSL would take it', () => {
    const message = Buffer.from('hello');
    let high = sign('sha256', message, privateKey);
    while (isLowS(high)) high = sign('sha256', message, privateKey);
    expect(isSignatureValid(publicKey, message, high)).toBe(false);
    expect(isSignatureValid(publicKey, message, toLowS(high))).toBe(true);
  });

  it('is bound to its message and key, every bit of it', () => {
    const message = Buffer.from('hello');
    const signature = newSigner(privateKey)(message);
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
    expect(isSignatureValid(other, message, signature)).toBe(false);
    expect(isSignatureValid(publicKey, Buffer.from('hallo'), signature)).toBe(false);
    for (let bit = 0; bit < signature.length * 8; bit++) {
      const changed = Uint8Array.from(signature);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(isSignatureValid(publicKey, message, changed)).toBe(false);
    }
  });

  it.each([
    ['nothing', ''],
    ['no sequence', '3106020101020101'],
    ['a length that is not its own', '3007020101020101'],
    ['a missing S', '3003020101'],
    ['an empty R', '30050200020101'],
    ['something behind S', '300702010102010100'],
    ['S = 0', '3006020101020100'],
    ['S above half the order', `30250201010220${(ORDER / 2n + 1n).toString(16)}`],
  ])('is not %s', (_what, hex) => {
    expect(isLowS(Buffer.from(hex, 'hex'))).toBe(false);
  });

  it('may have an S of exactly half the order', () => {
    expect(isLowS(Buffer.from(`30250201010220${(ORDER / 2n).toString(16)}`, 'hex'))).toBe(true);
  });
});
