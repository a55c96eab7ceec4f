/**
 * How often audits find damage of 1 %, against the exact probability, and that none accuses who has everything.
 *
 * SLOW=1 or `npm run drill -- sampling` runs the full numbers and prints them.
 */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { challengeOf, rhoOf, type Challenge } from '@holdfast/protocol/audit.js';
import { hex } from '@holdfast/protocol/bytes.js';
import { ready } from '@holdfast/protocol/curve.js';
import type { FileRecord } from '@holdfast/protocol/file-records.js';
import { verifyAnswer } from '@holdfast/protocol/proof.js';
import { prove } from '@holdfast/protocol/prover.js';
import { fileRecord } from '../support/audit-records.ts';
import { seededRandom } from '../support/property.ts';
import {
  CHANNEL,
  newTagger,
  stored,
  tagFile,
  type TaggedFile,
  type Tagger,
} from '../support/tagged-files.ts';
import { flipped } from '../support/tamper.ts';

const IS_LONG = process.env['SLOW'] !== undefined;
const PROVED = IS_LONG ? 1_000 : 12;
const HONEST = IS_LONG ? 10_000 : 60;
const EXPANDED = 1_000;
const FOREVER = 6 * 3_600_000;

const random = seededRandom();

/** Chance that c blocks drawn of n, without replacement, meet one of the damaged. */
function chance(blocks: number, damaged: number, sampled: number): number {
  let missed = 1;
  for (let i = 0; i < sampled; i++) missed *= (blocks - damaged - i) / (blocks - i);
  return 1 - missed;
}

interface Counted {
  readonly audits: number;
  readonly found: number;
  readonly probability: number;
}

/** How many standard deviations of the binomial distribution the count is away. */
function sigmas({ audits, found, probability }: Counted): number {
  const deviation = Math.sqrt(audits * probability * (1 - probability));
  return Math.abs(found - audits * probability) / deviation;
}

function tell(what: string, counted: Counted): void {
  if (!IS_LONG) return;
  const { audits, found, probability } = counted;
  const distance = sigmas(counted).toFixed(2);
  const expected = (audits * probability).toFixed(1);
  process.stdout.write(`${what}: ${found} of ${audits}, expected ${expected}, ${distance} sigma\n`);
}

interface Question {
  readonly channel: string;
  readonly epoch: number;
  readonly beacon: string;
  readonly providerId: string;
}

/** The challenges of one file under beacons that nobody could foresee. */
const newQuestion = (epoch: number): Question => ({
  channel: CHANNEL,
  epoch,
  beacon: hex(random(32)),
  providerId: 'Birch',
});

const challenged = (file: FileRecord, question: Question, blocks: number | null): Challenge =>
  challengeOf({ ...question, file, due: null, ask: { fromEpoch: 0, node: null, blocks } });

/** So many different ids below n. */
function someOf(count: number, blocks: number): Set<number> {
  const chosen = new Set<number>();
  while (chosen.size < count) {
    chosen.add(new DataView(random(4).buffer).getUint32(0) % blocks);
  }
  return chosen;
}

describe('challenges of a thousand epochs', () => {
  it.each([
    { blocks: 10_000, asked: null, sampled: 448 },
    { blocks: 4_096, asked: 100, sampled: 100 },
    { blocks: 200, asked: 30, sampled: 30 },
  ])(
    'meet 1 % of damage in $blocks blocks as often as $sampled drawn ones must',
    ({ blocks, asked, sampled }) => {
      const damaged = Math.ceil(blocks / 100);
      const file = fileRecord({ blockCount: blocks, nextUid: blocks });
      let found = 0;
      for (let epoch = 1; epoch <= EXPANDED; epoch++) {
        const bad = someOf(damaged, blocks);
        const { uids } = challenged(file, newQuestion(epoch), asked);
        expect(uids).toHaveLength(sampled);
        if (uids.some((uid) => bad.has(uid))) found++;
      }
      const probability = chance(blocks, damaged, sampled);
      const counted = { audits: EXPANDED, found, probability };
      tell(`challenges, ${sampled} of ${blocks} blocks, 1 % damaged`, counted);
      expect(sigmas(counted)).toBeLessThan(3);
    },
  );

  it('would be told from challenges that draw with replacement', () => {
    const [blocks, damaged, sampled] = [200, 2, 100];
    const exact = chance(blocks, damaged, sampled);
    let found = 0;
    for (let i = 0; i < EXPANDED; i++) {
      const bad = someOf(damaged, blocks);
      const drawn = Array.from({ length: sampled }, () => [...someOf(1, blocks)]).flat();
      if (drawn.some((uid) => bad.has(uid))) found++;
    }
    expect(sigmas({ audits: EXPANDED, found, probability: exact })).toBeGreaterThan(3);
  });
});

describe('audits with proofs', () => {
  const BLOCK = 62;
  const BLOCKS = 100;
  let owner: Tagger;
  let file: TaggedFile;

  beforeAll(async () => {
    await ready();
    owner = newTagger(random, BLOCK);
    file = tagFile(
      random,
      owner,
      Array.from({ length: BLOCKS }, () => random(BLOCK)),
    );
  });

  /** The ledger's word on what a provider proves out of the blocks it has, without conceding any. */
  async function isIntact(
    kept: Pick<TaggedFile, 'blocks' | 'tags'>,
    question: Question,
    challenge: Challenge,
  ): Promise<boolean> {
    const { tagKey, table } = owner;
    const rho = rhoOf({ ...question, tagKeyId: tagKey.tagKeyId });
    const proof = await prove({ table, rho, files: [stored(kept, challenge)] });
    const groups = [{ tagKey, files: [{ file: file.file, challenge }], proof }];
    return verifyAnswer({ ...question, groups });
  }

  it.each([
    { asked: 20, sampled: 20 },
    { asked: null, sampled: 99 },
  ])(
    'of $sampled of a hundred blocks fail exactly where they meet the damaged one',
    async ({ asked, sampled }) => {
      let found = 0;
      for (let epoch = 1; epoch <= PROVED; epoch++) {
        const bad = someOf(1, BLOCKS);
        const blocks = file.blocks.map((block, uid) =>
          bad.has(uid) ? flipped(block, uid) : block,
        );
        const question = newQuestion(epoch);
        const challenge = challenged(file.file, question, asked);
        const isMet = challenge.uids.some((uid) => bad.has(uid));
        const verdict = await isIntact({ blocks, tags: file.tags }, question, challenge);
        expect(verdict).toBe(!isMet);
        if (!verdict) found++;
      }
      const counted = { audits: PROVED, found, probability: chance(BLOCKS, 1, sampled) };
      tell(`proofs, ${sampled} of ${BLOCKS} blocks, one damaged`, counted);
      expect(sigmas(counted)).toBeLessThan(3);
    },
    FOREVER,
  );

  it(
    'accuse nobody who has every block',
    async () => {
      let accused = 0;
      for (let epoch = 1; epoch <= HONEST; epoch++) {
        const question = newQuestion(epoch);
        const challenge = challenged(file.file, question, 1 + (epoch % 10));
        if (!(await isIntact(file, question, challenge))) accused++;
      }
      if (IS_LONG) process.stdout.write(`honest: ${accused} of ${HONEST} accused\n`);
      expect(accused).toBe(0);
    },
    FOREVER,
  );
});
