/** `bytes` with one bit changed, whichever `bit` falls on. */
export function flipped(bytes: Uint8Array, bit = 0): Uint8Array {
  const at = bit % (8 * bytes.length);
  return bytes.map((byte, i) => (i === at >> 3 ? byte ^ (1 << (at & 7)) : byte));
}
