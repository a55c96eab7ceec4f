/** The dynamic tree over a file's blocks (paper 003): update, insert, delete with the new root. */
import { randomBytes } from 'node:crypto';
import { buildTree, deleteAt, insertAt, topOf, updateAt } from '@holdfast/protocol/rank-tree.js';
import { median, rounded, row } from './measure.mjs';

const COUNTS = [1e3, 1e5, 1e6];
const NAMES = ['update', 'insert', 'delete'];
const OPERATIONS = 2_000;

export function measureTree() {
  const [small, middle, large] = COUNTS.map(operations);
  const growth = Math.max(...NAMES.map((_, i) => large.each[i] / small.each[i]));
  const beside = `to build it anew: ${rounded(middle.built)} ms`;
  return [
    ...NAMES.map((name, i) =>
      row(`${name} among 10^5 blocks`, middle.each[i], 'ms', { most: 0.1, beside }),
    ),
    row('growth from 10^3 to 10^6 blocks', growth, 'x', {
      most: 2.5,
      beside: 'twice the depth: 2',
    }),
  ];
}

/** Milliseconds to build a tree and of each operation on it: the median, which no collector and no neighbour changes. */
function operations(count) {
  const digest = randomBytes(32);
  const leaf = (uid) => ({ uid, length: 262_144, digest });
  const leaves = Array.from({ length: count }, (_, uid) => leaf(uid));
  const start = performance.now();
  let tree = buildTree(leaves);
  topOf(tree);
  const built = performance.now() - start;
  const place = () => Math.floor(Math.random() * (count - 1));
  const works = [
    (i) => updateAt(tree, place(), leaf(count + i)),
    (i) => insertAt(tree, place(), leaf(count + i)),
    () => deleteAt(tree, place()),
  ];
  const each = works.map((operation) => {
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
  return { built, each };
}
