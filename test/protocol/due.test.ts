import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { beaconsOfRule, delegateOf, isDue, isIndependent } from '@holdfast/protocol/audit.js';
import { fromHex, hex, toInteger } from '@holdfast/protocol/bytes.js';
import type { Config } from '@holdfast/protocol/consortium-records.js';
import { transcript } from '@holdfast/protocol/hash.js';
import type { FileState } from '@holdfast/protocol/ledger-transactions.js';
import {
  asked,
  dueRecord,
  fileRecord,
  fileState,
  settled,
  threeOrganisations,
} from '../support/audit-records.ts';
import { RUNS, seededRandom } from '../support/property.ts';

const config = threeOrganisations();
const random = seededRandom();

/** Beacons under which the file is drawn in the named epochs and in no other. */
function beaconsDrawing(epochs: readonly number[], file = fileRecord(), P = config.auditPeriod) {
  const beacons = new Map<number, string>();
  for (let epoch = 0; epoch <= 60; epoch++) {
    let value: string;
    do value = hex(random(32));
    while (drawn(value, file.fileId, P) !== epochs.includes(epoch));
    beacons.set(epoch, value);
  }
  return beacons;
}

const drawn = (beacon: string, fileId: string, P: number): boolean =>
  toInteger(transcript('due', fromHex(beacon), fromHex(fileId)).slice(0, 8)) % BigInt(P) === 0n;

/** All epochs up to 60 in which the file is due. */
const dueEpochs = (state: FileState, beacons: ReadonlyMap<number, string>, rules = config) =>
  Array.from({ length: 61 }, (_, epoch) => epoch).filter((epoch) =>
    isDue({ state, epoch, beacons, config: rules }),
  );

