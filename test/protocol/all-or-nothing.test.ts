import { createHash, hkdfSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { unwrap, wrap } from '@holdfast/protocol/all-or-nothing.js';
import { hex } from '@holdfast/protocol/bytes.js';
import { RUNS } from '../support/property.ts';
import { codeOf } from '../support/refusal.ts';
import { flipped } from '../support/tamper.ts';

const secrets = fc.uint8Array({ minLength: 1, maxLength: 80 });

describe('the all-or-nothing transform', () => {
  it('is the one of the specification', () => {
    const secret = Buffer.from('two keys of a file');
    const framed = Buffer.concat([Buffer.of(0, 0, 0, 16), Buffer.from('holdfast/v1/aont')]);
    const key = createHash('sha256').update(framed).update(secret).digest();
    const mask = Buffer.from(hkdfSync('sha256', key, '', 'holdfast/v1/aont', secret.length));
    const body = Buffer.from(secret.map((byte, i) => byte ^ (mask[i] ?? 0)));
    const digest = createHash('sha256').update(body).digest();
    const tail = Buffer.from(key.map((byte, i) => byte ^ (digest[i] ?? 0)));
    expect(hex(wrap(secret))).toBe(Buffer.concat([body, tail]).toString('hex'));
  });

  it('gives back every secret, 32 bytes longer on its way', () => {
    fc.assert(
      fc.property(secrets, (secret) => {
        const wrapped = wrap(secret);
        expect(wrapped).toHaveLength(secret.length + 32);
        expect(hex(unwrap(wrapped))).toBe(hex(secret));
      }),
      RUNS,
    );
  });

  it('gives nothing where any bit of the package is wrong', () => {
    fc.assert(
      fc.property(secrets, fc.nat(), (secret, bit) => {
        expect(codeOf(() => unwrap(flipped(wrap(secret), bit)))).toBe('SHARE_INVALID');
      }),
      RUNS,
    );
  });

  it.each([0, 31, 32])('refuses a package of %d bytes', (length) => {
    expect(codeOf(() => unwrap(new Uint8Array(length)))).toBe('SHARE_INVALID');
  });
});
