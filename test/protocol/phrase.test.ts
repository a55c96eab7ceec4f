import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fromHex, hex } from '@holdfast/protocol/bytes.js';
import { encodePhrase, parsePhrase } from '@holdfast/protocol/phrase.js';
import { RUNS } from '../support/property.ts';
import { refusalOf } from '../support/refusal.ts';
import { vectors } from '../support/vectors.ts';

const { cases } = vectors<{ cases: { seed: string; phrase: string }[] }>('bip39-phrases.json');
const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe('a recovery phrase', () => {
  it.each(cases)('is the published one of BIP-39: $seed', ({ seed, phrase }) => {
    expect(encodePhrase(fromHex(seed))).toBe(phrase);
    expect(hex(parsePhrase(phrase))).toBe(seed);
  });

  it('comes back to its seed, whatever case and white space it was typed with', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const typed = `  ${encodePhrase(seed).toUpperCase().replaceAll(' ', '\n\t ')} `;
        expect(hex(parsePhrase(typed))).toBe(hex(seed));
      }),
      RUNS,
    );
  });

  it('with a word of another list is refused by the place of the word, never quoting it', () => {
    fc.assert(
      fc.property(seeds, fc.nat({ max: 23 }), (seed, at) => {
        const words = encodePhrase(seed).split(' ');
        words[at] = 'holdfastly';
        const { code, message } = refusalOf(() => parsePhrase(words.join(' ')));
        expect(code).toBe('INPUT_INVALID');
        expect(message).toContain(`word ${at + 1} `);
        expect(message).not.toContain('holdfastly');
      }),
      RUNS,
    );
  });

  it('fails its checksum with two words exchanged', () => {
    const words = (cases[4]?.phrase ?? '').split(' ');
    const [first = '', second = ''] = words;
    const exchanged = [second, first, ...words.slice(2)].join(' ');
    const { code, message, cause } = refusalOf(() => parsePhrase(exchanged));
    expect(code).toBe('INPUT_INVALID');
    expect(message).not.toContain(first);
    expect(cause).toBeUndefined();
  });

  it.each([0, 12, 23, 25])('of %d words is refused, saying how many', (count) => {
    const phrase = Array.from({ length: count }, () => 'abandon').join(' ');
    const { code, message } = refusalOf(() => parsePhrase(phrase));
    expect(code).toBe('INPUT_INVALID');
    expect(message).toContain(`got ${count}`);
  });

  it('stands for 32 bytes, no fewer', () => {
    expect(() => encodePhrase(new Uint8Array(16))).toThrow('bug: a seed has 32 bytes');
  });
});
