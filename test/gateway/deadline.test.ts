/** Work that must end: late is who does not answer, not who answers while we stand still ourselves. */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { withDeadline } from '../../gateway/src/deadline.ts';

const { signal } = new AbortController();
const late = () => new Error('its time is over');

/** Lets nothing else happen for a while, as a long computation does. */
function standStill(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

describe('work with a deadline', () => {
  it('fails when its time is over, and in no less', async () => {
    const began = performance.now();
    const never = withDeadline(80, signal, late, () => new Promise(() => undefined));
    await expect(never).rejects.toThrow('its time is over');
    expect(performance.now() - began).toBeGreaterThanOrEqual(75);
  });

  it('is told of its end, whoever ends it', async () => {
    const stopping = new AbortController();
    let tell = (_ended: boolean): void => undefined;
    const told = new Promise<boolean>((resolve) => (tell = resolve));
    const work = withDeadline(10_000, stopping.signal, late, async (within) => {
      await delay(10_000, undefined, { signal: within }).catch(() => undefined);
      tell(within.aborted);
    });
    stopping.abort(new Error('nobody waits any more'));
    await expect(work).rejects.toThrow('nobody waits any more');
    expect(await told).toBe(true);
  });

  it('is not late because we stood still while it was done', async () => {
    const file = withDeadline(200, signal, late, () => readFile('package.json', 'utf8'));
    standStill(600);
    expect(await file).toContain('holdfast');
    // the control: by one timer it would be
    const reading = readFile('package.json', 'utf8');
    const timer = delay(200, 'late');
    standStill(600);
    expect(await Promise.race([reading, timer])).toBe('late');
  });
});
