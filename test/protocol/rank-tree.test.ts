import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { applyEdits, type EditedTree } from '@holdfast/protocol/block-edit.js';
import { hex } from '@holdfast/protocol/bytes.js';
import { leafHash, treeHash } from '@holdfast/protocol/file-root.js';
import {
  buildTree,
  leavesOf,
  newBranch,
  newLeaf,
  pathTo,
  topOf,
  verifyPath,
  type RankTree,
} from '@holdfast/protocol/rank-tree.js';
import {
  drawEdits,
  drawFrom,
  leafOf,
  leavesFrom,
  newTree,
  onArray,
} from '../support/edit-history.ts';
import { RUNS, seededRandom } from '../support/property.ts';
import { codeOf } from '../support/refusal.ts';
import { flipped } from '../support/tamper.ts';

const uidsIn = (tree: RankTree | undefined) => [...leavesOf(tree)].map(({ uid }) => uid);

/** Depth of a tree, and whether no side has more than three times the leaves of the other. */
function shapeOf(tree: RankTree | undefined): { depth: number; isBalanced: boolean } {
  if (tree?.kind !== 'branch') return { depth: 0, isBalanced: true };
  const [left, right] = [shapeOf(tree.left), shapeOf(tree.right)];
  const [a, b] = [tree.left.count, tree.right.count];
  return {
    depth: 1 + Math.max(left.depth, right.depth),
    isBalanced: left.isBalanced && right.isBalanced && a <= 3 * b && b <= 3 * a,
  };
}

/** A tree that leans to one side as far as can be: somebody may have registered it. */
function leaning(count: number, side: 'left' | 'right'): RankTree {
  const leaves = leavesFrom(count).map(newLeaf);
  const [first, ...rest] = side === 'left' ? leaves : leaves.toReversed();
  if (first === undefined) throw new Error('no leaf');
  return rest.reduce<RankTree>(
    (tree, leaf) => (side === 'left' ? newBranch(tree, leaf) : newBranch(leaf, tree)),
    first,
  );
}

describe('the tree of a file that was never edited', () => {
  it('has the top that the root of a file is made of', () => {
    for (let count = 0; count <= 40; count++) {
      const hashes = leavesFrom(count).map((leaf) => leafHash(leaf.uid, leaf.length, leaf.digest));
      expect(hex(topOf(buildTree(leavesFrom(count))))).toBe(hex(treeHash(hashes)));
    }
  });

  it('holds its blocks in order', () => {
    expect(uidsIn(buildTree(leavesFrom(1_000)))).toEqual(leavesFrom(1_000).map(({ uid }) => uid));
  });
});

