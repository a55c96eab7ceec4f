/** Attacks on the ledger's accounts: money, permissions, and what an account shows of its owner. */
import { afterEach } from '@jest/globals';
import { hex } from '@holdfast/protocol/bytes.js';
import { parseJson } from '@holdfast/protocol/schema.js';
import { unwrapSeed, wrappedSeed, wrapSeed } from '@holdfast/protocol/wrapped-seed.js';
import { attack, failure, outcomeOf } from '../support/attack.ts';
import type { LedgerStage } from '../support/attack-ledger.ts';
import { closeLedgers, newLedgerStage } from '../support/attack-stages.ts';
import type { Change } from '../support/attack-variant.ts';
import { newTestOwner, type TestOwner } from '../support/owner-of-files.ts';

afterEach(closeLedgers);

/** Spending reads all notes for its payer, and takes them in: one balance, folded from what others write. */
const FOLDED: Change = {
  file: 'chaincode/src/accounts-contract.ts',
  from: 'const purse = (await state.get(KEYS.purse(from, lane))) ?? EMPTY_PURSE;',
  to: `const notes = await ctx.stub.getStateByPartialCompositeKey('credit', [from]);
    const folded: string[] = [];
    for (let row = await notes.next(); !row.done; row = await notes.next()) {
      folded.push(JSON.parse(Buffer.from(row.value.value).toString()).amount);
      await ctx.stub.deleteState(row.value.key);
    }
    await notes.close();
    const purse = deposit((await state.get(KEYS.purse(from, lane))) ?? EMPTY_PURSE, folded);`,
};

const pay = ({ ledger }: LedgerStage, from: TestOwner, to: TestOwner) =>
  ledger.endorse(from.identity, 'accounts:transfer', { to: to.ownerId, amounts: ['1'], lane: 0 });

async function fundedOwners(stage: LedgerStage, count: number): Promise<TestOwner[]> {
  const owners: TestOwner[] = [];
  for (let i = 0; i < count; i++) owners.push(await stage.openOwner(`owner ${i}`));
  await stage.fund(owners, ['1000']);
  return owners;
}

attack({
  id: 'row 8',
  attack: 'owners who pay each other at once overtake each other’s transactions',
  defence: 'lanes of one’s own, and notes that are written blind',
  defended: () => newLedgerStage(),
  undefended: () => newLedgerStage([FOLDED]),
  async run(stage) {
    const owners = await fundedOwners(stage, 6);
    const rounds = [1, 2, 3];
    let late = 0;
    for (const round of rounds) {
      const paid = owners.map((one, i) => pay(stage, one, owners[(i + round) % 6] ?? one));
      late += await stage.conflictsOf(paid);
    }
    const words = `${late} of ${6 * rounds.length} overtaken`;
    return outcomeOf(late > 0, words, words);
  },
});

attack({
  id: 'T34',
  attack: 'a stranger keeps a victim from spending by paying it dust all the time',
  defence: 'no submit reads what others may write',
  defended: () => newLedgerStage(),
  undefended: () => newLedgerStage([FOLDED]),
  async run(stage) {
    const [mallory, victim, friend] = await fundedOwners(stage, 3);
    if (mallory === undefined || victim === undefined || friend === undefined) throw new Error('3');
    let late = 0;
    for (let round = 0; round < 4; round++) {
      // the dust first: it is in the ledger block before the victim's own transaction
      late += await stage.conflictsOf([pay(stage, mallory, victim), pay(stage, victim, friend)]);
    }
    return outcomeOf(late > 0, `${late} of 4 payments lost`, `${late} of 4 payments lost`);
  },
});

/** The rest of the numbers that somebody could mean; all but the first would be taken for one by a careless parser. */
const ODD = ['x', '-5', '-0', '+5', '0x10', ' 7', '5 ', '', '1e3', '1.0', 'NaN', '٥', '00'];

attack({
  id: 'T36',
  attack: 'a transfer of less than nothing, or of a number that is spelled oddly',
  defence: 'amounts are decimal digits, parsed at the edge',
  defended: () => newLedgerStage(),
  undefended: () =>
    newLedgerStage([
      {
        file: 'protocol/src/schema.ts',
        from: '/^(?:0|[1-9][0-9]{0,37})$/',
        to: '/[^]*/',
      },
    ]),
  async run(stage) {
    const [eve, victim] = await fundedOwners(stage, 2);
    if (eve === undefined || victim === undefined) throw new Error('2');
    const taken: string[] = [];
    for (const amount of [...ODD, String(-(10n ** 30n)), '1'.repeat(39)]) {
      const args = { to: victim.ownerId, amounts: [amount], lane: 0 };
      const code = await stage.refusalOf(eve.identity, 'accounts:transfer', args);
      if (code === undefined) taken.push(amount);
    }
    const { ownerId } = eve;
    const { lanes } = await stage.ledger.evaluate(eve.identity, 'accounts:purse', { ownerId });
    const gained = BigInt(lanes[0]?.balance ?? '0') - 1000n;
    const words = `${taken.length} of ${ODD.length + 2} taken, ${gained > 0n ? 'richer' : 'not richer'}`;
    return outcomeOf(taken.length > 0 && gained > 0n, words, words);
  },
});

