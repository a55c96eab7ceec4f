import { describe, expect, it } from '@jest/globals';
import { addressKey } from '../../gateway/src/http/addresses.ts';
import {
  newRequestQuota,
  policyHeader,
  standingHeader,
} from '../../gateway/src/http/request-quota.ts';

const POLICY = { name: 'owner', quota: 10, windowSeconds: 60 };

describe('a quota of requests', () => {
  it('grants all of it at once, then one more each time a part of the window has passed', () => {
    let now = 5_000;
    const quota = newRequestQuota(POLICY, () => now);
    const first = Array.from({ length: 10 }, () => quota.take('anna'));
    expect(first.map(({ isGranted, remaining }) => [isGranted, remaining])).toEqual(
      Array.from({ length: 10 }, (_, i) => [true, 9 - i]),
    );
    expect(quota.take('anna')).toEqual({ isGranted: false, remaining: 0, seconds: 6 });
    now += 5_999;
    expect(quota.take('anna')).toEqual({ isGranted: false, remaining: 0, seconds: 1 });
    now += 1;
    expect(quota.take('anna')).toEqual({ isGranted: true, remaining: 0, seconds: 6 });
    now += 60_000;
    expect(quota.take('anna')).toEqual({ isGranted: true, remaining: 9, seconds: 1 });
  });

  it('never grants more in any window than twice its size, whatever the moments', () => {
    let now = 0;
    const quota = newRequestQuota(POLICY, () => now);
    const granted: number[] = [];
    for (let step = 0; step < 3_000; step++) {
      now += (step * 7_919) % 331;
      if (quota.take('anna').isGranted) granted.push(now);
    }
    for (const from of granted) {
      const inWindow = granted.filter((at) => at >= from && at < from + 60_000);
      expect(inWindow.length).toBeLessThanOrEqual(20);
    }
    // and what it grants in the long run is what it says
    expect(granted.length).toBeGreaterThanOrEqual(Math.floor(now / 6_000));
    expect(granted.length).toBeLessThanOrEqual(Math.ceil(now / 6_000) + 10);
  });

  it("says how long to wait, and that is when one is granted, whoever's clock it is", () => {
    let now = 0;
    const quota = newRequestQuota({ ...POLICY, quota: 7 }, () => now);
    for (let i = 0; i < 200; i++) {
      const { isGranted, seconds } = quota.take('anna');
      if (isGranted) continue;
      now += seconds * 1000;
      expect(quota.take('anna').isGranted).toBe(true);
    }
  });

  it('is one for each key', () => {
    const quota = newRequestQuota(POLICY, () => 0);
    for (let i = 0; i < 11; i++) quota.take('noisy');
    expect(quota.take('noisy').isGranted).toBe(false);
    expect(quota.take('quiet')).toMatchObject({ isGranted: true, remaining: 9 });
  });

  it('remembers no more keys than it may, and none begins anew because others came', () => {
    let now = 0;
    const quota = newRequestQuota(POLICY, () => now, 100);
    for (let i = 0; i < 11; i++) quota.take('noisy');
    for (let i = 0; i < 5_000; i++) quota.take(`other ${i}`);
    expect(quota.size).toBeLessThanOrEqual(101);
    expect(quota.take('noisy').isGranted).toBe(false);
    // those that found no place share one quota
    expect(quota.take('one more').isGranted).toBe(false);
    now += 60_001;
    expect(quota.take('one more').isGranted).toBe(true);
    expect(quota.size).toBeLessThanOrEqual(2);
  });

  it('is told in the fields of the draft', () => {
    expect(policyHeader(POLICY)).toBe('"owner";q=10;w=60');
    const standing = { isGranted: false, remaining: 0, seconds: 6 };
    expect(standingHeader(POLICY, standing)).toBe('"owner";r=0;t=6');
  });
});

describe('an address', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    [undefined, ''],
  ])('%s counts as %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });
});