describe('edits of a tree', () => {
  it('do to it what they do to an array, keep it balanced and so its depth logarithmic', () => {
    fc.assert(
      fc.property(fc.nat({ max: 200 }), fc.nat(), (count, seed) => {
        const draw = drawFrom(seededRandom(seed));
        const uids = leavesFrom(count).map(({ uid }) => uid);
        let now: EditedTree = newTree(count);
        for (let round = 0; round < 12; round++) {
          const edits = drawEdits(draw, 1 + draw(20), { count: uids.length, nextUid: now.nextUid });
          const logged = onArray(uids, edits, now.nextUid);
          const after = applyEdits(now, edits);
          expect(after.logged).toEqual(logged);
          expect(uidsIn(after.tree)).toEqual(uids);
          const { depth, isBalanced } = shapeOf(after.tree);
          expect(isBalanced).toBe(true);
          expect(depth).toBeLessThanOrEqual(2.41 * Math.log2(Math.max(uids.length, 1)));
          now = after;
        }
      }),
      RUNS,
    );
  });

  it('at one end again and again keep it balanced', () => {
    for (const at of ['front', 'back'] as const) {
      let now = newTree(0);
      for (let count = 0; count < 300; count++) {
        const position = at === 'front' ? 0 : count;
        now = applyEdits(now, [{ kind: 'insert', position, block: leafOf(count) }]);
      }
      expect(shapeOf(now.tree).isBalanced).toBe(true);
      for (let count = 300; count > 1; count--) {
        now = applyEdits(now, [{ kind: 'delete', position: at === 'front' ? 0 : count - 1 }]);
        expect(shapeOf(now.tree).isBalanced).toBe(true);
      }
    }
  });

  it('leave the tree they start from as it was', () => {
    const before = newTree(50);
    const top = hex(topOf(before.tree));
    applyEdits(before, drawEdits(drawFrom(seededRandom()), 40, { count: 50 }));
    expect(hex(topOf(before.tree))).toBe(top);
  });

  it('may take the last block, and bring a first one', () => {
    const emptied = applyEdits(newTree(1), [{ kind: 'delete', position: 0 }]);
    expect(emptied.tree).toBeUndefined();
    expect(hex(topOf(emptied.tree))).toBe('00'.repeat(32));
    const again = applyEdits(emptied, [{ kind: 'insert', position: 0, block: leafOf(1) }]);
    expect(uidsIn(again.tree)).toEqual([1]);
  });

  it.each(['left', 'right'] as const)('work on a tree that leans to the %s all the way', (side) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.nat(), (count, seed) => {
        const uids = leavesFrom(count).map(({ uid }) => uid);
        const draw = drawFrom(seededRandom(seed));
        const edits = drawEdits(draw, 80, { count });
        onArray(uids, edits, count);
        const after = applyEdits({ tree: leaning(count, side), nextUid: count }, edits);
        expect(uidsIn(after.tree)).toEqual(uids);
      }),
      RUNS,
    );
  });

  it.each([
    ['update', 3],
    ['update', -1],
    ['delete', 3],
    ['delete', 0.5],
    ['insert', 4],
    ['insert', Number.NaN],
  ] as const)('refuse to %s at %d of three blocks', (kind, position) => {
    const edit = kind === 'delete' ? { kind, position } : { kind, position, block: leafOf(9) };
    expect(codeOf(() => applyEdits(newTree(3), [edit]))).toBe('INPUT_INVALID');
  });

  it('refuse to delete from nothing, no edit, more than 256 edits and an id beyond 32 bits', () => {
    const insert = { kind: 'insert', position: 0, block: leafOf(0) } as const;
    const many = Array.from({ length: 257 }, () => insert);
    const last = { ...newTree(1), nextUid: 2 ** 32 - 1 };
    expect(codeOf(() => applyEdits(newTree(0), [{ kind: 'delete', position: 0 }]))).toBe(
      'INPUT_INVALID',
    );
    expect(codeOf(() => applyEdits(newTree(1), []))).toBe('INPUT_INVALID');
    expect(codeOf(() => applyEdits(newTree(1), many))).toBe('INPUT_INVALID');
    expect(codeOf(() => applyEdits(last, [insert, insert]))).toBe('INPUT_INVALID');
    expect(applyEdits(newTree(1), many.slice(1)).tree?.count).toBe(257);
  });
});

describe('a path', () => {
  const { tree } = applyEdits(newTree(60), drawEdits(drawFrom(seededRandom()), 90, { count: 60 }));
  if (tree === undefined) throw new Error('a tree');
  const leaves = [...leavesOf(tree)];
  const claimAt = (position: number) => {
    const leaf = leaves[position];
    if (leaf === undefined) throw new Error(`no leaf ${position}`);
    return { top: tree.hash, count: tree.count, position, leaf };
  };

  it('proves which block stands at a position', () => {
    const proved = leaves.map((_, at) => verifyPath(claimAt(at), pathTo(tree, at)));
    expect(proved).toEqual(leaves.map(() => true));
  });

  it('proves no other position, block, count or top', () => {
    fc.assert(
      fc.property(fc.nat({ max: leaves.length - 1 }), fc.nat(), (at, bit) => {
        const claim = claimAt(at);
        const { leaf } = claim;
        const path = pathTo(tree, at);
        const lies = [
          { ...claim, position: (at + 1) % leaves.length },
          { ...claim, count: tree.count + 1 },
          { ...claim, top: flipped(tree.hash, bit) },
          { ...claim, leaf: { ...leaf, uid: leaf.uid + 1 } },
          { ...claim, leaf: { ...leaf, length: leaf.length - 1 } },
          { ...claim, leaf: { ...leaf, digest: flipped(leaf.digest, bit) } },
        ];
        expect(lies.filter((lie) => verifyPath(lie, path))).toEqual([]);
      }),
      RUNS,
    );
  });

  it('with a sibling, a side or a count changed proves nothing', () => {
    const claim = claimAt(17);
    const path = pathTo(tree, 17);
    const isStill = path.flatMap((step, at) => {
      const { sibling } = step;
      const changes = [
        { ...step, side: step.side === 'left' ? ('right' as const) : ('left' as const) },
        { ...step, sibling: { ...sibling, hash: flipped(sibling.hash, at) } },
        ...[sibling.count + 1, 0, -1, 0.5, Number.NaN, 2 ** 32].map((count) => ({
          ...step,
          sibling: { ...sibling, count },
        })),
      ];
      return changes.filter((change) => verifyPath(claim, path.with(at, change)));
    });
    expect(isStill).toEqual([]);
    expect(verifyPath(claim, path.slice(1))).toBe(false);
  });
});
