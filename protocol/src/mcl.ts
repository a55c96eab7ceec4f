/**
 * mcl's functions over pointers, which its own types leave out: they spare the copies of its public interface, and
 * alone take the domain separation tag with each hash.
 *
 * @module
 */
import mcl from 'mcl-wasm';

/** The functions used here; a pointer is an offset into mcl's memory. */
export interface Mcl {
  readonly wasmMemory: { readonly buffer: ArrayBuffer };
  _malloc(size: number): number;
  _free(at: number): void;
  _mclBn_setETHserialization(on: number): void;
  _mclBn_verifyOrderG1(on: number): void;
  _mclBn_verifyOrderG2(on: number): void;
  _mclBnFr_setLittleEndian(z: number, bytes: number, size: number): number;
  _mclBnG1_clear(z: number): void;
  _mclBnG1_add(z: number, x: number, y: number): void;
  _mclBnG1_sub(z: number, x: number, y: number): void;
  _mclBnG1_dbl(z: number, x: number): void;
  _mclBnG1_neg(z: number, x: number): void;
  _mclBnG1_mulCT(z: number, x: number, scalar: number): void;
  _mclBnG1_normalize(z: number, x: number): void;
  _mclBnG1_normalizeVec(z: number, x: number, count: number): void;
  _mclBnG1_isZero(x: number): number;
  _mclBnG1_isEqual(x: number, y: number): number;
  _mclBnG1_isValidOrder(x: number): number;
  _mclBnG1_serialize(bytes: number, size: number, x: number): number;
  _mclBnG1_deserialize(z: number, bytes: number, size: number): number;
  _mclBnG1_hashAndMapToWithDst(
    z: number,
    message: number,
    messageSize: number,
    dst: number,
    dstSize: number,
  ): number;
  _mclBnG2_mulCT(z: number, x: number, scalar: number): void;
  _mclBnG2_normalize(z: number, x: number): void;
  _mclBnG2_isZero(x: number): number;
  _mclBnG2_isEqual(x: number, y: number): number;
  _mclBnG2_isValidOrder(x: number): number;
  _mclBnG2_serialize(bytes: number, size: number, x: number): number;
  _mclBnG2_deserialize(z: number, bytes: number, size: number): number;
  _mclBn_millerLoopVec(z: number, x: number, y: number, count: number): void;
  _mclBn_finalExp(z: number, x: number): void;
  _mclBnGT_isOne(x: number): number;
}

/** Bytes that a point of G1, of G2, of the target group, and a scalar take in mcl's memory. */
export const SIZE = { g1: 144, g2: 288, gt: 576, scalar: 32 } as const;

let starting: Promise<void> | undefined;
let started: Mcl | undefined;

/** Starts mcl; calls after the first are free. */
export function startMcl(): Promise<void> {
  starting ??= start();
  return starting;
}

async function start(): Promise<void> {
  await mcl.init(mcl.BLS12_381);
  const { mod } = mcl as unknown as { readonly mod: Mcl };
  mod._mclBn_setETHserialization(1);
  // Orders are checked where points are decoded, explicitly and once.
  mod._mclBn_verifyOrderG1(0);
  mod._mclBn_verifyOrderG2(0);
  started = mod;
}

export function startedMcl(): Mcl {
  if (started === undefined) throw new Error('bug: ready() of curve.ts was not awaited');
  return started;
}

/** mcl's memory as it is now: a view is void after any call that may allocate. */
export const memory = (mod: Mcl): Uint8Array => new Uint8Array(mod.wasmMemory.buffer);

/** `size` bytes of mcl's memory. */
export function allocate(mod: Mcl, size: number): number {
  const at = mod._malloc(size);
  if (at === 0) throw new Error('bug: mcl is out of memory');
  return at;
}

/** Runs `use` on `size` bytes of mcl's memory and clears and frees them: they may have held a secret. */
export function withMemory<T>(mod: Mcl, size: number, use: (at: number) => T): T {
  const at = allocate(mod, size);
  try {
    return use(at);
  } finally {
    memory(mod).fill(0, at, at + size);
    mod._free(at);
  }
}

/** Writes a scalar below 2^256 in little-endian order, as mcl reads it. */
export function writeScalar(mod: Mcl, at: number, scalar: bigint): void {
  const view = new DataView(mod.wasmMemory.buffer);
  for (let i = 0; i < 4; i++) {
    view.setBigUint64(at + 8 * i, (scalar >> BigInt(64 * i)) & 0xffff_ffff_ffff_ffffn, true);
  }
  if (mod._mclBnFr_setLittleEndian(at, at, SIZE.scalar) !== 0) {
    throw new Error('bug: scalar above the order');
  }
}
