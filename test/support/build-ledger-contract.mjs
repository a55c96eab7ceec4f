/** The test contract as a package that `fabric-chaincode-node` runs. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformFileSync } from '@swc/core';

const root = fileURLToPath(new URL('../..', import.meta.url));
const source = join(root, 'test/support/ledger-contract');

/** As CommonJS: the decorators have no names that a module of Node could import. @returns its folder. */
export function buildLedgerContract(folder = join(source, 'dist')) {
  mkdirSync(folder, { recursive: true });
  const manifest = {
    name: 'ledger-contract',
    version: '1.0.0',
    type: 'commonjs',
    main: 'index.js',
  };
  replace(join(folder, 'package.json'), JSON.stringify(manifest));
  for (const name of ['index', 'ledger-contract']) {
    const { code } = transformFileSync(join(source, `${name}.ts`), {
      configFile: join(root, '.swcrc'),
      module: { type: 'commonjs' },
    });
    const named = code.replaceAll(".ts')", ".js')").replaceAll('.ts")', '.js")');
    replace(join(folder, `${name}.js`), named);
  }
  return folder;
}

/** As a whole: another test file may start the same contract meanwhile. */
function replace(path, text) {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, text);
  renameSync(draft, path);
}
