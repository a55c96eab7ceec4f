import { describe, expect, it } from '@jest/globals';
import { LANES, newLanes } from '@holdfast/protocol/owner/lanes.js';

describe('lanes', () => {
  it('are never used by two transactions at once, and by no more than there are', async () => {
    const lanes = newLanes();
    const used = new Set<number>();
    const releases: (() => void)[] = [];
    let most = 0;
    const work = (lane: number) =>
      new Promise<number>((resolve) => {
        expect(used.has(lane)).toBe(false);
        used.add(lane);
        most = Math.max(most, used.size);
        releases.push(() => {
          used.delete(lane);
          resolve(lane);
        });
      });
    const done = Promise.all(Array.from({ length: 20 }, () => lanes.within(work)));
    for (let released = 0; released < 20;) {
      await Promise.resolve();
      const next = releases.shift();
      if (next === undefined) continue;
      next();
      released++;
    }
    expect(new Set(await done).size).toBe(LANES);
    expect(most).toBe(LANES);
  });

  it('come back from work that failed', async () => {
    const lanes = newLanes();
    for (let i = 0; i < LANES + 1; i++) {
      await expect(lanes.within(() => Promise.reject(new Error(`try ${i}`)))).rejects.toThrow(
        'try',
      );
    }
    await expect(lanes.within(async () => 'done')).resolves.toBe('done');
  });
});
