/** The dynamic tree over a file's blocks (paper 003): update, insert, delete with the new root. */
import { randomBytes } from 'node:crypto';
import { buildTree, deleteAt, insertAt, topOf, updateAt } from '@holdfast/protocol/rank-tree.js';
import { median, row } from './measure.mjs';

const COUNTS = [1e3, 1e5, 1e6];
const NAMES = ['update', 'insert', 'delete'];
const OPERATIONS = 2_000;

export function measureTree() {
  const [small, middle, large] = COUNTS.map(operations);
  const growth = Math.max(...NAMES.map((_, i) => large[i] / small[i]));
  return [
    ...NAMES.map((name, i) => row(`${name} among 10^5 blocks`, middle[i], 'ms', { most: 0.1 })),
    row('growth from 10^3 to 10^6 blocks', growth, 'x', {
      most: 2.5,
      beside: 'twice the depth: 2',
    }),
  ];
}

/** Milliseconds of each operation: the median, which no collector and no neighbour changes. */
function operations(count) {
  const digest = randomBytes(32);
  const leaf = (uid) => ({ uid, length: 262_144, digest });
  let tree = buildTree(Array.from({ length: count }, (_, uid) => leaf(uid)));
  const place = () => Math.floor(Math.random() * (count - 1));
  const each = [
    (i) => updateAt(tree, place(), leaf(count + i)),
    (i) => insertAt(tree, place(), leaf(count + i)),
    () => deleteAt(tree, place()),
  ];
  return each.map((operation) => {
    for (let i = 0; i < OPERATIONS / 4; i++) tree = operation(i);
    const taken = [];
    for (let i = 0; i < OPERATIONS; i++) {
      const began = performance.now();
      tree = operation(i);
      topOf(tree);
      taken.push(performance.now() - began);
    }
    return median(taken);
  });
}
