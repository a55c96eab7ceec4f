import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { challengeOf, rhoOf, type Challenge } from '@holdfast/protocol/audit.js';
import { concat, hex, integer } from '@holdfast/protocol/bytes.js';
import { add1, decodeG1, encodeG1, negate1, ready } from '@holdfast/protocol/curve.js';
import { ORDER } from '@holdfast/protocol/scalar.js';
import { verifyAnswer, verifyEquation5, type AnsweredGroup } from '@holdfast/protocol/proof.js';
import { combine, prove } from '@holdfast/protocol/prover.js';
import { sectorsOf } from '@holdfast/protocol/tag.js';
import { attempt } from '../support/attempt.ts';
import { cofactorPoint } from '../support/cofactor-point.ts';
import { RUNS, seededRandom } from '../support/property.ts';
import { codeOf } from '../support/refusal.ts';
import { flipped } from '../support/tamper.ts';
import {
  CHANNEL,
  newTagger,
  stored,
  tagFile,
  type TaggedFile,
  type Tagger,
} from '../support/tagged-files.ts';

const BLOCK = 100;
const random = seededRandom();
const audit = { channel: CHANNEL, epoch: 12, beacon: hex(random(32)), providerId: 'Birch' };
const manyBlocks = (count: number) => Array.from({ length: count }, () => random(BLOCK));
let owners: { readonly owner: Tagger; readonly files: TaggedFile[] }[];
let answered: AnsweredGroup[];

beforeAll(async () => {
  await ready();
  owners = Array.from({ length: 3 }, () => {
    const owner = newTagger(random, BLOCK);
    const files = [12, 5].map((count) =>
      tagFile(random, owner, [...manyBlocks(count - 1), random(40)]),
    );
    return { owner, files };
  });
  answered = await Promise.all(owners.map(({ owner, files }) => answerOf(owner, files)));
});

const challengeOfFile = ({ file }: TaggedFile, blocks = 4, epoch = audit.epoch): Challenge =>
  challengeOf({
    ...audit,
    epoch,
    file,
    due: null,
    ask: { fromEpoch: 1, node: null, blocks },
  });

/** What an honest provider answers for files of one owner. */
async function answerOf(
  { table, tagKey }: Tagger,
  files: readonly TaggedFile[],
  kept: readonly Pick<TaggedFile, 'blocks' | 'tags'>[] = files,
): Promise<AnsweredGroup> {
  const challenges = files.map((file) => challengeOfFile(file));
  const rho = rhoOf({ ...audit, tagKeyId: tagKey.tagKeyId });
  const proof = await prove({
    table,
    rho,
    files: kept.map((file, i) => stored(file, challenges[i] ?? missing())),
  });
  return {
    tagKey,
    files: files.map(({ file }, i) => ({ file, challenge: challenges[i] ?? missing() })),
    proof,
  };
}

function missing(): never {
  throw new Error('a challenge for each file');
}

const holds = (groups: readonly AnsweredGroup[], changes: Partial<typeof audit> = {}) =>
  verifyAnswer({ ...audit, ...changes, groups });
const first = (): AnsweredGroup => answered[0] ?? missing();
const firstOwner = () => owners[0] ?? missing();
const withProof = (proof: Uint8Array) => [{ ...first(), proof }];