describe('a file is due', () => {
  it('for its first audit, once, in the first epoch that can be', () => {
    expect(dueEpochs(fileState(), beaconsDrawing([]))).toEqual([3]);
  });
  it('in the epoch after that where its own provider has the slot', () => {
    const state = fileState({ file: fileRecord({ providerId: 'Cedar' }) });
    expect(delegateOf(3, config)).toBe('Cedar');
    expect(dueEpochs(state, beaconsDrawing([], state.file))).toEqual([4]);
  });
  it('where it is drawn, and then not again before the audit is settled', () => {
    const beacons = beaconsDrawing([13, 15, 20]);
    expect(dueEpochs(fileState({ due: settled() }), beacons)).toEqual([13]);
  });
  it('2P epochs after its last audit where it is not drawn before', () => {
    const beacons = beaconsDrawing([]);
    expect(dueEpochs(fileState({ due: settled() }), beacons)).toEqual([18]);
  });
  it('where it is asked for, from the epoch the ask names', () => {
    const state = fileState({ due: settled(), ask: asked() });
    expect(dueEpochs(state, beaconsDrawing([]))).toEqual([12]);
  });
  it('at the open challenge first, where one is open when it is asked for', () => {
    const state = fileState({ due: settled(), ask: asked({ fromEpoch: 13 }) });
    expect(dueEpochs(state, beaconsDrawing([12]))).toEqual([12]);
  });
  it.each(['damaged', 'unanswered'] as const)('at once after it was %s', (verdict) => {
    expect(dueEpochs(fileState({ due: settled({ verdict }) }), beaconsDrawing([]))).toEqual([11]);
  });
  it('never before its first epoch, without blocks, when retired, or without a due record', () => {
    const beacons = beaconsDrawing([1, 2, 3]);
    expect(dueEpochs(fileState(), beacons)).toEqual([3]);
    const empty = fileState({ file: fileRecord({ blockCount: 0 }) });
    expect(dueEpochs(empty, beacons)).toEqual([]);
    const retired = fileState({ file: fileRecord({ state: 'retired' }) });
    expect(dueEpochs(retired, beacons)).toEqual([]);
    expect(dueEpochs(fileState({ due: null }), beacons)).toEqual([]);
  });
  it('with the conflict rule off where one organisation does everything or holds all seats', () => {
    const state = fileState({ file: fileRecord({ providerId: 'Cedar' }) });
    const beacons = beaconsDrawing([]);
    const alone = { ...config, organisations: config.organisations.slice(2) };
    const seats = { ...config, genesisDelegates: ['Cedar', 'Cedar'] };
    expect(dueEpochs(state, beacons, alone)).toEqual([3]);
    expect(dueEpochs(state, beacons, seats)).toEqual([3]);
    expect(isIndependent(state.file, alone, 4)).toBe(false);
    expect(isIndependent(state.file, seats, 4)).toBe(false);
  });
  it('by no other beacons than those that the rule names', () => {
    const due = settled();
    expect(beaconsOfRule(due, 10, config)).toEqual([]);
    expect(beaconsOfRule(due, 11, config)).toEqual([11]);
    expect(beaconsOfRule(due, 30, config)).toEqual([22, 23, 24, 25, 26, 27, 28, 29, 30]);
    expect(beaconsOfRule(null, 30, config)).toEqual([]);
    const all = beaconsDrawing([]);
    const named = new Map(beaconsOfRule(due, 18, config).map((e) => [e, all.get(e) ?? '']));
    expect(isDue({ state: fileState({ due }), epoch: 18, beacons: named, config })).toBe(true);
    expect(() =>
      isDue({ state: fileState({ due }), epoch: 18, beacons: new Map(), config }),
    ).toThrow('bug: beacon 11');
  });

  const states = fc.record({
    providerId: fc.constantFrom('Alder', 'Birch', 'Cedar'),
    from: fc.integer({ min: 2, max: 12 }),
    last: fc.option(fc.integer({ min: 0, max: 12 })),
    verdict: fc.constantFrom('intact' as const, 'damaged' as const, 'unanswered' as const),
    blockCount: fc.constantFrom(0, 1, 300, 300, 300),
    askFrom: fc.option(fc.integer({ min: 2, max: 40 })),
    period: fc.integer({ min: 1, max: 6 }),
    delegates: fc.array(fc.constantFrom('Alder', 'Birch', 'Cedar'), { minLength: 1, maxLength: 4 }),
    organisations: fc.constantFrom(1, 3),
    fileId: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  });

  it('exactly where a model written after section 5.6 says so', () => {
    const beacons = beaconsDrawing([]);
    for (let epoch = 0; epoch <= 60; epoch++) beacons.set(epoch, hex(random(32)));
    fc.assert(
      fc.property(states, (s) => {
        const rules: Config = {
          ...config,
          auditPeriod: s.period,
          genesisDelegates: s.delegates,
          organisations: config.organisations.slice(0, s.organisations),
        };
        const { providerId, blockCount } = s;
        const state = fileState({
          file: fileRecord({ providerId, blockCount, fileId: hex(s.fileId) }),
          due: dueRecord({
            from: s.from,
            last: s.last,
            verdict: s.last === null ? null : s.verdict,
          }),
          ask: s.askFrom === null ? null : asked({ fromEpoch: s.askFrom }),
        });
        const holds = (e: number): boolean => {
          const conflictRule =
            s.organisations > 1 && s.delegates.some((delegate) => delegate !== providerId);
          const reasons = [
            s.last === null,
            drawn(beacons.get(e) ?? '', hex(s.fileId), s.period),
            s.last !== null && e - s.last >= 2 * s.period,
            s.askFrom !== null && s.askFrom <= e,
            s.last !== null && s.verdict !== 'intact',
          ];
          return (
            e >= s.from &&
            blockCount > 0 &&
            !(conflictRule && s.delegates[e % s.delegates.length] === providerId) &&
            reasons.includes(true)
          );
        };
        const expected: number[] = [];
        for (let e = 0; e <= 60; e++) {
          let before = false;
          for (let i = 1; i <= 2 * s.period; i++) before ||= holds(e - i);
          if (holds(e) && !before) expected.push(e);
        }
        expect(dueEpochs(state, beacons, rules)).toEqual(expected);
      }),
      { ...RUNS, numRuns: 200 },
    );
  });

  it('at least once in 2P epochs after an audit where its provider holds no seat', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), fc.nat({ max: 1_000 }), (period, salt) => {
        const rules = { ...config, auditPeriod: period };
        const draw = seededRandom(salt);
        const beacons = new Map(Array.from({ length: 61 }, (_, e) => [e, hex(draw(32))]));
        const [first] = dueEpochs(fileState({ due: settled() }), beacons, rules);
        expect(first).toBeGreaterThanOrEqual(11);
        expect(first).toBeLessThanOrEqual(Math.max(11, 10 + 2 * period));
      }),
      RUNS,
    );
  });
});
