/**
 * Emits the WebAssembly module of the two field kernels: no compiler to install, no binary to trust.
 *
 * A sector of 31 bytes, big-endian, is cut into nine limbs of 28 bits. Products of limbs gather in 64-bit columns: at
 * most nine of 2^56 a step, so sixteen steps fit before a carry.
 *
 * ```text
 * dot(sectors, count, factors, sum)               sum     = sum over j of factor_j * sector_j
 * axpy(sectors, count, weight, columns, carry)    column_j += weight * sector_j, carried where carry is not 0
 * ```
 *
 * Arguments are addresses but for count (from 1) and carry. Factors are ten words of 28 bits in 32 each, a weight five;
 * sums and columns are 64-bit words of weight 2^(28 i).
 *
 * @module
 */
import { utf8 } from './bytes.ts';

export const LIMB_BITS = 28;
/** Bytes of a sector. */
export const SECTOR = 31;
const SECTOR_LIMBS = 9;
/** 255 bits. */
export const FACTOR_LIMBS = 10;
/** 128 bits. */
export const WEIGHT_LIMBS = 5;
export const DOT_COLUMNS = FACTOR_LIMBS + SECTOR_LIMBS - 1;
export const AXPY_COLUMNS = WEIGHT_LIMBS + SECTOR_LIMBS - 1;
/** Steps between two carries. */
export const CARRY_INTERVAL = 16;

type Code = readonly number[];

/** Magic number and version 1. */
const HEADER: Code = [...utf8('\0asm'), 1, 0, 0, 0];
const I32 = 0x7f;
const I64 = 0x7e;
const V128 = 0x7b;
const LOOP = 0x03;
const IF = 0x04;
const END = 0x0b;
const BRANCH_IF = 0x0d;
const NO_RESULT = 0x40;
const I32_EQ = 0x46;
const I32_ADD = 0x6a;
const I32_SUB = 0x6b;
const I64_ADD = 0x7c;
const I64_MUL = 0x7e;
const I64_AND = 0x83;
const I64_OR = 0x84;
const I64_SHL = 0x86;
const I64_SHR_U = 0x88;
const LIMB_MASK = (1n << BigInt(LIMB_BITS)) - 1n;

const get = (local: number): Code => [0x20, ...unsigned(local)];
const set = (local: number): Code => [0x21, ...unsigned(local)];
const tee = (local: number): Code => [0x22, ...unsigned(local)];
const i32 = (value: number): Code => [0x41, ...signed(BigInt(value))];
const i64 = (value: bigint): Code => [0x42, ...signed(value)];
const load64 = (base: number, offset: number): Code => [...get(base), 0x29, 3, ...unsigned(offset)];
const load32 = (base: number, offset: number): Code => [...get(base), 0x35, 2, ...unsigned(offset)];
const store64 = (base: number, offset: number, value: Code): Code => [
  ...get(base),
  ...value,
  0x37,
  3,
  ...unsigned(offset),
];
const add = (a: Code, b: Code): Code => [...a, ...b, I64_ADD];
const multiply = (a: Code, b: Code): Code => [...a, ...b, I64_MUL];
const shiftRight = (a: Code, bits: number): Code => [...a, ...i64(BigInt(bits)), I64_SHR_U];
const shiftLeft = (a: Code, bits: number): Code => [...a, ...i64(BigInt(bits)), I64_SHL];
const low = (a: Code): Code => [...a, ...i64(LIMB_MASK), I64_AND];
const or = (a: Code, b: Code): Code => [...a, ...b, I64_OR];

/** The bytes of the module; it exports `memory`, `dot` and `axpy`. */
export function kernelCode(pages: number): Uint8Array {
  const types = [functionType(4), functionType(5)];
  return Uint8Array.from([
    ...HEADER,
    ...section(1, vector(types)),
    ...section(3, vector([[0], [1]])),
    ...section(5, vector([[0, ...unsigned(pages)]])),
    ...section(
      7,
      vector([exported('memory', 2, 0), exported('dot', 0, 0), exported('axpy', 0, 1)]),
    ),
    ...section(10, vector([sized(dot()), sized(axpy())])),
  ]);
}

function dot(): Code {
  const [sectors, count, factors, sum, steps] = [0, 1, 2, 3, 4];
  const limb = 5;
  const word = limb + SECTOR_LIMBS;
  const factor = word + 4;
  const column = factor + 1;
  const vectorRegister = column + DOT_COLUMNS;
  const columns = range(DOT_COLUMNS);
  const carry = columns
    .slice(1)
    .flatMap((c) => [
      ...add(get(column + c), shiftRight(get(column + c - 1), LIMB_BITS)),
      ...set(column + c),
      ...low(get(column + c - 1)),
      ...set(column + c - 1),
    ]);
  const step = range(FACTOR_LIMBS).flatMap((i) => [
    ...load32(factors, 4 * i),
    ...set(factor),
    ...range(SECTOR_LIMBS).flatMap((k) => [
      ...add(get(column + i + k), multiply(get(factor), get(limb + k))),
      ...set(column + i + k),
    ]),
  ]);
  return [
    ...locals([1, I32], [SECTOR_LIMBS + 4 + 1 + DOT_COLUMNS, I64], [1, V128]),
    ...repeat(count, [
      ...readSector(sectors, { limb, word, vectorRegister }),
      ...step,
      ...advance(sectors, SECTOR),
      ...advance(factors, 4 * FACTOR_LIMBS),
      ...get(steps),
      ...i32(1),
      I32_ADD,
      ...tee(steps),
      ...i32(CARRY_INTERVAL),
      I32_EQ,
      IF,
      NO_RESULT,
      ...i32(0),
      ...set(steps),
      ...carry,
      END,
    ]),
    ...carry,
    ...columns.flatMap((c) => store64(sum, 8 * c, get(column + c))),
    END,
  ];
}