describe('a succinct proof', () => {
  it('has 128 bytes for all files of one owner and holds', () => {
    for (const group of answered) {
      expect(group.proof).toHaveLength(128);
      expect(holds([group])).toBe(true);
    }
  });
  it('holds beside those of other owners', () => {
    expect(holds(answered)).toBe(true);
    expect(holds([])).toBe(true);
  });
  it('does not hold in another epoch, under another beacon, on another channel, of another provider', () => {
    const changes = [
      { epoch: 13 },
      { beacon: hex(random(32)) },
      { channel: 'other' },
      { providerId: 'Alder' },
    ];
    for (const change of changes) expect(holds([first()], change)).toBe(false);
  });
  it('does not hold for the key of another owner', () => {
    const { tagKey } = answered[1] ?? missing();
    expect(holds([{ ...first(), tagKey }])).toBe(false);
  });
  it('does not hold for other blocks, other weights or another session', () => {
    const { files } = first();
    const [{ file, challenge }, rest] = [files[0] ?? missing(), files.slice(1)];
    const changed = (change: Partial<Challenge>) =>
      holds([{ ...first(), files: [{ file, challenge: { ...challenge, ...change } }, ...rest] }]);
    expect(changed({})).toBe(true);
    const other = challenge.uids.map((uid) => (uid + 1) % 12);
    expect(changed({ uids: other })).toBe(false);
    const more = challenge.coefficients.map((v, i) => (i === 0 ? v + 1n : v));
    expect(changed({ coefficients: more })).toBe(false);
    const base = { ...file.base, taggedAt: 1 };
    expect(holds([{ ...first(), files: [{ file: { ...file, base }, challenge }, ...rest] }])).toBe(
      false,
    );
  });
  it('does not hold, or is none, for every one of many flipped bits, alone or beside others', () => {
    for (let bit = 0; bit < 1_024; bit += 37) {
      const tampered = withProof(flipped(first().proof, bit));
      const outcome = attempt(() => holds(tampered));
      expect([false, 'PROOF_INVALID']).toContain(outcome);
    }
    const group = { ...first(), proof: flipped(first().proof, 8 * 60) };
    expect(holds([...answered.slice(1), group])).toBe(false);
  });
  it('does not hold where any byte of a challenged block is damaged', () => {
    const { owner, files } = firstOwner();
    const challenged = challengeOfFile(files[0] ?? missing()).uids;
    return fc.assert(
      fc.asyncProperty(fc.constantFrom(...challenged), fc.nat(), async (uid, bit) => {
        const [file, other] = [files[0] ?? missing(), files[1] ?? missing()];
        const damaged = file.blocks.with(uid, flipped(file.blocks[uid] ?? missing(), bit));
        const kept = [{ blocks: damaged, tags: file.tags }, other];
        expect(holds([await answerOf(owner, files, kept)])).toBe(false);
      }),
      RUNS,
    );
  });
  it('holds where blocks outside the challenge are damaged', async () => {
    const { owner, files } = firstOwner();
    const file = files[0] ?? missing();
    const { uids } = challengeOfFile(file);
    const blocks = file.blocks.map((block, uid) => (uids.includes(uid) ? block : random(BLOCK)));
    const kept = [{ blocks, tags: file.tags }, ...files.slice(1)];
    expect(holds([await answerOf(owner, files, kept)])).toBe(true);
  });
  it('does not hold with two blocks swapped, or with a block and its tag replaced by another', async () => {
    const { owner, files } = firstOwner();
    const file = files[0] ?? missing();
    const [a = 0, b = 0] = challengeOfFile(file).uids;
    const swap = <T>(row: readonly T[]) =>
      row.map((item, i) => (i === a ? row[b] : i === b ? row[a] : item) ?? item);
    const kept = [
      { blocks: swap(file.blocks), tags: file.tags },
      { blocks: swap(file.blocks), tags: swap(file.tags) },
      { blocks: file.blocks, tags: swap(file.tags) },
    ];
    for (const state of kept) {
      expect(holds([await answerOf(owner, files, [state, ...files.slice(1)])])).toBe(false);
    }
  });
});

describe('the encoding of a proof', () => {
  const infinity = integer(0xc0n << 376n, 48);
  const part = (from: number, to?: number) => first().proof.slice(from, to);

  it('has one length', () => {
    for (const proof of [part(1), concat(part(0), Uint8Array.of(0)), new Uint8Array()]) {
      expect(codeOf(() => holds(withProof(proof)))).toBe('PROOF_INVALID');
    }
  });
  it('has no identity as tag', () => {
    expect(codeOf(() => holds(withProof(concat(infinity, part(48)))))).toBe('PROOF_INVALID');
  });
  it('has a value below the order', () => {
    const over = integer(ORDER + 5n, 32);
    const proof = concat(part(0, 48), over, part(80));
    expect(codeOf(() => holds(withProof(proof)))).toBe('PROOF_INVALID');
  });
  it('has points of the subgroup only, spelled one way', () => {
    const shifted = (bytes: Uint8Array) => encodeG1(add1(decodeG1(bytes), cofactorPoint()));
    const proofs = [
      concat(shifted(part(0, 48)), part(48)),
      concat(part(0, 80), shifted(part(80))),
      concat(part(0, 80), flipped(infinity, 383)),
      concat(part(0, 80), new Uint8Array(48)),
    ];
    for (const proof of proofs) {
      expect(codeOf(() => holds(withProof(proof)))).toBe('PROOF_INVALID');
    }
  });
  it('may have the identity as opening, where it does not hold for blocks of several sectors', () => {
    expect(holds(withProof(concat(part(0, 80), infinity)))).toBe(false);
  });
});

