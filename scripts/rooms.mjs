/**
 * npm run rooms: prints the arrows between the rooms, as the imports draw them, and fails on a wrong one, on a circle of
 * files, and on a file that nothing reaches.
 *
 * The compiler and the linter enforce the arrows file by file; this is the picture.
 */
import { circles, packageOf, programs, reached, readImports, roomOf } from './imports.mjs';
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
/** Files of rooms that only tests reach, with the reason. */
const FOR_TESTS = {
  'protocol/src/block-edit.ts': 'specified and tested; edits come',
  'protocol/src/edit-log.ts': 'specified and tested; edits come',
  'protocol/src/partial-tree.ts': 'specified and tested; edits come',
  'protocol/src/ownership.ts': 'specified and tested; deduplication comes',
  'network/devpeer/src/memory-client.ts': 'the ledger inside a test',
  'network/devpeer/src/memory-stream.ts': 'the ledger inside a test',
};

const folder = `${process.argv[3] ?? root}/`;
const rooms = Object.keys(ALLOWED);
const imports = readImports(folder);
const arrows = new Map(rooms.map((room) => [room, new Map()]));
const wrong = [];

for (const [file, named] of imports) {
  const room = rooms.find((each) => file.startsWith(`${each}/src/`));
  if (room === undefined) continue;
  for (const { specifier } of named) {
    const target = roomOf(specifier, file);
    if (target !== undefined && target !== room) {
      arrows.get(room).set(target, (arrows.get(room).get(target) ?? 0) + 1);
      if (!ALLOWED[room].includes(target)) {
        wrong.push(`${file} imports ${specifier}: ${target} is not open to it`);
      }
    }
    const holders = PACKAGES[packageOf(specifier)];
    if (holders && !holders.includes(room)) {
      wrong.push(`${file} imports ${specifier}: ${packageOf(specifier)} is not open to it`);
    }
  }
}

wrong.push(...circles(imports).map((files) => `${files.join(' ')}: in a circle`));

const isTest = (file) => file.startsWith('test/');
const running = reached(imports, programs(folder));
const tested = reached(imports, [...running, ...[...imports.keys()].filter(isSuite)]);
for (const file of imports.keys()) {
  const expected = isTest(file) || file in FOR_TESTS ? tested : running;
  if (!isDeclaration(file) && !expected.has(file)) wrong.push(`${file}: nothing reaches it`);
}
for (const file of Object.keys(FOR_TESTS)) {
  if (running.has(file)) wrong.push(`${file}: is reached, and said to be for tests only`);
}

for (const [room, targets] of arrows) {
  const drawn = [...targets].map(([target, count]) => `${target} (${count} imports)`).join(', ');
  process.stdout.write(`${room.padEnd(16)} ${drawn === '' ? 'imports no room' : `→ ${drawn}`}\n`);
}
process.stdout.write(`client ..HTTP..> gateway ..gRPC..> network or a Fabric peer ..> chaincode\n`);
const sources = [...imports.keys()].filter((file) => !isTest(file)).length;
process.stdout.write(`${sources} files in rooms and scripts, ${imports.size - sources} in tests\n`);
for (const complaint of wrong) process.stderr.write(`✕ ${complaint}\n`);
process.exitCode = wrong.length > 0 ? 1 : 0;

/** Jest finds a suite by its name. */
function isSuite(file) {
  return file.endsWith('.test.ts');
}

/** A declaration file is for the compiler, which finds it by its place. */
function isDeclaration(file) {
  return /\.d\.m?ts$/.test(file);
}
