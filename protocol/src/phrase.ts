/**
 * The owner's seed as 24 words (BIP-39): checksummed, made to be written on paper, shown once.
 *
 * The words stand for the seed itself: BIP-39's stretching with a passphrase is not used.
 *
 * @module
 */
import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { HoldfastError } from './errors.ts';
import { SEED_LENGTH } from './owner-secrets.ts';

/** How many words a phrase has. */
const PHRASE_WORDS = 24;

/** The 2,048 words: passwords are made of them too. */
export const WORD_LIST: readonly string[] = wordlist;

const WORDS: ReadonlySet<string> = new Set(wordlist);

/** (Owner) The 24 words of a seed, parted by single spaces. */
export function encodePhrase(seed: Uint8Array): string {
  if (seed.length !== SEED_LENGTH) throw new Error('bug: a seed has 32 bytes');
  return entropyToMnemonic(seed, wordlist);
}

/**
 * (Owner) The seed that a phrase stands for. Case and white space do not matter.
 *
 * @throws `INPUT_INVALID` that says how many words there are, which of them (counted from 1) is no word of the list, or
 *   that the checksum fails; never the words themselves.
 */
export function parsePhrase(phrase: string): Uint8Array {
  const words = phrase
    .normalize('NFKD')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length !== PHRASE_WORDS) {
    throw new HoldfastError('INPUT_INVALID', `expected ${PHRASE_WORDS} words, got ${words.length}`);
  }
  const unknown = words.findIndex((word) => !WORDS.has(word));
  if (unknown >= 0) {
    throw new HoldfastError('INPUT_INVALID', `word ${unknown + 1} is not in the list of words`);
  }
  try {
    return mnemonicToEntropy(words.join(' '), wordlist);
  } catch {
    // The library's error may quote the phrase.
    throw new HoldfastError('INPUT_INVALID', 'the words do not belong together: check their order');
  }
}
