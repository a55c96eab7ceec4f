/**
 * Modules of the product with one line changed: the real code without the one check that an attack meets, for the half of
 * a test in which the attack must succeed.
 *
 * Changed and copied are the modules that lead from `entry` to the change; whatever else they import is the product's own.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Copies stand below the root, where Node finds the packages that they import. */
const COPIES = join(ROOT, 'test-results');

/** What is changed where; the text stands once in the file. */
export interface Change {
  /** From the root of the repository. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/**
 * The module `entry` on top of the changes.
 *
 * @param entry - from the root of the repository; it reaches every changed file, or is one.
 * @throws where a text does not stand once in its file: the defence is no longer where the test looks for it.
 */
export async function variantOf<T>(entry: string, ...changes: readonly Change[]): Promise<T> {
  const modules = await reachable(resolve(ROOT, entry));
  for (const change of changes) applyTo(modules, change);
  const changed = changes.map(({ file }) => resolve(ROOT, file));
  const copied = leadingTo(changed, modules);
  const folder = join(COPIES, `variant-${nameOf(entry, changes)}`);
  const placeOf = (file: string) => join(folder, relative(ROOT, file));
  try {
    for (const file of copied) {
      const { text, imports } = known(modules, file);
      const place = placeOf(file);
      await mkdir(dirname(place), { recursive: true });
      await writeFile(
        place,
        relinked(text, imports, (to) => (copied.has(to) ? placeOf(to) : to)),
      );
    }
    return (await import(placeOf(resolve(ROOT, entry)))) as T;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same in every run, for jest keeps what it has compiled; another one for each of its workers. */
const nameOf = (entry: string, changes: readonly Change[]): string =>
  createHash('sha256')
    .update(JSON.stringify([entry, changes, process.env['JEST_WORKER_ID']]))
    .digest('hex')
    .slice(0, 16);

interface Module {
  text: string;
  /** Files of the product by the specifier that names them. */
  readonly imports: ReadonlyMap<string, string>;
}

function applyTo(modules: ReadonlyMap<string, Module>, { file, from, to }: Change): void {
  const one = known(modules, resolve(ROOT, file));
  const parts = one.text.split(from);
  if (parts.length !== 2)
    throw new Error(`${file}: ${from} stands ${parts.length - 1} times there`);
  one.text = parts.join(to);
}

/** The file and all of the product that it imports, directly or not. */
async function reachable(entry: string): Promise<Map<string, Module>> {
  const modules = new Map<string, Module>();
  const waiting = [entry];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (modules.has(file)) continue;
    const text = await readFile(file, 'utf8');
    const imports = new Map<string, string>();
    for (const [, specifier = ''] of text.matchAll(/\bfrom '([^']+)';/g)) {
      const target = fileOf(specifier, dirname(file));
      if (target !== undefined) imports.set(specifier, target);
    }
    modules.set(file, { text, imports });
    waiting.push(...imports.values());
  }
  return modules;
}

/** As jest resolves it; undefined for a package. */
function fileOf(specifier: string, folder: string): string | undefined {
  const ours = /^@holdfast\/(protocol|client)\/(.*)\.js$/.exec(specifier);
  if (ours !== null) return join(ROOT, ours[1] ?? '', 'src', `${ours[2]}.ts`);
  const file = resolve(folder, specifier);
  return specifier.startsWith('.') && existsSync(file) ? file : undefined;
}

/** The changed files and those that import them, directly or not. */
function leadingTo(
  changed: readonly string[],
  modules: ReadonlyMap<string, Module>,
): ReadonlySet<string> {
  const found = new Set(changed);
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const [file, { imports }] of modules) {
      if ([...imports.values()].some((target) => found.has(target))) found.add(file);
    }
  }
  return found;
}

const relinked = (
  text: string,
  imports: ReadonlyMap<string, string>,
  placeOf: (file: string) => string,
): string =>
  text.replaceAll(/\bfrom '([^']+)';/g, (whole, specifier: string) => {
    const target = imports.get(specifier);
    return target === undefined ? whole : `from '${placeOf(target)}';`;
  });

function known(modules: ReadonlyMap<string, Module>, file: string): Module {
  const one = modules.get(file);
  if (one === undefined) throw new Error(`${relative(ROOT, file)} is not imported there`);
  return one;
}
