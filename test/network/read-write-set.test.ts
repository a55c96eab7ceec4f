/** What a simulation records, and how a range is summarised. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ledger } from '@hyperledger/fabric-protos';
import { isSameResult, newRead, RangeDigest } from '../../network/devpeer/src/range-digest.ts';
import { Simulator } from '../../network/devpeer/src/simulator.ts';
import type { StateReader } from '../../network/devpeer/src/state-view.ts';

const { kvrwset, TxReadWriteSet } = ledger.rwset;
const SEED = 20_261_121;

const stateOf = (keys: readonly string[]): StateReader => {
  const version = { block: 3, index: 1 };
  return {
    get: (_namespace, key) =>
      keys.includes(key) ? { version, value: Buffer.from(key) } : undefined,
    async *range(_namespace, start, end) {
      for (const key of keys) {
        if (key >= start && (end === '' || key < end)) {
          yield await Promise.resolve({ key, state: { version, value: Buffer.from(key) } });
        }
      }
    },
  };
};

const setOf = (simulator: Simulator) => {
  const sets = TxReadWriteSet.deserializeBinary(simulator.result()).getNsRwsetList();
  return sets.map((one) => ({
    namespace: one.getNamespace(),
    ...kvrwset.KVRWSet.deserializeBinary(one.getRwset_asU8()).toObject(),
  }));
};

describe('a simulation', () => {
  it('lists namespaces, reads and writes by their bytes in UTF-8', () => {
    const simulator = new Simulator('t', stateOf([]));
    const keys = ['\u{1F600}', 'b', '\ufffd', 'a'];
    for (const key of keys) {
      simulator.put('z', key, Buffer.from('1'));
      simulator.get('A', key);
    }
    const [first, second] = setOf(simulator);
    const sorted = ['a', 'b', '\ufffd', '\u{1F600}'];
    expect(first?.namespace).toBe('A');
    expect(first?.readsList.map(({ key }) => key)).toEqual(sorted);
    expect(second?.namespace).toBe('z');
    expect(second?.writesList.map(({ key }) => key)).toEqual(sorted);
  });

  it('records the version of what it read, and none of what was not there', () => {
    const simulator = new Simulator('t', stateOf(['a']));
    simulator.get('n', 'b');
    simulator.get('n', 'a');
    expect(setOf(simulator)[0]?.readsList).toEqual([
      { key: 'a', version: { blockNum: 3, txNum: 1 } },
      { key: 'b', version: undefined },
    ]);
  });

  it('keeps the last write of a key', () => {
    const simulator = new Simulator('t', stateOf([]));
    simulator.put('n', 'a', Buffer.from('1'));
    simulator.put('n', 'a', Buffer.from('2'));
    simulator.put('n', 'b', Buffer.from('1'));
    simulator.delete('n', 'b');
    expect(setOf(simulator)[0]?.writesList).toEqual([
      { key: 'a', isDelete: false, value: Buffer.from('2').toString('base64') },
      { key: 'b', isDelete: true, value: '' },
    ]);
  });

  it('records the same query once', async () => {
    const simulator = new Simulator('t', stateOf(['a', 'b']));
    for (const end of ['c', 'c', 'd']) {
      const rows = simulator.range('n', 'a', end, 0);
      while ((await rows.next()).done !== true);
    }
    const ranges = setOf(simulator)[0]?.rangeQueriesInfoList;
    expect(ranges?.map(({ endKey }) => endKey)).toEqual(['c', 'd']);
  });

  it('records what was handed out of a query that was left early', async () => {
    const simulator = new Simulator('t', stateOf(['a', 'b', 'c']));
    const rows = simulator.range('n', 'a', 'z', 0);
    await rows.next();
    await rows.next();
    await rows.return('');
    const [range] = setOf(simulator)[0]?.rangeQueriesInfoList ?? [];
    expect(range).toMatchObject({ startKey: 'a', endKey: 'b', itrExhausted: false });
    expect(range?.rawReads?.kvReadsList.map(({ key }) => key)).toEqual(['a', 'b']);
  });
});

describe('the digest of a range', () => {
  const infoOf = (count: number, changed?: number) => {
    const digest = new RangeDigest();
    for (let i = 0; i < count; i++) {
      digest.add(newRead(`k${i}`, { block: 1, index: i === changed ? 1 : 0 }));
    }
    const info = new kvrwset.RangeQueryInfo();
    digest.finish(info);
    return info;
  };

  it.each([0, 1, 49, 50])('lists %d reads', (count) => {
    expect(infoOf(count).getReadsMerkleHashes()).toBeUndefined();
    expect(infoOf(count).getRawReads()?.getKvReadsList() ?? []).toHaveLength(count);
  });

  /** A leaf is of 51 reads; 51 nodes of a level become one of the next. */
  it.each([
    [51, 1, 1],
    [52, 1, 2],
    [102, 1, 2],
    [2_550, 1, 50],
    [2_551, 2, 1],
    [2_601, 2, 1],
    [2_602, 2, 2],
    [2_652, 2, 2],
    [2_653, 2, 2],
  ])('summarises %d reads on level %d in %d hashes', (count, level, hashes) => {
    const summary = infoOf(count).getReadsMerkleHashes();
    expect(summary?.getMaxDegree()).toBe(50);
    expect(summary?.getMaxLevel()).toBe(level);
    expect(summary?.getMaxLevelHashesList()).toHaveLength(hashes);
    expect(infoOf(count).getRawReads()).toBeUndefined();
  });

  it('differs when one row differs, is missing or is added', () => {
    const counts = fc.integer({ min: 1, max: 3_000 });
    fc.assert(
      fc.property(counts, fc.nat(), (count, at) => {
        const info = infoOf(count);
        expect(isSameResult(info, infoOf(count))).toBe(true);
        expect(isSameResult(info, infoOf(count, at % count))).toBe(false);
        expect(isSameResult(info, infoOf(count - 1))).toBe(false);
        expect(isSameResult(info, infoOf(count + 1))).toBe(false);
      }),
      { numRuns: 20, seed: SEED },
    );
  });
});
