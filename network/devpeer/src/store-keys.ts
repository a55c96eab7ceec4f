/**
 * Layout of a channel in LevelDB: one letter, then the parts of the key.
 *
 * ```
 * m tip                                      next block number (8), hash of the last header
 * m format                                   JSON: version of this layout, channel, organisations' roots
 * b {number:8}                               block
 * h {header hash:32}                         number of the block
 * t {transaction id}                         block (8), index (4), validation code (1) of its first appearance
 * s {namespace} 00 {key}                     block (8), index (4) of the last write, value
 * H {namespace} 00 {length:4} {key} 00 {block:8} {index:4}   empty: the key was written there
 * ```
 * Numbers are big-endian, so that LevelDB's order is theirs; keys are UTF-8, whose byte order is Fabric's.
 *
 * @module
 */

/** Where a transaction stands, which is also the version of what it wrote. */
export interface Version {
  readonly block: number;
  readonly index: number;
}

export interface StateValue {
  readonly version: Version;
  readonly value: Uint8Array;
}

export interface TransactionPlace extends Version {
  readonly code: number;
}

export const VERSION_LENGTH = 12;

export const isSameVersion = (a: Version | undefined, b: Version | undefined): boolean =>
  a === undefined || b === undefined ? a === b : a.block === b.block && a.index === b.index;

/** Order of keys on a peer: UTF-8 bytes, not JavaScript's UTF-16. */
export const compareKeys = (a: string, b: string): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b));

const text = (letter: string, rest = ''): Buffer => Buffer.from(letter + rest);
const join = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);

export function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export const TIP = text('m', 'tip');
export const FORMAT = text('m', 'format');
export const blockKey = (number: number): Buffer => join(text('b'), u64(number));
export const hashKey = (hash: Uint8Array): Buffer => join(text('h'), hash);
export const transactionKey = (transactionId: string): Buffer => text('t', transactionId);
export const stateKey = (namespace: string, key: string): Buffer =>
  text('s', `${namespace}\0${key}`);

/** Bounds of a range of state keys, end exclusive; an empty end is the end of the namespace. */
export const stateRange = (namespace: string, start: string, end: string) => ({
  gte: stateKey(namespace, start),
  lt: end === '' ? text('s', `${namespace}\u0001`) : stateKey(namespace, end),
});

export const keyInState = (namespace: string, key: Buffer): string =>
  key.subarray(stateKey(namespace, '').length).toString();

/** The length keeps the history of `a` apart from that of a key that begins with `a` and a zero byte. */
export function historyPrefix(namespace: string, key: string): Buffer {
  const bytes = Buffer.from(key);
  return join(text('H', `${namespace}\0`), u32(bytes.length), bytes, Buffer.of(0));
}

export const historyKey = (namespace: string, key: string, version: Version): Buffer =>
  join(historyPrefix(namespace, key), encodeVersion(version));

const encodeVersion = (version: Version): Buffer => join(u64(version.block), u32(version.index));

export const decodeVersion = (bytes: Buffer): Version => ({
  block: Number(bytes.readBigUInt64BE(0)),
  index: bytes.readUInt32BE(8),
});

export const encodeState = (state: StateValue): Buffer =>
  join(encodeVersion(state.version), state.value);

export const decodeState = (bytes: Buffer): StateValue => ({
  version: decodeVersion(bytes),
  value: bytes.subarray(VERSION_LENGTH),
});

export const encodePlace = (place: TransactionPlace): Buffer =>
  join(encodeVersion(place), Buffer.of(place.code));

export const decodePlace = (bytes: Buffer): TransactionPlace => ({
  ...decodeVersion(bytes),
  code: bytes.readUInt8(VERSION_LENGTH),
});
