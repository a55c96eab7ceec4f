import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  challengeOf,
  drawnNode,
  isIndependent,
  rhoOf,
  wantedBlocks,
} from '@holdfast/protocol/audit.js';
import { hex } from '@holdfast/protocol/bytes.js';
import { ready } from '@holdfast/protocol/curve.js';
import {
  asked,
  fileRecord,
  fileState,
  settled,
  threeOrganisations,
} from '../support/audit-records.ts';
import { seededRandom } from '../support/property.ts';

const config = threeOrganisations();
const random = seededRandom();

beforeAll(ready);

describe('the node that answers', () => {
  const beacon = hex(random(32));

  it('is the one asked for, then the one of the due record, then one of the placement by lot', () => {
    const ask = asked({ node: 'birch-2' });
    const due = settled({ node: 'birch-9' });
    expect(drawnNode(fileState({ due, ask }), 12, beacon)).toBe('birch-2');
    expect(drawnNode(fileState({ due, ask }), 11, beacon)).toBe('birch-9');
    expect(drawnNode(fileState({ due, ask: asked() }), 12, beacon)).toBe('birch-9');
    expect(drawnNode(fileState({ due: settled() }), 12, beacon)).toMatch(/^birch-[12]$/);
  });
  it('is each of the placement in turn', () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 400; i++) {
      const node = drawnNode(fileState(), 3, hex(random(32)));
      counts.set(node, (counts.get(node) ?? 0) + 1);
    }
    // 200 each, sigma 10.
    for (const node of ['birch-1', 'birch-2']) {
      expect(Math.abs((counts.get(node) ?? 0) - 200)).toBeLessThan(50);
    }
  });
  it('does not exist for a file that is placed nowhere', () => {
    expect(() => drawnNode(fileState({ placement: null }), 3, beacon)).toThrow('bug');
  });
});

describe('independence', () => {
  it('needs an agent and a delegate other than the provider', () => {
    const file = fileRecord();
    expect(isIndependent(file, config, 4)).toBe(true);
    expect(isIndependent({ ...file, custody: 'Alder' }, config, 4)).toBe(true);
    expect(isIndependent({ ...file, custody: 'Birch' }, config, 4)).toBe(false);
    expect(isIndependent({ ...file, providerId: 'Alder' }, config, 4)).toBe(false);
    expect(isIndependent({ ...file, providerId: 'Alder' }, config, 5)).toBe(true);
  });
});

describe('a challenge', () => {
  const beacon = hex(random(32));
  const input = {
    channel: 'holdfast',
    epoch: 12,
    beacon,
    file: fileRecord(),
    due: settled(),
    ask: null,
  };

  it('covers what 99 % against 1 % of damage takes, or what was asked for', () => {
    expect(challengeOf(input).uids).toHaveLength(235);
    expect(wantedBlocks(input.file, asked({ blocks: 7 }), 12)).toBe(7);
    expect(wantedBlocks(input.file, asked({ blocks: 7 }), 11)).toBe(235);
    expect(wantedBlocks(input.file, asked({ blocks: 900 }), 12)).toBe(300);
    expect(challengeOf({ ...input, ask: asked({ blocks: 7 }) }).uids).toHaveLength(7);
  });
  it('names live ids, and covers those conceded before that are live still', () => {
    const base = { ...input.file.base, firstUid: 1_000 };
    const file = fileRecord({ base, nextUid: 1_300 });
    const due = settled({ uids: [5, 1_001, 1_002, 1_299, 1_300] });
    const dead = [1_001];
    const { uids, coefficients } = challengeOf({
      ...input,
      file: { ...file, blockCount: 299 },
      due,
      ask: asked({ blocks: 3 }),
      dead,
    });
    expect(uids).toEqual(expect.arrayContaining([1_002, 1_299]));
    expect(uids.every((uid) => uid >= 1_000 && uid < 1_300 && uid !== 1_001)).toBe(true);
    expect(uids.length).toBeGreaterThanOrEqual(3);
    expect(uids.length).toBeLessThanOrEqual(5);
    expect(coefficients).toHaveLength(uids.length);
  });
  it('depends on everything that its seed binds', () => {
    const { file } = input;
    const changes = [
      { channel: 'other' },
      { epoch: 13 },
      { beacon: hex(random(32)) },
      { file: { ...file, fileId: '0f'.repeat(32) } },
      { file: { ...file, version: 2 } },
      { file: { ...file, root: '0c'.repeat(32) } },
      { file: { ...file, blockCount: 299 } },
      { file: { ...file, editHead: '01'.repeat(32) } },
      { file: { ...file, providerId: 'Alder' } },
      { ask: asked({ blocks: 234 }) },
    ];
    const seeds = [input, ...changes.map((change) => ({ ...input, ...change }))].map((i) =>
      hex(challengeOf(i).seed),
    );
    expect(new Set(seeds).size).toBe(changes.length + 1);
  });
});

describe('the point of evaluation', () => {
  it('depends on channel, epoch, beacon, provider and key, not on files', () => {
    const input = {
      channel: 'holdfast',
      epoch: 12,
      beacon: hex(random(32)),
      providerId: 'Birch',
      tagKeyId: 'b1'.repeat(32),
    };
    const changes = [
      { channel: 'other' },
      { epoch: 13 },
      { beacon: hex(random(32)) },
      { providerId: 'Alder' },
      { tagKeyId: 'b2'.repeat(32) },
    ];
    const values = [input, ...changes.map((change) => ({ ...input, ...change }))].map(rhoOf);
    expect(new Set(values).size).toBe(changes.length + 1);
  });
});
