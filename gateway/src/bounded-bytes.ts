/**
 * Answers of others, no longer than they may be.
 *
 * @module
 */
import { concat } from '@holdfast/protocol/bytes.js';

/** All bytes of a source. @throws where there are more than `most`; what the source throws. */
export async function boundedBytes(
  source: AsyncIterable<Uint8Array>,
  most: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of source) {
    length += part.length;
    if (length > most) throw new Error(`more than ${most} bytes`);
    parts.push(part);
  }
  return concat(...parts);
}
