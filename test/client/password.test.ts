import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { askPassword, chooseNewPassword, newPassword } from '../../client/src/cli/password.ts';
import { checkPassword } from '@holdfast/protocol/password.js';
import { ask, Interrupted, type Terminal } from '../../client/src/cli/terminal.ts';
import { codeOf, refusalOfAsync } from '../support/refusal.ts';

interface TypedTerminal extends Terminal {
  /** What the person sees. */
  readonly shown: () => string;
  readonly isRaw: () => boolean;
}

/** A terminal at which a person types: each answer once it is asked for. */
function terminalOf(answers: readonly string[], env: Terminal['env'] = {}): TypedTerminal {
  const left = [...answers];
  let isRaw = false;
  let shown = '';
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode(raw: boolean) {
      isRaw = raw;
    },
  });
  const stderr = Object.assign(new EventEmitter(), {
    isTTY: true,
    write(text: string) {
      shown += text;
      const next = text.endsWith(': ') ? left.shift() : undefined;
      if (next !== undefined) setImmediate(() => stdin.write(next));
      return true;
    },
  });
  const terminal = { env, stdin, stdout: stderr, stderr } as unknown as Terminal;
  return { ...terminal, shown: () => shown, isRaw: () => isRaw };
}

const STRONG = 'correct-horse-battery-staple';

describe('a password that is typed', () => {
  it('is not shown, and a letter can be taken back', async () => {
    const terminal = terminalOf(['ab\u007fcd\be\r']);
    expect(await askPassword(terminal)).toBe('ace');
    expect(terminal.shown()).toBe('Password: \n');
    expect(terminal.isRaw()).toBe(false);
  });

  it('comes from the environment where it is there', async () => {
    const terminal = terminalOf([], { HOLDFAST_PASSWORD: STRONG });
    expect(await askPassword(terminal)).toBe(STRONG);
    expect(terminal.shown()).toBe('');
  });

  it('is given up with Ctrl-C, and the terminal shows letters again', async () => {
    const terminal = terminalOf(['ab\u0003']);
    await expect(askPassword(terminal)).rejects.toBeInstanceOf(Interrupted);
    expect(terminal.isRaw()).toBe(false);
  });

  it('is asked of nobody where there is no terminal', async () => {
    const terminal = terminalOf([]);
    const piped = { ...terminal, stdin: { isTTY: false } } as unknown as Terminal;
    const refusal = await refusalOfAsync(askPassword(piped));
    expect(refusal.code).toBe('INPUT_INVALID');
    expect(refusal.detail).toContain('HOLDFAST_PASSWORD is missing');
  });
});

describe('a question', () => {
  it('is answered by one line', async () => {
    expect(await ask(terminalOf(['Alder\n']), 'Where: ', 'WHERE')).toBe('Alder');
  });
});

describe('a new password', () => {
  it('is typed twice', async () => {
    const terminal = terminalOf([`${STRONG}\r`, `${STRONG}\n`]);
    expect(await chooseNewPassword(terminal)).toEqual({ password: STRONG, isMade: false });
  });

  it('is refused where the second is another', async () => {
    const refusal = await refusalOfAsync(
      chooseNewPassword(terminalOf([`${STRONG}\r`, `${STRONG}!\r`])),
    );
    expect(refusal.detail).toBe('the two passwords differ');
  });

  it('is refused at once where a guesser would find it, typed or from the environment', async () => {
    const typed = terminalOf(['summer\r']);
    expect((await refusalOfAsync(chooseNewPassword(typed))).code).toBe('INPUT_INVALID');
    const given = terminalOf([], { HOLDFAST_PASSWORD: 'summer' });
    expect((await refusalOfAsync(chooseNewPassword(given))).code).toBe('INPUT_INVALID');
  });

  it('is made of seven words where none is typed', async () => {
    const { password, isMade } = await chooseNewPassword(terminalOf(['\r']));
    expect(isMade).toBe(true);
    expect(password.split('-')).toHaveLength(7);
    expect(checkPassword(password)).toBeUndefined();
    const [first, last] = [0, 0xff].map((byte) => newPassword(() => Uint8Array.of(byte, byte)));
    expect([first?.split('-')[0], last?.split('-')[6]]).toEqual(['abandon', 'zoo']);
  });

  it.each([
    'holdfastholdfast',
    'aaaaaaaaaaaaaaaa',
    'abcdefghijklmnop',
    '123456789012',
    'Password1234!',
    'shortR4ndom',
    '',
  ])('is not %j', (password) => {
    expect(codeOf(() => checkPassword(password))).toBe('INPUT_INVALID');
  });
});
