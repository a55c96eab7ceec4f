/** The dynamic tree over a file's blocks (paper 003): update, insert, delete with the new root. */
import { randomBytes } from 'node:crypto';
import { buildTree, deleteAt, insertAt, topOf, updateAt } from '@holdfast/protocol/rank-tree.js';
import { median, row } from './measure.mjs';

const OPERATIONS = 2_000;

export function measureTree() {
  const times = new Map([1e3, 1e5, 1e6].map((count) => [count, operations(count)]));
  const growth = Math.max(...[0, 1, 2].map((i) => times.get(1e6)[i] / times.get(1e3)[i]));
  return [
    ...['update', 'insert', 'delete'].map((name, i) =>
      row(`${name} among 10^5 blocks`, times.get(1e5)[i], 'ms', 0.1, 'at most 0.1'),
    ),
    row('growth from 10^3 to 10^6 blocks', growth, 'x', 2.5, 'at most 2.5'),
  ];
}

/** Milliseconds of an update, an insertion, a deletion: the median, which no collector and no neighbour changes. */
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
