/**
 * Attacks with controls: the same attack runs twice, once against the product without the defence that it meets, where it
 * must succeed, and once against the product, where it must fail. What both came to is written for the table that
 * scripts/attacks.mjs prints.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

/** What an attack came to, in a few words. */
export interface Outcome {
  readonly succeeded: boolean;
  readonly words: string;
}

export const success = (words: string): Outcome => ({ succeeded: true, words });
export const failure = (words: string): Outcome => ({ succeeded: false, words });

/** The attacker's aim was met where this holds. */
export const outcomeOf = (succeeded: boolean, yes: string, no: string): Outcome =>
  succeeded ? success(yes) : failure(no);

export interface Attack<World> {
  /** A row of the design's table of holes (`row 1`) or of the threats (`T07`). */
  readonly id: string;
  /** What the attacker wants, as a sentence without an end. */
  readonly attack: string;
  /** What stands in the way. */
  readonly defence: string;
  /** The product as it is. */
  readonly defended: () => World | Promise<World>;
  /** The product without the defence; or why this half cannot be shown. */
  readonly undefended: (() => World | Promise<World>) | string;
  /** The attack. It throws where anything goes otherwise than an attacker expects. */
  readonly run: (world: World) => Outcome | Promise<Outcome>;
  /** Of each half, milliseconds. */
  readonly patienceMs?: number;
}

export function attack<World>(what: Attack<World>): void {
  const { id, attack: aim, defence, run, patienceMs = 60_000 } = what;
  describe(`${id}: ${aim}`, () => {
    const { undefended } = what;
    if (typeof undefended === 'string') {
      record(what, 'off', `not shown: ${undefended}`);
    } else {
      it(
        `succeeds without: ${defence}`,
        async () => {
          const { succeeded, words } = await run(await undefended());
          expect([words, succeeded]).toEqual([words, true]);
          record(what, 'off', words);
        },
        patienceMs,
      );
    }
    it(
      `fails with: ${defence}`,
      async () => {
        const { succeeded, words } = await run(await what.defended());
        expect([words, succeeded]).toEqual([words, false]);
        record(what, 'on', words);
      },
      patienceMs,
    );
  });
}

const FOLDER = 'test-results/attacks';

function record<World>(
  { id, attack: aim, defence }: Attack<World>,
  half: 'off' | 'on',
  outcome: string,
): void {
  const name = createHash('sha256')
    .update(`${id} ${aim} ${defence} ${half}`)
    .digest('hex')
    .slice(0, 16);
  mkdirSync(FOLDER, { recursive: true });
  const text = JSON.stringify({ id, attack: aim, defence, half, outcome });
  writeFileSync(`${FOLDER}/${name}.json`, text);
}
