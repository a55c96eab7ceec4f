import { describe, expect, it } from '@jest/globals';
import { base64url, fromBase64url, hex } from '@holdfast/protocol/bytes.js';
import { parse } from '@holdfast/protocol/schema.js';
import {
  unwrapSeed,
  wrapSeed,
  wrappedSeed,
  type WrappedSeed,
} from '@holdfast/protocol/wrapped-seed.js';
import { seededRandom } from '../support/property.ts';
import { codeOf, refusalOfAsync } from '../support/refusal.ts';
import { flipped } from '../support/tamper.ts';

const random = seededRandom();
/** Half a second of one core each: made once. */
let wrappedOnce: Promise<WrappedSeed> | undefined;

describe('a seed under a password', () => {
  it('opens with the password, typed composed or decomposed, and with no other', async () => {
    const seed = random(32);
    const wrapped = await wrapSeed(seed, 'Zürich ﬁsh', random);
    expect(parse(wrappedSeed, JSON.parse(JSON.stringify(wrapped)), 'wrapped seed')).toEqual(
      wrapped,
    );
    expect(hex(await unwrapSeed(wrapped, 'Zu\u0308rich fish'))).toBe(hex(seed));
    expect((await refusalOfAsync(unwrapSeed(wrapped, 'Zurich fish'))).code).toBe('SEED_LOCKED');
  });

  it.each(['salt', 'iv', 'ciphertext'] as const)(
    'stays locked with its %s changed',
    async (part) => {
      wrappedOnce ??= wrapSeed(random(32), 'right', random);
      const wrapped = await wrappedOnce;
      const changed = { ...wrapped, [part]: base64url(flipped(fromBase64url(wrapped[part]), 7)) };
      expect((await refusalOfAsync(unwrapSeed(changed, 'right'))).code).toBe('SEED_LOCKED');
    },
  );

  it.each([
    ['an unknown version', { version: 2 }],
    ['an unknown field', { hint: 'my dog' }],
    ['a short salt', { salt: 'AAAA' }],
  ])('is not read with %s', (_, change) => {
    const salt = base64url(new Uint8Array(16));
    const iv = base64url(new Uint8Array(12));
    const whole = { version: 1, salt, iv, ciphertext: base64url(new Uint8Array(48)) };
    expect(parse(wrappedSeed, whole, 'wrapped seed')).toEqual(whole);
    expect(codeOf(() => parse(wrappedSeed, { ...whole, ...change }, 'wrapped seed'))).toBe(
      'INPUT_INVALID',
    );
  });
});
