/**
 * Passwords that a seed is wrapped under: whoever steals the wrapped seed can guess for ever, so what such a guesser would
 * find is refused.
 *
 * @module
 */
import { HoldfastError } from './errors.ts';

const LEAST_LENGTH = 12;
const LEAST_BITS = 60;

/** What guessers try first; each counts as one letter. */
const COMMON =
  /password|passwort|holdfast|qwerty|qwertz|asdfgh|letmein|welcome|iloveyou|dragon|monkey|admin|secret|master|abc123/g;
const SORTS: readonly (readonly [RegExp, number])[] = [
  [/[a-z]/, 26],
  [/[A-Z]/, 26],
  [/[0-9]/, 10],
  [/[^a-zA-Z0-9]/, 32],
];

/**
 * (Owner) How many bits a guesser faces at least who knows how people choose: letters that repeat or continue a row add
 * nothing.
 */
function passwordBits(password: string): number {
  const plain = password.toLowerCase().replaceAll(COMMON, '*');
  const letters = Array.from(plain, (letter) => letter.codePointAt(0) ?? 0);
  const surprising = letters.filter(
    (code, i) => i === 0 || Math.abs(code - (letters[i - 1] ?? code)) > 1,
  );
  const pool = SORTS.reduce((sum, [sort, size]) => sum + (sort.test(password) ? size : 0), 0);
  const distinct = new Set(letters).size;
  return Math.min(surprising.length, 2 * distinct) * Math.log2(Math.max(2, pool));
}

/** @throws `INPUT_INVALID` where an offline guesser would find it. */
export function checkPassword(password: string): void {
  if (Array.from(password).length >= LEAST_LENGTH && passwordBits(password) >= LEAST_BITS) return;
  throw new HoldfastError(
    'INPUT_INVALID',
    `this password could be guessed from a stolen device: at least ${LEAST_LENGTH} letters that form no pattern, or seven words`,
  );
}
