/**
 * The programs of a system, each made one file: a process that starts reads that instead of a thousand modules, and is
 * ready with a third of the work.
 *
 * The build makes them from what the compiler wrote. Whoever starts a program takes its file only while nothing has been
 * compiled or installed since, and otherwise the modules themselves.
 */
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('..', import.meta.url);

/** Room -> what it is started by, and the threads that this starts in turn. */
const ENTRIES = {
  chaincode: [new URL('./chaincode-server.mjs', import.meta.url)],
  'network/devpeer': [new URL('network/devpeer/dist/main.js', root)],
  gateway: [new URL('gateway/dist/main.js', root), new URL('gateway/dist/worker.js', root)],
  client: [new URL('client/dist/main.js', root), new URL('client/dist/worker.js', root)],
};
/** What changes when something was compiled or installed. */
const SOURCES = [
  ...['protocol', ...Object.keys(ENTRIES)].map((room) => `${room}/tsconfig.tsbuildinfo`),
  'node_modules/.package-lock.json',
  'scripts/programs.mjs',
  'scripts/chaincode-server.mjs',
];
/** They find what else they need beside themselves: a compiled addon, and the file that a thread starts with. */
const EXTERNAL = ['classic-level', 'piscina', 'pkcs11js'];
/** What modules of CommonJS take for given. */
const BANNER = `import { createRequire as __createRequire } from 'node:module';
import { dirname as __dirnameOf } from 'node:path';
import { fileURLToPath as __pathOf } from 'node:url';
const require = __createRequire(import.meta.url);
const __filename = __pathOf(import.meta.url);
const __dirname = __dirnameOf(__filename);`;

/** The file that a room's program is started from. */
export function program(room) {
  const bundle = bundleOf(room);
  return fileURLToPath(isFresh(bundle) ? bundle : ENTRIES[room][0]);
}

/** Makes those files that are older than what they are made from. */
export async function bundlePrograms() {
  const stale = Object.keys(ENTRIES).filter((room) => !isFresh(bundleOf(room)));
  if (stale.length === 0) return;
  const { build } = await import('esbuild');
  await Promise.all(
    stale.map((room) => {
      const [main, ...threads] = ENTRIES[room].map(fileURLToPath);
      return build({
        entryPoints: [
          { in: main, out: 'main' },
          ...threads.map((path) => ({ in: path, out: 'worker' })),
        ],
        outdir: fileURLToPath(new URL('.', bundleOf(room))),
        bundle: true,
        platform: 'node',
        format: 'esm',
        target: 'node20',
        // names of classes are shown in errors, and the contracts' are part of their interface
        keepNames: true,
        external: EXTERNAL,
        banner: { js: BANNER },
        legalComments: 'none',
        logLevel: 'error',
      });
    }),
  );
}

const bundleOf = (room) => new URL(`${room}/dist/bundle/main.js`, root);

const isFresh = (bundle) =>
  madeAt(bundle) > Math.max(...SOURCES.map((path) => madeAt(new URL(path, root))));

/** Milliseconds; 0 where there is no such file. */
const madeAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
