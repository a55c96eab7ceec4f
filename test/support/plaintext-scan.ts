/** Looks for bytes in everything below a folder, as whoever steals a disk would. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** @returns the files below `folder` in which any of the needles stands, by path relative to it. */
export async function filesHolding(
  folder: string,
  needles: readonly (Uint8Array | string)[],
): Promise<readonly string[]> {
  const found: string[] = [];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    // a file may go while we look
    const bytes = await readFile(path).catch(() => Buffer.alloc(0));
    if (needles.some((needle) => bytes.includes(Buffer.from(needle))))
      found.push(path.slice(folder.length + 1));
  }
  return found;
}
