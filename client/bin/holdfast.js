#!/usr/bin/env node
/** Starts from one file, where the build has made it and nothing has been compiled since; else from the modules. */
import { statSync } from 'node:fs';

const madeAt = (path) =>
  statSync(new URL(path, import.meta.url), { throwIfNoEntry: false })?.mtimeMs ?? 0;
const compiledAt = ['../tsconfig.tsbuildinfo', '../../protocol/tsconfig.tsbuildinfo'].map(madeAt);
if (madeAt('../dist/bundle/main.js') > Math.max(...compiledAt)) {
  await import('../dist/bundle/main.js');
} else {
  await import('../dist/main.js');
}
