import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KEYS, LISTS, type Key } from '../../chaincode/src/state-keys.ts';
import { RUNS } from '../support/property.ts';

const [a, b, c] = ['aa', 'bb', 'cc'].map((text) => text.repeat(32));
if (a === undefined || b === undefined || c === undefined) throw new Error('bug: three ids');
const text = (key: Key<unknown>): string => [key.type, ...key.parts].join('/');

describe('state keys', () => {
  it('are those of the specification', () => {
    const keys = [
      KEYS.config(),
      KEYS.clock(),
      KEYS.configVote(2, 'Alder'),
      KEYS.organisation('Birch', 'provider'),
      KEYS.account(a),
      KEYS.signer(b),
      KEYS.tagKey(c),
      KEYS.purse(a, 3),
      KEYS.credit(a, b),
      KEYS.file(b),
      KEYS.placement(b),
      KEYS.owned(a, b),
      KEYS.anchor(c),
      KEYS.shares(b, 1),
      KEYS.member('Birch', 7, b),
      KEYS.due('Birch', b),
      KEYS.ask(b),
      KEYS.audit(b, 9),
      KEYS.beacon(10),
      KEYS.tick(11, 'Cedar'),
    ];
    expect(keys.map(text)).toEqual([
      'config',
      'clock',
      'configvote/0000000002/Alder',
      'organisation/Birch/provider',
      `account/${a}`,
      `signer/${b}`,
      `tagkey/${c}`,
      `purse/${a}/03`,
      `credit/${a}/${b}`,
      `file/${b}`,
      `placement/${b}`,
      `owned/${a}/${b}`,
      `anchor/${c}`,
      `shares/${b}/000001`,
      `member/Birch/000000000007/${b}`,
      `due/Birch/${b}`,
      `ask/${b}`,
      `audit/${b}/000000000009`,
      'beacon/000000000010',
      'tick/000000000011/Cedar',
    ]);
  });

  it('stand in the order of epochs', () => {
    const epoch = fc.integer({ min: 0, max: 999_999_999_999 });
    fc.assert(
      fc.property(epoch, epoch, (first, second) => {
        const isBefore = text(KEYS.beacon(first)) < text(KEYS.beacon(second));
        expect(isBefore).toBe(first < second);
      }),
      RUNS,
    );
  });

  it('begin as the lists that hold them', () => {
    const within = [
      [LISTS.organisations(), KEYS.organisation('Alder', 'delegate')],
      [LISTS.credits(a), KEYS.credit(a, b)],
      [LISTS.owned(a), KEYS.owned(a, b)],
      [LISTS.due('Birch'), KEYS.due('Birch', b)],
      [LISTS.audits(b), KEYS.audit(b, 1)],
      [LISTS.shares(b), KEYS.shares(b, 1)],
    ] as const;
    for (const [list, key] of within) {
      expect(text(key).startsWith(`${text(list)}/`)).toBe(true);
    }
  });
});
