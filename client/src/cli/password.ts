/**
 * Passwords for the seed on a device: typed, made of seven words, or from the environment for scripts.
 *
 * A stolen device can be guessed at offline for ever, so what such a guesser would find is refused.
 *
 * @module
 */
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { checkPassword } from '@holdfast/protocol/password.js';
import { WORD_LIST } from '@holdfast/protocol/phrase.js';
import { random } from '../session.ts';
import { ask, type Terminal } from './terminal.ts';

const WORDS = 7;

/** (Owner) Seven words of 2,048 each, drawn evenly: 77 bits. */
export function newPassword(draw: (length: number) => Uint8Array = random): string {
  const words = Array.from({ length: WORDS }, () => {
    const [high = 0, low = 0] = draw(2);
    return WORD_LIST[((high << 8) | low) % WORD_LIST.length];
  });
  return words.join('-');
}

/** The password of this device's owner. */
export const askPassword = async (terminal: Terminal): Promise<string> =>
  terminal.env['HOLDFAST_PASSWORD'] ||
  ask(terminal, 'Password: ', 'HOLDFAST_PASSWORD', { hidden: true });

/**
 * A password for a seed that is new to this device.
 *
 * @returns also whether it was made here and has to be shown.
 */
export async function chooseNewPassword(
  terminal: Terminal,
): Promise<{ readonly password: string; readonly isMade: boolean }> {
  const given = terminal.env['HOLDFAST_PASSWORD'];
  if (given) {
    checkPassword(given);
    return { password: given, isMade: false };
  }
  const question = 'Password (Enter: I make seven words): ';
  const typed = await ask(terminal, question, 'HOLDFAST_PASSWORD', { hidden: true });
  if (typed === '') return { password: newPassword(), isMade: true };
  checkPassword(typed);
  const again = await ask(terminal, 'Once more: ', 'HOLDFAST_PASSWORD', { hidden: true });
  if (again !== typed) throw new HoldfastError('INPUT_INVALID', 'the two passwords differ');
  return { password: typed, isMade: false };
}
