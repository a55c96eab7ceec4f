/**
 * npm run rooms: prints the arrows between the rooms, as the imports draw them, and fails on a wrong one.
 *
 * The compiler and the linter enforce the same rules file by file; this is the picture.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { root } from './ready.mjs';

/** Room -> the rooms it may import. */
const ALLOWED = {
  protocol: [],
  chaincode: ['protocol'],
  gateway: ['protocol'],
  client: ['protocol'],
  'network/devpeer': [],
};
/** What no room may reach but as a process of its own, with the one room that may hold it. */
const PACKAGES = {
  '@hyperledger/fabric-gateway': ['gateway'],
  'fabric-shim': ['chaincode'],
  'fabric-contract-api': ['chaincode'],
};
const NAMES = { '@holdfast/devpeer': 'network/devpeer' };

const folder = process.argv[3] ?? root;
const rooms = Object.keys(ALLOWED);
const arrows = new Map(rooms.map((room) => [room, new Map()]));
const wrong = [];

for (const room of rooms) {
  for (const file of sources(join(folder, room, 'src'))) {
    for (const specifier of imports(readFileSync(file, 'utf8'))) {
      const target = roomOf(specifier, file);
      if (target !== undefined && target !== room) {
        arrows.get(room).set(target, (arrows.get(room).get(target) ?? 0) + 1);
        if (!ALLOWED[room].includes(target)) wrong.push([file, specifier, target]);
      }
      const holders = PACKAGES[packageOf(specifier)];
      if (holders && !holders.includes(room)) wrong.push([file, specifier, packageOf(specifier)]);
    }
  }
}

for (const [room, targets] of arrows) {
  const drawn = [...targets].map(([target, count]) => `${target} (${count} imports)`).join(', ');
  process.stdout.write(`${room.padEnd(16)} ${drawn === '' ? 'imports no room' : `→ ${drawn}`}\n`);
}
process.stdout.write(`client ..HTTP..> gateway ..gRPC..> network or a Fabric peer ..> chaincode\n`);
for (const [file, specifier, target] of wrong) {
  process.stderr.write(
    `✕ ${relative(folder, file)} imports ${specifier}: ${target} is not open to it\n`,
  );
}
process.exitCode = wrong.length > 0 ? 1 : 0;

function* sources(at) {
  for (const entry of readdirSync(at, { withFileTypes: true })) {
    if (entry.isDirectory()) yield* sources(join(at, entry.name));
    else if (/\.tsx?$/.test(entry.name)) yield join(at, entry.name);
  }
}

/** Every module named by an import, an export from, a dynamic import, a require or a worker's URL. */
function imports(text) {
  const found = text.matchAll(
    /(?:\bfrom\s+|\bimport\s*\(?\s*|\brequire\(\s*|new URL\(\s*)['"]([^'"]+)['"]/g,
  );
  return [...found].map(([, specifier]) => specifier);
}

function packageOf(specifier) {
  const depth = specifier.startsWith('@') ? 2 : 1;
  return specifier.split('/').slice(0, depth).join('/');
}

function roomOf(specifier, file) {
  if (specifier.startsWith('@holdfast/')) {
    const name = packageOf(specifier);
    return NAMES[name] ?? name.slice('@holdfast/'.length);
  }
  if (!specifier.startsWith('.')) return undefined;
  const path = relative(folder, resolve(dirname(file), specifier));
  return rooms.find((room) => path.startsWith(`${room}/`)) ?? 'outside the rooms';
}