attack({
  id: 'T01',
  attack: 'an owner mints tokens, which only an operator may',
  defence: 'a table of roles, everything else refused',
  defended: () => newLedgerStage(),
  undefended: () =>
    newLedgerStage([
      {
        file: 'chaincode/src/permissions.ts',
        from: 'if (!PERMISSIONS[name].includes(held)) {',
        to: 'if (PERMISSIONS[name].length === 0) {',
      },
    ]),
  async run(stage) {
    const eve = await stage.openOwner('eve');
    const args = { mspId: 'Alder', amounts: ['1000000'] };
    const code = await stage.refusalOf(eve.identity, 'accounts:grantBudget', args);
    return outcomeOf(code === undefined, '1,000,000 minted', code ?? '');
  },
});

attack({
  id: 'T01',
  attack: 'an owner retires the file of another one',
  defence: 'a file is changed by its owner',
  defended: () => newLedgerStage(),
  undefended: () =>
    newLedgerStage([
      {
        file: 'chaincode/src/file-state.ts',
        from: 'must(file.ownerId === ownerId, ',
        to: 'must(file.ownerId.length === ownerId.length, ',
      },
    ]),
  async run(stage) {
    const [ann, eve] = [await stage.openOwner('ann'), await stage.openOwner('eve')];
    const { file } = await stage.register(ann);
    const args = { fileId: file.fileId, lane: 0 };
    const code = await stage.refusalOf(eve.identity, 'files:retire', args);
    return outcomeOf(code === undefined, 'retired by a stranger', code ?? '');
  },
});

attack({
  id: 'row 9',
  attack: 'a member guesses the password of a seed that it finds on the ledger',
  defence: 'nothing on the ledger opens under a password',
  defended: () => newLedgerStage(),
  undefended: () =>
    newLedgerStage([
      {
        file: 'protocol/src/ledger-transactions.ts',
        from: "custody: z.union([z.literal('owner'), s.name]),",
        to: "custody: z.union([z.literal('owner'), s.name]),\n    wrapped: z.string().optional(),",
      },
      {
        file: 'protocol/src/account-records.ts',
        from: "state: z.enum(['open', 'closed']),",
        to: "state: z.enum(['open', 'closed']),\n  wrapped: z.string().optional(),",
      },
      {
        file: 'chaincode/src/new-account.ts',
        from: '{ hpkeKey, chameleonKey, tagKey, custody }: Opening,\n  { caller, config }',
        to: '{ hpkeKey, chameleonKey, tagKey, custody, wrapped }: never,\n  { caller, config }',
      },
      {
        file: 'chaincode/src/new-account.ts',
        from: "state: 'open',",
        to: "state: 'open',\n      wrapped,",
      },
    ]),
  async run(stage) {
    const { ledger } = stage;
    const alike = await stage.openOwner('first');
    const ann = await newTestOwner(await ledger.newIdentity('Alder', 'owner'), 'ann', alike);
    const seed = ann.random(32);
    const wrapped = JSON.stringify(await wrapSeed(seed, 'correct horse', ann.random));
    const kept = { ...ann.opening, wrapped };
    const code = await stage.refusalOf(ann.identity, 'accounts:open', kept);
    if (code !== undefined) await ledger.submit(ann.identity, 'accounts:open', ann.opening);
    // whatever she changes now, ledger blocks keep the old one
    for (const record of ledger.state.values()) {
      for (const value of Object.values(record as object)) {
        if (typeof value !== 'string' || !value.startsWith('{"version"')) continue;
        const found = parseJson(wrappedSeed, value, 'a record');
        for (const guess of ['password1', 'correct horse']) {
          const opened = await unwrapSeed(found, guess).catch(() => undefined);
          if (opened === undefined) continue;
          return outcomeOf(hex(opened) === hex(seed), 'seed found, 2nd guess', 'another seed');
        }
      }
    }
    return failure(`nothing to guess at (${code})`);
  },
});
