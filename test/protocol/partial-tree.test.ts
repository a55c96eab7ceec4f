import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { applyEdits, type BlockEdit, type EditedTree } from '@holdfast/protocol/block-edit.js';
import { concat, equalBytes, hex } from '@holdfast/protocol/bytes.js';
import { fileRoot } from '@holdfast/protocol/file-root.js';
import {
  amendTree,
  BYTES_PER_EDIT,
  parsePartialTree,
  provePartialTree,
  type TreeState,
} from '@holdfast/protocol/partial-tree.js';
import { newBranch, newLeaf, topOf, type RankTree } from '@holdfast/protocol/rank-tree.js';
import { drawEdits, drawFrom, leafOf, leavesFrom, newTree } from '../support/edit-history.ts';
import { RUNS, seededRandom } from '../support/property.ts';
import { codeOf, refusalOf } from '../support/refusal.ts';
import { flipped } from '../support/tamper.ts';

const salt = new Uint8Array(32).fill(3);
const update = (position: number): BlockEdit => ({ kind: 'update', position, block: leafOf(999) });

/** What the ledger holds of a tree that its owner holds whole. */
function stateOf({ tree, nextUid }: EditedTree): TreeState {
  const blockCount = tree?.count ?? 0;
  return { root: fileRoot(salt, blockCount, topOf(tree)), blockCount, nextUid };
}

describe('the ledger', () => {
  it('computes from a partial tree the state that the owner computes from the whole', () => {
    fc.assert(
      fc.property(fc.nat({ max: 300 }), fc.nat(), (count, seed) => {
        const draw = drawFrom(seededRandom(seed));
        let now: EditedTree = newTree(count);
        for (let round = 0; round < 8; round++) {
          const edits = drawEdits(draw, 1 + draw(6), {
            count: now.tree?.count ?? 0,
            nextUid: now.nextUid,
          });
          const proof = provePartialTree(now, edits);
          const after = applyEdits(now, edits);
          const { logged, ...state } = amendTree(stateOf(now), salt, proof, edits);
          expect(state).toEqual(stateOf(after));
          expect(logged).toEqual(after.logged);
          now = after;
        }
      }),
      RUNS,
    );
  });

  it('needs about half a kilobyte for an edit of one block in 4,096', () => {
    const before = newTree(4_096);
    const edits: BlockEdit[][] = [
      [update(1_000)],
      [{ kind: 'insert', position: 2_000, block: leafOf(4_096) }],
      [{ kind: 'delete', position: 4_095 }],
    ];
    const sizes = edits.map((one) => provePartialTree(before, one).length);
    expect(Math.max(...sizes)).toBeLessThan(640);
  });

  it('amends a tree whose shape somebody made up before registering it', () => {
    const chain = leavesFrom(40)
      .map(newLeaf)
      .reduce<RankTree | undefined>(
        (tree, leaf) => (tree ? newBranch(tree, leaf) : leaf),
        undefined,
      );
    const before = { tree: chain, nextUid: 40 };
    const edits = drawEdits(drawFrom(seededRandom()), 60, { count: 40 });
    const { logged, ...state } = amendTree(
      stateOf(before),
      salt,
      provePartialTree(before, edits),
      edits,
    );
    expect(state).toEqual(stateOf(applyEdits(before, edits)));
    expect(logged).toHaveLength(60);
  });

  it('takes a file to no blocks and back', () => {
    const before = newTree(1);
    const gone: BlockEdit[] = [{ kind: 'delete', position: 0 }];
    const empty = amendTree(stateOf(before), salt, provePartialTree(before, gone), gone);
    expect(hex(empty.root)).toBe(hex(fileRoot(salt, 0, new Uint8Array(32))));
    const first: BlockEdit[] = [{ kind: 'insert', position: 0, block: leafOf(1) }];
    const filled = amendTree(empty, salt, new Uint8Array(), first);
    expect(filled.blockCount).toBe(1);
    expect(hex(filled.root)).toBe(hex(fileRoot(salt, 1, newLeaf(leafOf(1)).hash)));
  });
});

