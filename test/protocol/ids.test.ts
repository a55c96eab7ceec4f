import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { hex, utf8 } from '@holdfast/protocol/bytes.js';
import {
  anchor,
  consortiumNumber,
  fileId,
  organisationAccountId,
  ownerId,
} from '@holdfast/protocol/ids.js';

const spki = utf8('a public key');
const owner = ownerId('Alder', spki);
const salt = new Uint8Array(32).fill(5);
const organisations = [
  { mspId: 'Birch', rootCertificate: utf8('root of Birch') },
  { mspId: 'Alder', rootCertificate: utf8('root of Alder') },
];

/** The definition, written out: SHA-256 of a framed label and the fields. */
function written(label: string, ...fields: (string | Uint8Array)[]): string {
  const hash = createHash('sha256').update(framed(label));
  for (const field of fields) hash.update(field);
  return hash.digest('hex');
}

function framed(text: string | Uint8Array): Uint8Array {
  const bytes = typeof text === 'string' ? utf8(text) : text;
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return new Uint8Array([...length, ...bytes]);
}

describe('the id of an owner', () => {
  it('is a digest of organisation and first key', () => {
    const key = createHash('sha256').update(spki).digest();
    expect(hex(owner)).toBe(written('holdfast/v1/owner', framed('Alder'), key));
  });

  it('differs by organisation and by key', () => {
    const others = [ownerId('Birch', spki), ownerId('Alder', utf8('another public key'))];
    expect(others.map(hex)).not.toContain(hex(owner));
  });

  it('of an organisation stands on 32 zero bytes, which are the digest of no key', () => {
    const zeros = new Uint8Array(32);
    const expected = written('holdfast/v1/owner', framed('Alder'), zeros);
    expect(hex(organisationAccountId('Alder'))).toBe(expected);
  });
});

describe('the id of a file', () => {
  it('binds its owner, so nobody can register first what another announces', () => {
    const nonce = new Uint8Array(32).fill(9);
    const thief = ownerId('Birch', spki);
    expect(hex(fileId(owner, nonce))).toBe(written('holdfast/v1/file-id', owner, nonce));
    expect(hex(fileId(thief, nonce))).not.toBe(hex(fileId(owner, nonce)));
  });
});

describe('the anchor of a file', () => {
  it('hides the address behind a salt', () => {
    const cid = utf8('an address');
    const expected = written('holdfast/v1/anchor', salt, framed(cid));
    expect(hex(anchor(salt, cid))).toBe(expected);
    expect(hex(anchor(new Uint8Array(32), cid))).not.toBe(expected);
  });
});

describe('the number of a consortium', () => {
  const number = consortiumNumber('holdfast', organisations);

  it('reads as three groups of four hex digits', () => {
    expect(number).toMatch(/^[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}$/);
  });

  it('does not depend on the order of organisations', () => {
    expect(consortiumNumber('holdfast', organisations.toReversed())).toBe(number);
  });

  it('changes with the channel, a name, a root certificate or a member more', () => {
    const [birch, alder] = organisations;
    if (birch === undefined || alder === undefined) throw new Error('two organisations');
    const others = [
      consortiumNumber('holdfast2', organisations),
      consortiumNumber('holdfast', [birch, { ...alder, mspId: 'Elder' }]),
      consortiumNumber('holdfast', [birch, { ...alder, rootCertificate: utf8('false root') }]),
      consortiumNumber('holdfast', [...organisations, { ...alder, mspId: 'Cedar' }]),
    ];
    expect(new Set([number, ...others]).size).toBe(5);
  });
});
