/** Many at once: nobody disturbs another, and all together come to what one after the other would have come to. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Crowd, newCrowd, type Outcome } from '../support/crowd.ts';
import { RUNS } from '../support/property.ts';
import { contended, type Step, type World, worldOf } from '../support/serial-model.ts';

/** `npm run drill -- concurrency [runs]`, or SLOW=1. */
const RANDOM_RUNS = Number(process.env['CONCURRENCY_RUNS'] ?? (process.env['SLOW'] ? 40 : 2));
const OWNERS = 50;
const FOREVER = 6 * 3_600_000;

let crowd: Crowd;
beforeAll(async () => {
  crowd = await newCrowd(OWNERS);
}, 120_000);
afterAll(() => crowd?.close());

/** The ledger counts all money after every transaction, and throws where any came or went. */
async function round(steps: readonly Step[]): Promise<Outcome> {
  const outcome = await crowd.round(steps);
  expect(worldOf(crowd.ledger.state)).toEqual(crowd.world);
  return outcome;
}

const notesOf = (world: World, owner: string): string[] =>
  [...world.notes.keys()].flatMap((key) =>
    key.startsWith(`${owner}/`) ? [key.slice(owner.length + 1)] : [],
  );
const filesOf = (world: World, owner: string): string[] =>
  [...world.files].flatMap(([id, file]) => (file.owner === owner ? [id] : []));
const owner = (at: number) => {
  const one = crowd.owners[at % OWNERS];
  if (one === undefined) throw new Error('no owners');
  return one;
};

/** Cuts a list into at most `count` runs of about the same length. */
const parts = <T>(list: readonly T[], count: number): T[][] => {
  const size = Math.max(1, Math.ceil(list.length / count));
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) =>
    list.slice(i * size, (i + 1) * size),
  );
};

const answers = async (transactions: number): Promise<Step[]> =>
  (await crowd.due()).flatMap(({ epoch, fileIds }) =>
    parts([...fileIds].sort(), transactions).map((some) => ({
      what: 'answer',
      epoch,
      now: crowd.world.epoch,
      fileIds: some,
    })),
  );

describe('fifty owners at once', () => {
  /** All of them and the clock in one round: what did not go through. */
  const all = async (steps: readonly Step[]): Promise<Omit<Outcome, 'committed'>> => {
    const { refused, conflicting } = await round([...steps, ...crowd.clock()]);
    return { refused, conflicting };
  };
  const NOTHING = { refused: [], conflicting: [] };
  const each = (step: (ownerId: string, at: number) => Step[]): Step[] =>
    crowd.owners.flatMap(({ ownerId }, at) => step(ownerId, at));

  it('collect, each note into a lane of its own, while organisations tick', async () => {
    const steps = each((ownerId) =>
      notesOf(crowd.world, ownerId).map((note, lane) => ({
        what: 'collect',
        owner: ownerId,
        lane,
        notes: [note],
        sources: [],
      })),
    );
    expect(await all(steps)).toEqual(NOTHING);
  });

  it('pay each other out of two lanes while an epoch begins', async () => {
    const pay = (from: string, at: number, lane: number): Step => ({
      what: 'transfer',
      owner: from,
      to: owner(at + 1 + lane).ownerId,
      amount: BigInt(1 + at),
      lane,
    });
    const steps = each((ownerId, at) => [pay(ownerId, at, 0), pay(ownerId, at, 1)]);
    expect(await all(steps)).toEqual(NOTHING);
    expect(crowd.world.epoch).toBe(1);
  });

  it('would wait for one lane if they had only one: of its transfers at once, one goes through', async () => {
    const pay = (to: string): Step => ({
      what: 'transfer',
      owner: owner(0).ownerId,
      to,
      amount: 1n,
      lane: 0,
    });
    const steps = crowd.owners.slice(1, 9).map(({ ownerId }) => pay(ownerId));
    const { committed, conflicting } = await round(steps);
    expect(committed).toHaveLength(1);
    expect(conflicting).toHaveLength(7);
  });

  it('register a file each', async () => {
    const steps = [];
    for (const one of crowd.owners) steps.push(await crowd.newFile(one));
    expect(await all(steps)).toEqual(NOTHING);
    expect(crowd.world.files.size).toBe(OWNERS);
  });

  it('ask for audits', async () => {
    const ask = (ownerId: string): Step[] =>
      filesOf(crowd.world, ownerId).map((fileId) => ({
        what: 'ask',
        owner: ownerId,
        fileId,
        epoch: crowd.world.epoch,
      }));
    expect(await all(each(ask))).toEqual(NOTHING);
  });

  it('are audited by five transactions of the provider while they collect what they were paid', async () => {
    while ((await crowd.due()).length === 0) await round(crowd.clock());
    const answered = await answers(5);
    expect(answered).toHaveLength(5);
    const collected = each((ownerId) => [
      {
        what: 'collect',
        owner: ownerId,
        lane: 2,
        notes: notesOf(crowd.world, ownerId),
        sources: [0],
      },
    ]);
    expect(await all([...answered, ...collected])).toEqual(NOTHING);
    const verdicts = [...crowd.world.files.values()].flatMap(({ audits }) => audits);
    expect(verdicts).toHaveLength(OWNERS);
  });

  it('retire what they have', async () => {
    const retire = (ownerId: string): Step[] =>
      filesOf(crowd.world, ownerId).map((fileId) => ({ what: 'retire', owner: ownerId, fileId }));
    expect(await all(each(retire))).toEqual(NOTHING);
  });
});

