/**
 * Which file names which: the sources of a checkout, the arrows between them, circles, and what can be reached.
 *
 * An arrow is any import, of types too, an export from, a thread's or program's URL, or a built file named by its path.
 * Paths are relative to the checkout, with slashes.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

const ROOMS = ['protocol', 'chaincode', 'gateway', 'client', 'network/devpeer'];
const PLACES = [
  ...ROOMS.flatMap((room) => [`${room}/src`, `${room}/bin`]),
  'network',
  'scripts',
  'test',
];
const ROOM_NAMES = { '@holdfast/devpeer': 'network/devpeer' };

/**
 * @param {string} folder - a checkout, ending in a slash.
 * @returns {Map<string, { specifier: string, target: string | undefined }[]>} what each file names; `target` where it is
 *   a file of this checkout.
 */
export function readImports(folder) {
  const files = PLACES.filter((place) => existsSync(folder + place)).flatMap((place) =>
    readdirSync(folder + place, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.m?[jt]s$/.test(name) && !/(?:^|\/)(?:dist|node_modules)\//.test(name))
      .map((name) => `${place}/${name}`),
  );
  const known = new Set(files);
  return new Map(
    files.toSorted().map((file) => [
      file,
      specifiers(readFileSync(folder + file, 'utf8')).flatMap((specifier) => {
        const found = candidates(specifier, file).filter((target) => known.has(target));
        return (found.length > 0 ? found : [undefined]).map((target) => ({ specifier, target }));
      }),
    ]),
  );
}

/** The room that a path or a specifier stands in, or undefined. */
export function roomOf(specifier, file) {
  if (specifier.startsWith('@holdfast/')) {
    const name = packageOf(specifier);
    return ROOM_NAMES[name] ?? name.slice('@holdfast/'.length);
  }
  if (!specifier.startsWith('.')) return undefined;
  const path = posix.join(posix.dirname(file), specifier);
  return ROOMS.find((room) => path.startsWith(`${room}/`)) ?? 'outside the rooms';
}

export function packageOf(specifier) {
  const depth = specifier.startsWith('@') ? 2 : 1;
  return specifier.split('/').slice(0, depth).join('/');
}

function specifiers(text) {
  const found = text.matchAll(
    /(?:\bfrom\s+|\bimport\s*\(?\s*|\b(?:require|register|new URL)\(\s*)['"]([^'"]+)['"]|['"]((?:[\w-]+\/)+dist\/[\w/-]+\.js)['"]/g,
  );
  return [...found].map(([, named, built]) => named ?? built);
}

/** Sources that a specifier may stand for. */
function candidates(specifier, file) {
  if (specifier === '#platform') {
    return ['protocol/src/platform/node.ts', 'protocol/src/platform/web.ts'];
  }
  const [, room, name] = /^@holdfast\/([\w-]+)\/(.+)\.js$/.exec(specifier) ?? [];
  if (room !== undefined) return [`${ROOM_NAMES[`@holdfast/${room}`] ?? room}/src/${name}.ts`];
  const path = posix.join(posix.dirname(file), specifier);
  return [path, specifier].flatMap(sourcesOf);
}

/** A file and, where it is a built one, what it is built from. */
const sourcesOf = (path) => [path, path.replace('/dist/', '/src/').replace(/\.js$/, '.ts')];

/** What package.json of the checkout and of its rooms, and the script of continuous integration, start. */
export function programs(folder) {
  const read = (file) => (existsSync(folder + file) ? readFileSync(folder + file, 'utf8') : '');
  const commands = ['package.json', '.ci/run', ...ROOMS.map((room) => `${room}/package.json`)];
  const scripts = commands
    .map(read)
    .join('')
    .matchAll(/\b(scripts|test\/support)\/([\w-]+)\.(mjs|ts)(?: ([\w-]+))?/g);
  const rooms = ROOMS.flatMap((room) => {
    const { main, bin = {} } = JSON.parse(read(`${room}/package.json`) || '{}');
    return [main, ...Object.values(bin)]
      .filter(Boolean)
      .flatMap((at) => sourcesOf(`${room}/${at}`));
  });
  return [
    ...rooms,
    ...[...scripts].flatMap(([, place, name, ending, command]) => [
      `${place}/${name}.${ending}`,
      ...(command === undefined ? [] : [`scripts/${command}.mjs`]),
    ]),
  ];
}

/**
 * All files that these reach, themselves among them.
 *
 * @param {ReturnType<typeof readImports>} imports
 * @param {string[]} from
 * @returns {Set<string>}
 */
export function reached(imports, from) {
  const found = new Set();
  const waiting = from.filter((file) => imports.has(file));
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    for (const { target } of imports.get(file)) if (target !== undefined) waiting.push(target);
  }
  return found;
}

/**
 * Groups of files that reach each other: each a circle, or several that touch.
 *
 * @param {ReturnType<typeof readImports>} imports
 * @returns {string[][]}
 */
export function circles(imports) {
  const from = new Map([...imports.keys()].map((file) => [file, reached(imports, [file])]));
  const told = new Set();
  const found = [];
  for (const [file, others] of from) {
    const circle = [...others].filter((other) => from.get(other).has(file));
    if (told.has(file) || circle.length === 1) continue;
    circle.forEach((other) => told.add(other));
    found.push(circle.toSorted());
  }
  return found;
}
