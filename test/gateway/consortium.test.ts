/** A gateway that begins beside others: what is done already is not done again, and what it cannot play it says. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Announcement } from '@holdfast/protocol/consortium-records.js';
import { ready } from '@holdfast/protocol/curve.js';
import { HoldfastError, type ErrorCode } from '@holdfast/protocol/errors.js';
import { announce, configured, EMBEDDED, funded } from '../../gateway/src/consortium.ts';
import { PLAYED, type Played } from '../../gateway/src/config.ts';
import type { Connection } from '../../gateway/src/ledger/connection.ts';
import type { Ledger, LedgerSession } from '../../gateway/src/ledger/ledger.ts';
import { partiesOf } from '../../gateway/src/parties.ts';
import { delegateAnnouncement } from '../support/consortium.ts';

type Call = (name: string, args: never) => unknown;

/** A ledger that answers this, and what was submitted to it. */
function ledgerThat(evaluate: Call, submit: Call = () => ({})) {
  const submitted: { name: string; args: unknown }[] = [];
  const session = {
    mspId: 'Alder',
    role: 'delegate',
    evaluate: async (name: string, args: never) => evaluate(name, args),
    submit: async (name: string, args: never) => {
      submitted.push({ name, args });
      return submit(name, args);
    },
  } as unknown as LedgerSession;
  return { session, submitted, ledger: { as: () => session } as unknown as Ledger };
}
const refuse = (code: ErrorCode) => () => {
  throw new HoldfastError(code, 'so it is');
};

describe('an announcement', () => {
  let announcement: Announcement;
  let present: object;
  beforeAll(async () => {
    await ready();
    announcement = delegateAnnouncement('Alder');
    present = { ...announcement, mspId: 'Alder' };
  });

  it('is made where there is none, or another', async () => {
    for (const evaluate of [refuse('NOT_FOUND'), () => ({ ...present, name: 'Doris' })]) {
      const { session, submitted } = ledgerThat(evaluate);
      await announce(session, announcement);
      expect(submitted).toEqual([{ name: 'accounts:announce', args: { announcement } }]);
    }
  });

  it('is not made again, in whatever order the ledger keeps its fields', async () => {
    const turned = Object.fromEntries(Object.entries(present).toReversed());
    const { session, submitted } = ledgerThat(() => turned);
    await announce(session, announcement);
    expect(submitted).toEqual([]);
  });

  it.each<ErrorCode>(['ALREADY_EXISTS', 'CONFLICT'])(
    'is done where another gateway was faster: %s',
    async (code) => {
      const { session } = ledgerThat(refuse('NOT_FOUND'), refuse(code));
      await expect(announce(session, announcement)).resolves.toBeUndefined();
    },
  );

  it('fails where the ledger refuses it, or cannot be asked', async () => {
    const denied = ledgerThat(refuse('NOT_FOUND'), refuse('NOT_ALLOWED'));
    await expect(announce(denied.session, announcement)).rejects.toMatchObject({
      code: 'NOT_ALLOWED',
    });
    const bug = () => {
      throw new Error('bug');
    };
    const broken = ledgerThat(refuse('NOT_FOUND'), bug);
    await expect(announce(broken.session, announcement)).rejects.toThrow('bug');
    const down = ledgerThat(refuse('LEDGER_UNREACHABLE'));
    await expect(announce(down.session, announcement)).rejects.toMatchObject({
      code: 'LEDGER_UNREACHABLE',
    });
    expect(down.submitted).toEqual([]);
  });
});

describe('the configuration', () => {
  const names = EMBEDDED.organisations.map(({ mspId }) => mspId);

  it('is made for the embedded consortium alone, once', async () => {
    let isMade = false;
    const { ledger, session, submitted } = ledgerThat(
      () => (isMade ? EMBEDDED : refuse('NOT_FOUND')()),
      () => (isMade = true),
    );
    expect(await configured(ledger, names, session)).toBe(EMBEDDED);
    expect(await configured(ledger, names, session)).toBe(EMBEDDED);
    expect(submitted.map(({ name }) => name)).toEqual(['accounts:configure']);
  });

  it('of another network is its operators’ to make', async () => {
    const { ledger, session, submitted } = ledgerThat(refuse('NOT_FOUND'));
    await expect(configured(ledger, ['Elm', 'Oak'], session)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(submitted).toEqual([]);
  });
});

describe('the agent’s budget', () => {
  const purse = (lanes: readonly object[], notes: readonly string[]) => ({
    lanes,
    credits: { items: notes.map((creditId) => ({ creditId, amount: '1' })), next: null },
  });

  it('is granted where the purse is empty, and what is granted is collected', async () => {
    const purses = [purse([], []), purse([], ['n1', 'n2'])];
    const { ledger, submitted } = ledgerThat(() => purses.shift());
    await funded(ledger, 'Alder');
    expect(submitted.map(({ name }) => name)).toEqual(['accounts:grantBudget', 'accounts:collect']);
    expect(submitted[1]?.args).toMatchObject({ lane: 0, credits: ['n1', 'n2'] });
  });

  it('is left alone where there is one', async () => {
    const { ledger, submitted } = ledgerThat(() => purse([{ lane: 0, balance: '5' }], []));
    await funded(ledger, 'Alder');
    expect(submitted).toEqual([]);
  });
});

describe('the roles of a gateway', () => {
  const holding = (mspId: string, ...roles: string[]) => ({
    mspId,
    identities: Object.fromEntries(roles.map((role) => [role, { cert: '', key: '' }])),
  });
  const connectionOf = (...organisations: object[]) => ({ organisations }) as unknown as Connection;
  const all = connectionOf(
    holding('Alder', 'agent', 'key-server', 'delegate', 'provider'),
    holding('Birch', 'provider'),
    holding('Cedar', 'key-server', 'delegate'),
  );

  it('are those that it is told to play, holds and is granted; one clock an organisation', () => {
    const parties = partiesOf(PLAYED, all, EMBEDDED);
    expect(parties.provider).toEqual({ mspId: 'Birch', role: 'provider' });
    expect(parties.agent).toEqual({ mspId: 'Alder', role: 'agent' });
    const names = (each: readonly { mspId: string }[]) => each.map(({ mspId }) => mspId);
    expect(names(parties.keyServers)).toEqual(['Alder', 'Cedar']);
    expect(names(parties.clocks)).toEqual(['Alder', 'Cedar', 'Birch']);
    const some = partiesOf(['agent', 'provider'], all, EMBEDDED);
    expect([some.keyServers, some.delegates, names(some.clocks)]).toEqual([[], [], ['Birch']]);
  });

  it.each<[string, readonly Played[], Connection]>([
    ['nothing is held', PLAYED, connectionOf(holding('Alder'))],
    ['what is held is not granted', PLAYED, connectionOf(holding('Elm', 'agent'))],
    ['what is held is not played', ['provider'], connectionOf(holding('Alder', 'agent'))],
  ])('are none where %s: that is refused', (_, played, connection) => {
    expect(() => partiesOf(played, connection, EMBEDDED)).toThrow(
      `NOT_ALLOWED: no identity here plays one of the roles ${played.join(', ')}`,
    );
  });

  it('may be those of one organisation alone', () => {
    const birch = partiesOf(PLAYED, connectionOf(holding('Birch', 'provider')), EMBEDDED);
    expect(birch).toMatchObject({ agent: undefined, provider: { mspId: 'Birch' }, keyServers: [] });
    expect(birch.clocks).toEqual([{ mspId: 'Birch', role: 'provider' }]);
  });
});
