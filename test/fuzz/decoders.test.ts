/** Every decoder, on good values made bad: what it takes is well-formed, what it refuses is refused with a code of ours. */
import { ok, strictEqual } from 'node:assert';
import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  base64url,
  concat,
  fromBase64url,
  fromHex,
  fromUtf8,
  hex,
  u32be,
  u64be,
  utf8,
} from '@holdfast/protocol/bytes.js';
import { openCard, sealCard } from '@holdfast/protocol/card.js';
import { sealRecord } from '@holdfast/protocol/cipher.js';
import * as curve from '@holdfast/protocol/curve.js';
import * as scalar from '@holdfast/protocol/scalar.js';
import { encodeEntry, nextEditHead, readEditLog } from '@holdfast/protocol/edit-log.js';
import { parseRefusal } from '@holdfast/protocol/errors.js';
import { decodeLeaves, encodeLeaf } from '@holdfast/protocol/leaf-list.js';
import { openManifest } from '@holdfast/protocol/manifest.js';
import { parsePartialTree, provePartialTree } from '@holdfast/protocol/partial-tree.js';
import { encodePhrase, parsePhrase } from '@holdfast/protocol/phrase.js';
import { readCertificate } from '../../chaincode/src/certificate.ts';
import { badPoints } from '../support/bad-points.ts';
import { drawEdits, leavesFrom, newTree } from '../support/edit-history.ts';
import { casesOf, drawFrom, drawn, fuzz, outcomeOf, type Outcome } from '../support/fuzzing.ts';
import { changedBytes, changedText } from '../support/mutation.ts';
import { seededRandom } from '../support/property.ts';

const random = seededRandom(3);

beforeAll(curve.ready);

const cases = casesOf(150, 0.03);
const REFUSED = ['taken', 'INPUT_INVALID'];

/** Decodes changed bytes; what is taken and has one spelling must be spelled as it came. */
function bytesInto(
  target: string,
  samples: readonly Uint8Array[],
  decode: (bytes: Uint8Array) => unknown,
  { encode, expected = REFUSED }: { encode?: Encode; expected?: readonly Outcome[] } = {},
): Promise<readonly Outcome[]> {
  const values = drawn((draw) => changedBytes(draw, samples));
  return fuzz({ target, cases, expected }, values, (bytes) =>
    outcomeOf(async () => {
      await decode(bytes.slice());
      if (encode !== undefined) strictEqual(hex(encode(bytes)), hex(bytes));
    }),
  );
}
type Encode = (bytes: Uint8Array) => Uint8Array;

