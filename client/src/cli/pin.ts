/**
 * `holdfast pin`: which organisations' roots this owner goes by; one that joined later is taken in.
 *
 * @module
 */
import { pinOrganisation, readPins, type Pins } from '../pin.ts';
import type { Context } from './context.ts';
import { ask } from './terminal.ts';
import { table } from './words.ts';

export interface PinCommandOptions {
  /** As the organisation's operator told it; asked for where it is not given. */
  readonly fingerprint?: string;
}

const LOOK = 3;

/**
 * @param mspId - empty: nothing is pinned, only told.
 * @returns 3 where organisations have joined that are not pinned.
 */
export async function pin(
  context: Context,
  mspId: string,
  { fingerprint }: PinCommandOptions,
): Promise<number> {
  const { terminal, output, home, gateway } = context;
  const options = { home, ...(gateway === undefined ? {} : { gateway }) };
  if (mspId === '') return tell(context, await readPins(options), '');
  const question = `Fingerprint of ${mspId}, from its operator: `;
  const wanted = fingerprint ?? (await ask(terminal, question, '--fingerprint'));
  const pins = await pinOrganisation(options, mspId, wanted);
  output.say(`Pinned ${mspId}.`);
  return tell(context, pins, mspId);
}

function tell({ output }: Context, { consortium, pinned, joined }: Pins, mspId: string): number {
  const rows = [
    ...pinned.map((one) => [one.mspId, 'pinned', one.fingerprint]),
    ...joined.map((one) => [one.mspId, 'not pinned', one.fingerprint]),
  ];
  const [next] = joined;
  output.result(
    'pin',
    { ...(mspId === '' ? {} : { mspId }), consortium: consortium.consortium, pinned, joined },
    [
      table([['ORGANISATION', '', 'FINGERPRINT OF ITS ROOT'], ...rows]),
      `Consortium ${consortium.consortium}`,
      ...(next === undefined
        ? []
        : [
            'What is not pinned is the word of this gateway alone, and counts for nothing.',
            `Compare with its operator, then: holdfast pin ${next.mspId} --fingerprint …`,
          ]),
    ].join('\n'),
  );
  return joined.length > 0 ? LOOK : 0;
}
