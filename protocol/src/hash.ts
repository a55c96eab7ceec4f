/**
 * Hashing with mandatory separation: no bare SHA-256 or HKDF outside this file and the trees.
 *
 * @module
 */
import { platform } from '#platform';
import { concat, lengthPrefixed, utf8 } from './bytes.ts';
import { label, type Label } from './labels.ts';

const EMPTY = new Uint8Array();

/** `T(label, fields...) = SHA-256(LP(label) || fields)`; the caller frames fields whose length varies. */
export function transcript(name: Label, ...fields: readonly Uint8Array[]): Uint8Array {
  return platform.sha256(lengthPrefixed(label(name)), ...fields);
}

/** `HKDF(key, label || context)` (RFC 5869) with SHA-256; an absent salt is empty. */
export function deriveKey(
  key: Uint8Array,
  name: Label,
  options: { context?: Uint8Array; salt?: Uint8Array; length?: number } = {},
): Uint8Array {
  const info = concat(utf8(label(name)), options.context ?? EMPTY);
  return platform.hkdf(key, options.salt ?? EMPTY, info, options.length ?? 32);
}

/** `take(k)` answers the next k bytes of `SHA-256(seed || u32 0) || SHA-256(seed || u32 1) || ...`. */
export function byteStream(seed: Uint8Array): (length: number) => Uint8Array {
  let counter = 0;
  let held = EMPTY as Uint8Array;
  return (length) => {
    while (held.length < length) {
      const word = new Uint8Array(4);
      new DataView(word.buffer).setUint32(0, counter++);
      held = concat(held, platform.sha256(seed, word));
    }
    const taken = held.slice(0, length);
    held = held.slice(length);
    return taken;
  };
}