function axpy(): Code {
  const [sectors, count, weight, column, carry] = [0, 1, 2, 3, 4];
  const factor = 5;
  const limb = factor + WEIGHT_LIMBS;
  const word = limb + SECTOR_LIMBS;
  const vectorRegister = word + 4;
  const gather = range(AXPY_COLUMNS).flatMap((c) =>
    store64(
      column,
      8 * c,
      range(WEIGHT_LIMBS)
        .filter((i) => c - i >= 0 && c - i < SECTOR_LIMBS)
        .map((i) => multiply(get(factor + i), get(limb + c - i)))
        .reduce(add, load64(column, 8 * c)),
    ),
  );
  const carried = range(AXPY_COLUMNS - 1).flatMap((c) => [
    ...store64(
      column,
      8 * (c + 1),
      add(load64(column, 8 * (c + 1)), shiftRight(load64(column, 8 * c), LIMB_BITS)),
    ),
    ...store64(column, 8 * c, low(load64(column, 8 * c))),
  ]);
  return [
    ...locals([WEIGHT_LIMBS + SECTOR_LIMBS + 4, I64], [1, V128]),
    ...range(WEIGHT_LIMBS).flatMap((i) => [...load32(weight, 4 * i), ...set(factor + i)]),
    ...repeat(count, [
      ...readSector(sectors, { limb, word, vectorRegister }),
      ...gather,
      ...get(carry),
      IF,
      NO_RESULT,
      ...carried,
      END,
      ...advance(sectors, SECTOR),
      ...advance(column, 8 * AXPY_COLUMNS),
    ]),
    END,
  ];
}

/**
 * The limbs of the sector at `base`: two vectors, of bytes 0 to 15 and 15 to 30, turned to little-endian order, give the
 * four words of bits 120, 184, 0 and 64 upwards.
 */
function readSector(
  base: number,
  { limb, word, vectorRegister }: { limb: number; word: number; vectorRegister: number },
): Code {
  const half = (offset: number, words: number): Code => [
    ...get(base),
    0xfd,
    0x00,
    0,
    ...unsigned(offset),
    ...tee(vectorRegister),
    ...get(vectorRegister),
    0xfd,
    0x0d,
    ...range(16).reverse(),
    ...tee(vectorRegister),
    0xfd,
    0x1d,
    0,
    ...set(words),
    ...get(vectorRegister),
    0xfd,
    0x1d,
    1,
    ...set(words + 1),
  ];
  const [bit0, bit64, bit120, bit184] = range(4).map((i) => get(word + i)) as [
    Code,
    Code,
    Code,
    Code,
  ];
  const limbs = [
    low(bit0),
    low(shiftRight(bit0, 28)),
    low(or(shiftRight(bit0, 56), shiftLeft(bit64, 8))),
    low(shiftRight(bit64, 20)),
    low(or(low8(shiftRight(bit64, 48)), shiftLeft(bit120, 8))),
    low(shiftRight(bit120, 20)),
    low(or(shiftRight(bit120, 48), shiftLeft(bit184, 16))),
    low(shiftRight(bit184, 12)),
    shiftRight(bit184, 40),
  ];
  return [
    ...half(15, word),
    ...half(0, word + 2),
    ...limbs.flatMap((code, k) => [...code, ...set(limb + k)]),
  ];
}

const low8 = (a: Code): Code => [...a, ...i64(0xffn), I64_AND];

const advance = (pointer: number, bytes: number): Code => [
  ...get(pointer),
  ...i32(bytes),
  I32_ADD,
  ...set(pointer),
];

/** Runs `body` until `count`, from 1, is down to 0. */
const repeat = (count: number, body: Code): Code => [
  LOOP,
  NO_RESULT,
  ...body,
  ...get(count),
  ...i32(1),
  I32_SUB,
  ...tee(count),
  BRANCH_IF,
  0,
  END,
];

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const vector = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const sized = (code: Code): Code => [...unsigned(code.length), ...code];
const section = (id: number, code: Code): Code => [id, ...sized(code)];
const functionType = (parameters: number): Code => [
  0x60,
  ...vector(range(parameters).map(() => [I32])),
  0,
];
const exported = (name: string, kind: number, index: number): Code => [
  ...sized([...utf8(name)]),
  kind,
  index,
];
const locals = (...groups: readonly (readonly [count: number, type: number])[]): Code =>
  vector(groups.map(([count, type]) => [...unsigned(count), type]));

/** LEB128. */
function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: bigint): Code {
  const septet = Number(value & 0x7fn);
  const rest = value >> 7n;
  const isLast = (rest === 0n && septet < 0x40) || (rest === -1n && septet >= 0x40);
  return isLast ? [septet] : [septet | 0x80, ...signed(rest)];
}
