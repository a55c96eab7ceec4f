/** One word for one thing: what the papers, other systems and habit call it stands nowhere in code, messages and docs. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

/** Our word -> words for the same thing that are not ours. */
const SYNONYMS: Readonly<Record<string, string>> = {
  owner: 'tenant user customer',
  agent: 'nbm vma',
  provider: 'csp ecsp',
  delegate: 'tpa verifier',
  organisation: 'organization org company',
  ledger: 'blockchain',
  account: 'wallet eau',
  sector: 'segment',
  taggedFile: 'ublock unode',
  batch: 'mht',
  tag: 'authenticator',
  'file key': 'convergent mle',
  charge: 'gas',
  alert: 'warning',
  'a name for what it does': 'manager helper util utility service wrapper impl misc',
};
const OURS = new Map(
  Object.entries(SYNONYMS).flatMap(([ours, words]) =>
    words.split(' ').flatMap((word) => [
      [word, ours],
      [`${word}s`, ours],
    ]),
  ),
);

/** Words of others, where they are meant: what is struck out before we look. */
const FOREIGN: readonly [place: RegExp, foreign: RegExp][] = [
  // the line says whose word it is
  [/./, /^.*\bpapers?\b.*$/gim],
  [/^protocol\/README\.md$/, /\|[^|\n]*\|$/gm],
  // names in Node, JavaScript and the packages we use
  [/./, /'(?:node:|@tus|test\/house)[^'\n]*'|--disable-warning=\w+|example\.org/g],
  [
    /./,
    /Segmenter\(\)\.segment\(|\{ from: 'user' \}|\{ user, system \}|\buser \+ system\b|\{ user, nice|\bsum \+ user\b/g,
  ],
  // Fabric's and gRPC's own words
  [/./, /\borg\.hyperledger\.fabric\b|endorsingOrganizations|\w+OrganizationsList/g],
  [/./, /'user-allocations'|'Org[12]MSP'/g],
  [
    /^network\/(?!devpeer)/,
    /\b\w*(?:[Ss]ervice|[Oo]rgs\b|[Oo]rganizations|[Uu]sers?(?![a-z]))\w*\b/g,
  ],
  [
    /^(network\/devpeer|test\/(network|suites|support\/(ledger|memory)-))/,
    /\b\w*(?:[Ss]ervice|[Bb]lockchain|[Oo]rg(?!ani)|[Mm]anager|Helper)\w*\b|-service\b/g,
  ],
];

/** `word (ours)` for every word that is not ours. */
function strangers(file: string, text: string): string[] {
  const own = FOREIGN.filter(([place]) => place.test(file)).reduce(
    (rest, [, foreign]) => rest.replaceAll(foreign, ''),
    text,
  );
  const words = own.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g) ?? [];
  return words.flatMap((word) => {
    const ours = OURS.get(word.toLowerCase());
    return ours === undefined ? [] : [`${word} (${ours})`];
  });
}

/** `name (why)` for every declared name of a form that we do not use. */
function strangeNames(text: string): string[] {
  const declared = /\b(?:function\*?|const|let|class|interface|type) (\w+)/g;
  return [...text.matchAll(declared)].flatMap(([, name = '']) => {
    if (/^(?:get|create)[A-Z]/.test(name)) return [`${name} (say what it answers; newX makes)`];
    return /(?:[a-z]Data|(?<!PublicKey)Info)$/.test(name) ? [`${name} (say what it holds)`] : [];
  });
}

function sources(): string[] {
  const places = ['protocol', 'chaincode', 'gateway', 'client', 'network', 'scripts', 'test'];
  const found = places.flatMap((place) =>
    readdirSync(place, { recursive: true, encoding: 'utf8' }).map((name) => join(place, name)),
  );
  return ['README.md', ...found]
    .filter((file) => /\.(?:m?[jt]s|md)$/.test(file))
    .filter(
      (file) => !/(?:^|\/)(?:dist|node_modules|types|vectors)\/|house\/words\.test/.test(file),
    );
}

describe('the words of the house', () => {
  const files = sources().map((file) => [file, readFileSync(file, 'utf8')] as const);

  it('are one for one thing', () => {
    const found = files.flatMap(([file, text]) =>
      strangers(file, text).map((word) => `${file}: ${word}`),
    );
    expect(files.length).toBeGreaterThan(400);
    expect(found).toEqual([]);
  });

  it('name what a thing is or does', () => {
    const ours = files.filter(
      ([file]) => !/^(network\/devpeer|test)\//.test(file) && !file.endsWith('.md'),
    );
    const found = ours.flatMap(([file, text]) =>
      strangeNames(text).map((name) => `${file}: ${name}`),
    );
    expect(found).toEqual([]);
  });

  it.each([
    ['const tenantId = 1;', 'tenant (owner)'],
    ['throw new HoldfastError("NOT_FOUND", "no such USER");', 'USER (owner)'],
    ['// the blockchain knows', 'blockchain (ledger)'],
    ['class FileManager {}', 'Manager (a name for what it does)'],
    ['A warning is sent.', 'warning (alert)'],
    ['list_segments', 'segments (sector)'],
  ])('are missed in %j', (text, word) => {
    expect(strangers('gateway/README.md', text)).toEqual([word]);
  });

  it('are those of others where the line says so', () => {
    expect(strangers('protocol/src/audit.ts', '// Paper 004 lets the user draw it')).toEqual([]);
  });

  it.each([
    ['export function getFile() {}', 'getFile (say what it answers; newX makes)'],
    ['const createApp = 1;', 'createApp (say what it answers; newX makes)'],
    ['interface FileInfo {}', 'FileInfo (say what it holds)'],
  ])('name nothing as in %j', (text, name) => {
    expect(strangeNames(text)).toEqual([name]);
  });
});
