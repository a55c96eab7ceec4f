/**
 * Answers of others, no longer than they may be.
 *
 * @module
 */
import { concatAll } from '@holdfast/protocol/bytes.js';

/** All bytes of a source, in however many parts. @throws `tooMany` where there are more than `most`; what the source throws. */
export async function boundedBytes(
  source: AsyncIterable<Uint8Array>,
  most: number,
  tooMany = () => new Error(`more than ${most} bytes`),
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of source) {
    length += part.length;
    if (length > most) throw tooMany();
    parts.push(part);
  }
  return concatAll(parts);
}
