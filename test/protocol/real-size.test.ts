import { beforeAll, describe, expect, it } from '@jest/globals';
import { challengeOf, rhoOf } from '@holdfast/protocol/audit.js';
import { concat, hex } from '@holdfast/protocol/bytes.js';
import { ready } from '@holdfast/protocol/curve.js';
import { newIntake } from '@holdfast/protocol/intake.js';
import { verifyAnswer } from '@holdfast/protocol/proof.js';
import { prove } from '@holdfast/protocol/prover.js';
import { verifyTable } from '@holdfast/protocol/tag-key.js';
import { seededRandom } from '../support/property.ts';
import { flipped } from '../support/tamper.ts';
import {
  CHANNEL,
  newTagger,
  stored,
  tagFile,
  type TaggedFile,
  type Tagger,
} from '../support/tagged-files.ts';

const random = seededRandom();
const audit = { channel: CHANNEL, epoch: 12, beacon: hex(random(32)), providerId: 'Birch' };

beforeAll(ready);

/** Whether an answer over all blocks holds. */
async function isProved({ table, tagKey }: Tagger, tagged: TaggedFile): Promise<boolean> {
  const challenge = challengeOf({ ...audit, file: tagged.file, due: null, ask: null });
  const rho = rhoOf({ ...audit, tagKeyId: tagKey.tagKeyId });
  const proof = await prove({ table, rho, files: [stored(tagged, challenge)] });
  const files = [{ file: tagged.file, challenge }];
  return verifyAnswer({ ...audit, groups: [{ tagKey, files, proof }] });
}

describe('blocks of their real size', () => {
  it('are tagged, taken in and proved', async () => {
    const size = 262_144;
    const owner = newTagger(random, size);
    const draw = seededRandom(3);
    const blocks = [draw(size), draw(1_000)];
    const file = tagFile(random, owner, blocks);
    expect(owner.tagKey.sectorsMax).toBe(8_457);
    expect(verifyTable(owner.bytes, owner.tagKey, random)).toBe(true);
    const intake = newIntake({ sectors: 8_457, random });
    for (const block of blocks) await intake.add(block);
    await intake.addTags(concat(...file.tags), file.session);
    expect(await intake.finish(owner)).toBe(true);
    expect(await isProved(owner, file)).toBe(true);
    const [first = draw(0), ...rest] = blocks;
    const damaged = { ...file, blocks: [flipped(first, 2_097_151), ...rest] };
    expect(await isProved(owner, damaged)).toBe(false);
  });
});
