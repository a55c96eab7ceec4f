/** Public test vectors: files of `test/protocol/vectors`, each with its source inside. */
import { readFileSync } from 'node:fs';

export function vectors<T>(file: string): T {
  const url = new URL(`../protocol/vectors/${file}`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')) as T;
}