/** What somebody does in a random round; who, with what and how much is drawn. */
interface Action {
  readonly what: 'transfer' | 'collect' | 'register' | 'ask' | 'retire';
  readonly who: number;
  readonly other: number;
  readonly lane: number;
  readonly amount: number;
}

const action: fc.Arbitrary<Action> = fc.record({
  what: fc.constantFrom('transfer', 'collect', 'register', 'ask', 'retire'),
  who: fc.nat({ max: 7 }),
  other: fc.nat({ max: 99 }),
  lane: fc.nat({ max: 3 }),
  amount: fc.integer({ min: 1, max: 400 }),
});
const plan = fc.array(
  fc.record({
    actions: fc.array(action, { minLength: 4, maxLength: 16 }),
    answers: fc.nat({ max: 2 }),
    /** Where the provider and the clock come in between the owners. */
    turn: fc.nat({ max: 16 }),
  }),
  { minLength: 3, maxLength: 6 },
);

/** As a step of the world as it is; none where there is nothing to do it with. */
async function stepOf({ what, who, other, lane, amount }: Action): Promise<Step[]> {
  const one = owner(who);
  const { ownerId } = one;
  const { world } = crowd;
  const owned = filesOf(world, ownerId);
  const fileId = owned[other % owned.length];
  switch (what) {
    case 'transfer': {
      const to = owner(other).ownerId;
      return [{ what, owner: ownerId, to, amount: BigInt(amount), lane }];
    }
    case 'collect': {
      const notes = notesOf(world, ownerId).slice(0, 1 + (other % 3));
      return notes.length === 0 ? [] : [{ what, owner: ownerId, lane, notes, sources: [] }];
    }
    case 'register':
      return [await crowd.newFile(one)];
    case 'ask':
      return fileId === undefined ? [] : [{ what, owner: ownerId, fileId, epoch: world.epoch }];
    case 'retire':
      return fileId === undefined ? [] : [{ what, owner: ownerId, fileId }];
  }
}

/** Whether two steps are of one owner, or of a provider and the owner of a file that it answers for. */
const isOwnAffair = (one: Step, other: Step): boolean =>
  one.what === 'answer' ||
  other.what === 'answer' ||
  ('owner' in one && 'owner' in other && one.owner === other.owner);

describe('random transactions at once', () => {
  const seen = { committed: 0, refused: new Map<string, number>(), conflicting: 0 };

  it(
    'come to what they would have come to one after the other, and conflict over what is one owner’s only',
    async () => {
      await fc.assert(
        fc.asyncProperty(plan, async (rounds) => {
          for (const { actions, answers: transactions, turn } of rounds) {
            const steps: Step[] = [];
            for (const one of actions) steps.push(...(await stepOf(one)));
            const others = transactions === 0 ? [] : await answers(transactions);
            steps.splice(turn, 0, ...others, ...crowd.clock());
            expect(quarrels(await round(steps))).toEqual([]);
          }
        }),
        { ...RUNS, numRuns: RANDOM_RUNS, endOnFailure: true },
      );
    },
    FOREVER,
  );

  it('were of all kinds: taken, refused, and too late', () => {
    const refused = Object.fromEntries(seen.refused);
    if (RANDOM_RUNS > 2) process.stdout.write(`${JSON.stringify({ ...seen, refused })}\n`);
    expect(seen.committed).toBeGreaterThan(0);
    expect(seen.conflicting).toBeGreaterThan(0);
    expect(Object.keys(refused)).toContain('BALANCE_TOO_LOW');
    expect(Object.keys(refused)).toContain('NOT_FOUND');
  });

  /** What came too late, unless it met something that went through, and only its own owner's affairs. */
  function quarrels({ committed, conflicting, refused }: Outcome): Step[] {
    seen.committed += committed.length;
    seen.conflicting += conflicting.length;
    for (const { code } of refused) seen.refused.set(code, (seen.refused.get(code) ?? 0) + 1);
    return conflicting.filter((late) => {
      const wanted = new Set(contended(late));
      const met = committed.filter((step) => contended(step).some((what) => wanted.has(what)));
      return met.length === 0 || !met.every((step) => isOwnAffair(late, step));
    });
  }
});