describe('blocks of one sector', () => {
  it('are proved with the identity as opening: refusing it would convict the honest provider', async () => {
    const owner = newTagger(random, 20);
    const file = tagFile(random, owner, [random(20), random(7)]);
    const group = await answerOf(owner, [file]);
    const psi = group.proof.slice(80);
    expect(hex(psi)).toBe(`c0${'00'.repeat(47)}`);
    expect(holds([group])).toBe(true);
    expect(holds([...answered, group])).toBe(true);
    // The control: a decoder that knows no identity, as for every other point.
    expect(codeOf(() => decodeG1(psi))).toBe('INPUT_INVALID');
    const damaged = { blocks: [random(20), random(7)], tags: file.tags };
    expect(holds([await answerOf(owner, [file], [damaged])])).toBe(false);
  });
});

describe("the papers' equation (5)", () => {
  const challenged = async () => {
    const { owner, files } = firstOwner();
    const challenges = files.map((file) => challengeOfFile(file, 3));
    const combination = await combine(
      files.map((file, i) => stored(file, challenges[i] ?? missing())),
      sectorsOf(BLOCK),
    );
    const checked = files.map(({ file }, i) => ({ file, challenge: challenges[i] ?? missing() }));
    return { owner, files: checked, combination };
  };

  it('holds for the combination of tags and blocks', async () => {
    const { owner, files, combination } = await challenged();
    expect(combination.combinedBlock).toHaveLength(32 * sectorsOf(BLOCK));
    expect(verifyEquation5({ ...owner, files, ...combination })).toBe(true);
  });
  it('does not hold, or is none, where a bit of the combination is flipped', async () => {
    const { owner, files, combination } = await challenged();
    const { combinedTag, combinedBlock } = combination;
    const tampered = [
      { combinedTag, combinedBlock: flipped(combinedBlock, 255) },
      { combinedTag, combinedBlock: combinedBlock.slice(0, -32) },
      { combinedTag: encodeG1(negate1(decodeG1(combinedTag))), combinedBlock },
    ];
    for (const proof of tampered) {
      expect(verifyEquation5({ ...owner, files, ...proof })).toBe(false);
    }
    const none = [
      { combinedTag, combinedBlock: combinedBlock.slice(1) },
      { combinedTag, combinedBlock: concat(combinedBlock, new Uint8Array(32)) },
      { combinedTag, combinedBlock: concat(integer(ORDER, 32), combinedBlock.slice(32)) },
      { combinedTag: combinedTag.slice(1), combinedBlock },
      { combinedTag: integer(0xc0n << 376n, 48), combinedBlock },
    ];
    for (const proof of none) {
      expect(codeOf(() => verifyEquation5({ ...owner, files, ...proof }))).toBe('PROOF_INVALID');
    }
  });
  it('says the same as the succinct form', () => {
    const count = fc.integer({ min: 1, max: 6 });
    return fc.assert(
      fc.asyncProperty(count, fc.boolean(), fc.nat(), async (blocks, isDamaged, bit) => {
        const owner = newTagger(random, BLOCK);
        const file = tagFile(random, owner, manyBlocks(blocks));
        const challenge = challengeOfFile(file, blocks);
        const damaged = file.blocks.with(0, flipped(file.blocks[0] ?? missing(), bit));
        const kept = isDamaged ? { ...file, blocks: damaged } : file;
        const rho = rhoOf({ ...audit, tagKeyId: owner.tagKey.tagKeyId });
        const files = [stored(kept, challenge)];
        const proof = await prove({ table: owner.table, rho, files });
        const group = { ...owner, files: [{ ...file, challenge }], proof };
        const combination = await combine(files, sectorsOf(BLOCK));
        expect(holds([group])).toBe(!isDamaged);
        expect(verifyEquation5({ ...group, ...combination })).toBe(!isDamaged);
      }),
      { ...RUNS, numRuns: 6 },
    );
  });
});