describe('a partial tree', () => {
  const before = newTree(37);
  const edits = [update(20), { kind: 'delete', position: 3 } as const];
  const proof = provePartialTree(before, edits);

  it('is refused with any bit changed', () => {
    const accepted = [];
    for (let bit = 0; bit < 8 * proof.length; bit++) {
      const { code } = refusalOf(() =>
        amendTree(stateOf(before), salt, flipped(proof, bit), edits),
      );
      if (code !== 'PROOF_INVALID' && code !== 'INPUT_INVALID') accepted.push(bit);
    }
    expect(accepted).toEqual([]);
  });

  it('is refused cut off anywhere, or going on', () => {
    const codes = new Set<string>();
    for (let length = 1; length < proof.length; length++) {
      codes.add(codeOf(() => parsePartialTree(proof.slice(0, length))));
    }
    codes.add(codeOf(() => parsePartialTree(concat(proof, Uint8Array.of(2)))));
    expect([...codes]).toEqual(['INPUT_INVALID']);
  });

  it('of another salt, root or count is not of this version', () => {
    const state = stateOf(before);
    const others: [TreeState, Uint8Array][] = [
      [state, flipped(salt)],
      [{ ...state, root: flipped(state.root) }, salt],
      [{ ...state, blockCount: 38 }, salt],
      [stateOf(applyEdits(before, edits)), salt],
    ];
    expect(others.map(([other, s]) => codeOf(() => amendTree(other, s, proof, edits)))).toEqual(
      others.map(() => 'PROOF_INVALID'),
    );
    const none = new Uint8Array();
    expect(codeOf(() => amendTree(state, salt, none, edits))).toBe('PROOF_INVALID');
  });

  it('serves no edit but its own', () => {
    const elsewhere = [update(36)];
    expect(refusalOf(() => amendTree(stateOf(before), salt, proof, elsewhere)).message).toBe(
      'INPUT_INVALID: the partial tree is closed where the edit leads',
    );
  });

  it('is refused beyond 8 KiB for each edit', () => {
    const large = new Uint8Array(BYTES_PER_EDIT + 1);
    const { detail } = refusalOf(() => amendTree(stateOf(before), salt, large, [update(0)]));
    expect(detail).toContain('8192 bytes for each edit');
    expect(codeOf(() => amendTree(stateOf(before), salt, new Uint8Array(), []))).toBe(
      'PROOF_INVALID',
    );
  });

  it('is refused deeper than 64, and taken at 64', () => {
    const closed = concat(Uint8Array.of(2, 0, 0, 0, 1), new Uint8Array(32));
    const chain = (depth: number) =>
      concat(...Array.from({ length: depth }, () => concat(Uint8Array.of(1), closed)), closed);
    expect(parsePartialTree(chain(64))?.count).toBe(65);
    expect(codeOf(() => parsePartialTree(chain(65)))).toBe('INPUT_INVALID');
  });

  it.each([
    ['of no known kind', Uint8Array.of(3)],
    ['closed over no blocks', concat(Uint8Array.of(2, 0, 0, 0, 0), new Uint8Array(32))],
    ['with an id beyond 2^53', concat(Uint8Array.of(0, 255), new Uint8Array(43))],
    [
      'of more than 2^32 blocks',
      concat(
        Uint8Array.of(1, 2, 255, 255, 255, 255),
        new Uint8Array(32),
        Uint8Array.of(2, 0, 0, 0, 1),
        new Uint8Array(32),
      ),
    ],
  ])('%s is refused', (_, bytes) => {
    expect(codeOf(() => parsePartialTree(bytes))).toBe('INPUT_INVALID');
  });

  it('cannot pass off two blocks as one to have both deleted, for counts stand in the hash', () => {
    const [a, b, c] = [0, 1, 2].map((uid) => newLeaf(leafOf(uid)));
    if (!a || !b || !c) throw new Error('three leaves');
    const pair = newBranch(a, b);
    const honest = newBranch(pair, c);
    const lying = newBranch({ kind: 'closed', count: 1, hash: pair.hash }, c);
    expect(equalBytes(lying.hash, honest.hash)).toBe(false);

    const withoutCounts = (left: RankTree, right: RankTree) =>
      createHash('sha256').update(left.hash).update(right.hash).digest('hex');
    expect(withoutCounts(lying.left, lying.right)).toBe(withoutCounts(honest.left, honest.right));
  });
});
