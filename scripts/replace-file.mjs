import { renameSync, writeFileSync } from 'node:fs';

/** Replaces a file as a whole, readable by its owner only: whoever reads it finds the old text or the new one. */
export function replaceFile(path, text) {
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