describe('the decoder of', () => {
  it('points of G1 takes their one encoding only', async () => {
    const good = [curve.BASE_1, curve.encodeG1(curve.multiplyBase(7n))];
    const encode: Encode = (bytes) => curve.encodeG1(curve.decodeG1(bytes));
    const samples = [...good, ...Object.values(badPoints())];
    expect(await bytesInto('points of G1', samples, curve.decodeG1, { encode })).toEqual([]);
  });

  it('points of G2 takes their one encoding only', async () => {
    const samples = [curve.BASE_2, curve.encodeG2(curve.multiplyBase2(7n)), new Uint8Array(96)];
    const encode: Encode = (bytes) => curve.encodeG2(curve.decodeG2(bytes));
    expect(await bytesInto('points of G2', samples, curve.decodeG2, { encode })).toEqual([]);
  });

  it('scalars takes what is below the order', async () => {
    const scalars = [0n, 1n, scalar.ORDER - 1n].map(scalar.encodeScalar);
    const samples = [...scalars, new Uint8Array(32).fill(0xff)];
    const encode: Encode = (bytes) => scalar.encodeScalar(scalar.decodeScalar(bytes));
    expect(await bytesInto('scalars', samples, scalar.decodeScalar, { encode })).toEqual([]);
  });

  it('hex and base64url takes one spelling only', async () => {
    const values = drawn((draw) => {
      const bytes = changedBytes(draw, [random(32), random(48)]);
      const text = draw(2) === 0 ? hex(bytes) : base64url(bytes);
      return draw(3) === 0 ? text : changedText(draw, text);
    });
    const fuzzed = { target: 'hex, base64url', cases, expected: REFUSED };
    const outcomes = fuzz(fuzzed, values, async (text) => {
      await outcomeOf(() => strictEqual(hex(fromHex(text)), text));
      return outcomeOf(() => strictEqual(base64url(fromBase64url(text)), text));
    });
    expect(await outcomes).toEqual([]);
  });

  it('UTF-8 takes what is well-formed', async () => {
    const encode: Encode = (bytes) => utf8(fromUtf8(bytes));
    const samples = [utf8('Grüße, 👋'), utf8('\ufeff')];
    expect(await bytesInto('UTF-8', samples, fromUtf8, { encode })).toEqual([]);
  });

  it('phrases tells none of their words', async () => {
    const phrase = encodePhrase(random(32));
    const words = phrase.split(' ').filter((word) => word.length > 5);
    const values = drawn((draw) => changedText(draw, phrase));
    const outcomes = fuzz({ target: 'phrases', cases, expected: REFUSED }, values, (text) =>
      outcomeOf(() => {
        try {
          parsePhrase(text);
        } catch (error) {
          const told = words.filter((word) => String(error).includes(word));
          throw told.length === 0 ? error : new Error(`told ${told.join(', ')}`);
        }
      }),
    );
    expect(await outcomes).toEqual([]);
  });

  it('leaf lists takes whole leaves', async () => {
    const lists = [0, 1, 3].map((count) => concat(...leavesFrom(count).map(encodeLeaf)));
    const encode: Encode = (bytes) => concat(...decodeLeaves(bytes).map(encodeLeaf));
    expect(await bytesInto('leaf lists', lists, decodeLeaves, { encode })).toEqual([]);
  });

  it('partial trees takes a tree and nothing behind it', async () => {
    const trees = [1, 5, 40].map((count) =>
      provePartialTree(newTree(count), drawEdits(drawFrom(count), 2, { count })),
    );
    const samples = [...trees, new Uint8Array(300).fill(2)];
    expect(await bytesInto('partial trees', samples, parsePartialTree)).toEqual([]);
  });

  it('logs of edits takes the log of its version only', async () => {
    const edits = [{ kind: 'update', position: 0, killedUid: 0 }] as const;
    const entry = encodeEntry({ nonce: random(16), taggedAt: 5, edits });
    const nonce = base64url(random(16));
    const file: Parameters<typeof readEditLog>[0] = {
      fileId: 'a'.repeat(64),
      version: 2,
      blockCount: 1,
      blockSize: 65_536,
      root: 'b'.repeat(64),
      nextUid: 2,
      base: { version: 1, firstUid: 0, blockCount: 1, nonce, taggedAt: 1 },
      editHead: hex(nextEditHead(new Uint8Array(32), 2, entry)),
    };
    readEditLog(file, entry);
    const samples = [entry, concat(entry, entry)];
    const read = (bytes: Uint8Array) => readEditLog(file, bytes);
    const expected = ['taken', 'PROOF_INVALID'];
    expect(await bytesInto('logs of edits', samples, read, { expected })).toEqual([]);
  });

  it('cards takes a card, whoever wrote it', async () => {
    const secret = random(64);
    const sealed = await sealCard(secret, { name: 'a', type: 'text/plain', modifiedAt: 1 });
    const expected = [...REFUSED, 'KEY_INVALID'];
    const open = (bytes: Uint8Array) => openCard(secret, bytes);
    expect(await bytesInto('sealed cards', [sealed], open, { expected })).toEqual([]);
    const plain = concat(utf8('\0\0\0\x01a\0\0\0\x01b'), new Uint8Array(474));
    const reseal = async (bytes: Uint8Array) => {
      const padded = concat(bytes, new Uint8Array(484)).slice(0, 484);
      await openCard(secret, await sealRecord(secret, CARD, padded));
    };
    expect(await bytesInto('cards', [plain, new Uint8Array(484)], reseal)).toEqual([]);
  });

  it('manifests takes a manifest, whoever wrote it', async () => {
    const key = random(32);
    const plain = concat(u64be(9), random(32), u32be(1), u32be(9), random(32));
    const sealed = await sealRecord(key, MANIFEST, plain);
    const expected = [...REFUSED, 'KEY_INVALID'];
    const open = (bytes: Uint8Array) => openManifest(key, bytes);
    expect(await bytesInto('sealed manifests', [sealed], open, { expected })).toEqual([]);
    const reseal = async (bytes: Uint8Array) => open(await sealRecord(key, MANIFEST, bytes));
    expect(await bytesInto('manifests', [plain, plain.slice(0, 44)], reseal)).toEqual([]);
  });

  it('refusals finds a code of ours or nothing', async () => {
    const text = 'chaincode response 500, NOT_FOUND: no file 12ab';
    const values = drawn((draw) => changedText(draw, text));
    const outcomes = fuzz({ target: 'refusals', cases, expected: REFUSED }, values, (value) =>
      outcomeOf(() => ok(value.includes(parseRefusal(value)?.code ?? ''))),
    );
    expect(await outcomes).toEqual([]);
  });

  it('certificates finds a key or nothing', async () => {
    const pemOf = (der: Uint8Array) => {
      const lines = Buffer.from(der).toString('base64');
      return utf8(`-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`);
    };
    const small = smallCertificate();
    const read = (bytes: Uint8Array) => readCertificate(pemOf(bytes));
    expect(await bytesInto('certificates (DER)', [small], read)).toEqual([]);
    expect(await bytesInto('certificates (PEM)', [pemOf(small)], readCertificate)).toEqual([]);
  });
});

const CARD = { key: 'card', nonce: 'card-iv' } as const;
const MANIFEST = { key: 'manifest', nonce: 'manifest-iv' } as const;

/** The outline of a certificate: seven elements, of which the last holds a key. */
function smallCertificate(): Uint8Array {
  const element = (tag: number, content: readonly number[]) => [tag, content.length, ...content];
  const fields = [2, 0x30, 0x30, 0x30, 0x30].flatMap((tag) => element(tag, [1, 2]));
  const key = element(0x30, [3, 4, 5]);
  return Uint8Array.from(element(0x30, element(0x30, [...element(0xa0, [1]), ...fields, ...key])));
}
