import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Replaces a file as a whole, readable by its owner only: whoever reads it finds the old text or the new one, after a power
 * cut too.
 */
export function replaceFile(path, text) {
  writeFileSync(`${path}.new`, text, { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
  const folder = openSync(dirname(path));
  fsyncSync(folder);
  closeSync(folder);
}
