/**
 * Sums over the sectors of blocks, the bulk of all work on tags and proofs: two WebAssembly kernels, a hundred times
 * faster than whole numbers of JavaScript.
 *
 * A block is a row of sectors of 31 bytes, each a big-endian integer; the last one is filled with zeros on the right.
 *
 * @module
 */
import { ORDER } from './scalar.ts';
import {
  AXPY_COLUMNS,
  CARRY_INTERVAL,
  DOT_COLUMNS,
  FACTOR_LIMBS,
  kernelCode,
  LIMB_BITS,
  SECTOR,
  WEIGHT_LIMBS,
} from './kernel-code.ts';

/** Sectors of a block of `length` bytes: 8,457 of 256 KiB, 2,115 of 64 KiB. */
export const sectorsOf = (length: number): number => Math.ceil(length / SECTOR);

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  dot(sectors: number, count: number, factors: number, sum: number): void;
  axpy(sectors: number, count: number, weight: number, columns: number, carry: number): void;
}

const PAGE = 65_536;
const modules = new Map<number, WebAssembly.Module>();

/** A kernel with memory of its own, of at least `size` bytes. */
function newKernel(size: number): Kernel {
  const pages = Math.ceil(size / PAGE);
  const module = modules.get(pages) ?? new WebAssembly.Module(kernelCode(pages));
  modules.set(pages, module);
  return new WebAssembly.Instance(module).exports as Kernel;
}

/**
 * (Owner) The sum of factor_j * sector_j modulo r, for any number of blocks.
 *
 * @param factors - one for each sector, from 0 to r - 1.
 */
export function newDotProduct(factors: readonly bigint[]): (block: Uint8Array) => bigint {
  const factorsAt = 0;
  const sumAt = 4 * FACTOR_LIMBS * factors.length;
  const blockAt = sumAt + 8 * DOT_COLUMNS;
  const kernel = newKernel(blockAt + SECTOR * factors.length);
  factors.forEach((factor, j) =>
    writeLimbs(kernel, factorsAt + 4 * FACTOR_LIMBS * j, factor, FACTOR_LIMBS),
  );
  return (block) => {
    const count = writeBlock(kernel, blockAt, block, factors.length);
    if (count === 0) return 0n;
    kernel.dot(blockAt, count, factorsAt, sumAt);
    return readColumns(kernel, sumAt, DOT_COLUMNS) % ORDER;
  };
}

/** A weighted sum of blocks, sector by sector: mu_j = sum of v_i * m_ij of paper 004, equation (2). */
export interface BlockSum {
  /** @param weight - below 2^128. */
  add(block: Uint8Array, weight: bigint): void;
  /** mu_j modulo r, without the zeros at the end. */
  sums(): bigint[];
  /** What has been added so far, to go on elsewhere. @param into - columns to be overwritten. */
  save(into?: Uint8Array): BlockSumState;
  /** Goes on from there, or from nothing. */
  load(state: BlockSumState | undefined): void;
}

/** A sum under way. */
export interface BlockSumState {
  readonly steps: number;
  /** The kernel's columns, little-endian. */
  readonly columns: Uint8Array;
}

/** (Provider) @param sectors - of the longest block. */
export function newBlockSum(sectors: number): BlockSum {
  const columnsAt = 0;
  const weightAt = 8 * AXPY_COLUMNS * sectors;
  const blockAt = weightAt + 4 * WEIGHT_LIMBS;
  const kernel = newKernel(blockAt + SECTOR * sectors);
  const columns = () => new Uint8Array(kernel.memory.buffer, columnsAt, 8 * AXPY_COLUMNS * sectors);
  let steps = 0;
  return {
    save(into) {
      if (into?.length !== columns().length) return { steps, columns: columns().slice() };
      into.set(columns());
      return { steps, columns: into };
    },
    load(state) {
      if (state === undefined) columns().fill(0);
      else columns().set(state.columns);
      steps = state?.steps ?? 0;
    },
    add(block, weight) {
      writeLimbs(kernel, weightAt, weight, WEIGHT_LIMBS);
      const used = writeBlock(kernel, blockAt, block, sectors);
      steps++;
      // A carry must reach every column, also those past the end of a short block.
      const carries = steps % CARRY_INTERVAL === 0;
      const count = carries ? sectors : used;
      if (count > 0) kernel.axpy(blockAt, count, weightAt, columnsAt, carries ? 1 : 0);
    },
    sums() {
      const sums: bigint[] = [];
      let used = 0;
      for (let j = 0; j < sectors; j++) {
        const at = columnsAt + 8 * AXPY_COLUMNS * j;
        const sum = readColumns(kernel, at, AXPY_COLUMNS) % ORDER;
        sums.push(sum);
        if (sum !== 0n) used = j + 1;
      }
      return sums.slice(0, used);
    },
  };
}

/** Writes the block and the zeros after it; answers how many sectors it fills. */
function writeBlock(kernel: Kernel, at: number, block: Uint8Array, sectors: number): number {
  if (block.length > SECTOR * sectors) throw new Error('bug: a block of too many sectors');
  const bytes = new Uint8Array(kernel.memory.buffer, at, SECTOR * sectors);
  bytes.set(block);
  bytes.fill(0, block.length);
  return sectorsOf(block.length);
}

function writeLimbs(kernel: Kernel, at: number, value: bigint, count: number): void {
  const words = new Uint32Array(kernel.memory.buffer, at, count);
  let rest = value;
  for (let i = 0; i < count; i++) {
    words[i] = Number(rest & 0xfff_ffffn);
    rest >>= BigInt(LIMB_BITS);
  }
}

function readColumns(kernel: Kernel, at: number, count: number): bigint {
  const words = new BigUint64Array(kernel.memory.buffer, at, count);
  return words.reduceRight((value, word) => (value << BigInt(LIMB_BITS)) + word, 0n);
}
