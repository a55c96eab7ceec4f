/**
 * `holdfast init`: a new owner on this device.
 *
 * @module
 */
import { join } from 'node:path';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { Owner } from '../owner.ts';
import { DEFAULT_GATEWAY, type Context } from './context.ts';
import { chooseNewPassword } from './password.ts';
import { ask, canAsk } from './terminal.ts';
import { countText, ownerText } from './words.ts';

export async function init(
  context: Context,
  { consortium }: { readonly consortium?: string },
): Promise<number> {
  const { terminal, output, home, gateway = DEFAULT_GATEWAY } = context;
  await Owner.refuseSecond(home);
  const { password, isMade } = await chooseNewPassword(terminal);
  if (isMade) output.say(`Password: ${password}`);
  const { owner, phrase } = await Owner.create({
    gateway,
    home,
    password,
    pool: terminal.pool,
    report: output.report,
    ...(consortium === undefined ? {} : { consortium }),
  });
  const { mspId, consortium: pinned } = owner.device;
  const balance = await owner.balance();
  const path = join(home, 'owner.json');
  output.say(
    `Owner ${ownerText(owner.ownerId)} at ${mspId}, ${countText(Number(balance))} tokens. Keys in ${path}.`,
  );
  output.say(`Recovery phrase, shown once:\n\n  ${inRows(phrase)}\n`);
  if (canAsk(terminal) && !output.isJson) await checkWritten(context, phrase);
  output.result(
    'init',
    {
      ownerId: owner.ownerId,
      mspId,
      balance,
      consortium: pinned.consortium,
      development: pinned.development,
      file: path,
      recoveryPhrase: phrase,
      ...(isMade ? { password } : {}),
    },
    `Consortium ${pinned.consortium}. Compare with your operator's before you trust evidence.`,
  );
  return 0;
}

const ROW = 8;

function inRows(phrase: string): string {
  const words = phrase.split(' ');
  const rows = Array.from({ length: Math.ceil(words.length / ROW) }, (_, row) =>
    words.slice(row * ROW, (row + 1) * ROW).join(' '),
  );
  return rows.join('\n  ');
}

const CHECKED = [3, 17];
const TRIES = 3;

/** Whoever cannot repeat two of the words has not written them down. */
async function checkWritten({ terminal, output }: Context, phrase: string): Promise<void> {
  const words = phrase.split(' ');
  const wanted = CHECKED.map((number) => words[number - 1]).join(' ');
  for (let tries = 0; tries < TRIES; tries++) {
    const typed = await ask(
      terminal,
      `Type words ${CHECKED.join(' and ')} to go on: `,
      'the words',
    );
    if (typed.trim().toLowerCase().split(/\s+/).join(' ') === wanted) return;
    output.say('Those are not the words. Compare with what you wrote down.');
  }
  throw new HoldfastError('INPUT_INVALID', 'the account is open, and the phrase was not confirmed');
}
