import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  concat,
  fromHex,
  hex,
  lengthPrefixed,
  u32be,
  u64be,
  xor,
} from '@holdfast/protocol/bytes.js';
import { openCard, sealCard } from '@holdfast/protocol/card.js';
import { sealRecord } from '@holdfast/protocol/cipher.js';
import { deriveKey } from '@holdfast/protocol/hash.js';
import {
  manifestSize,
  openManifest,
  sealManifest,
  type Manifest,
} from '@holdfast/protocol/manifest.js';
import { platform } from '@holdfast/protocol/platform/node.js';
import { RUNS, seededRandom } from '../support/property.ts';
import { refusalOfAsync } from '../support/refusal.ts';
import { flipped } from '../support/tamper.ts';

const MIB = 1_048_576;
const random = seededRandom();
const fileKey = random(32);
const oprfSetId = random(32);
const manifest: Manifest = {
  size: 9 * MIB,
  oprfSetId,
  extents: [4 * MIB, 4 * MIB, MIB].map((length) => ({ length, key: random(32) })),
};
/** Seals any bytes as an author with the key could. */
const written = (plaintext: Uint8Array) =>
  sealRecord(fileKey, { key: 'manifest', nonce: 'manifest-iv' }, plaintext);

describe('a manifest', () => {
  it('is one like any other where the file has a tebibyte', async () => {
    const extent = { length: 4 * MIB, key: oprfSetId };
    const extents = Array.from({ length: 262_144 }, () => extent);
    const sealed = await sealManifest(fileKey, { size: 2 ** 40, oprfSetId, extents });
    const { size, extents: found } = await openManifest(fileKey, sealed);
    expect([size, found.length]).toEqual([2 ** 40, 262_144]);
  });

  it('opens to what was sealed, in the size known from the file’s size', async () => {
    const sealed = await sealManifest(fileKey, manifest);
    expect(sealed).toHaveLength(manifestSize(manifest.size));
    expect(await openManifest(fileKey, sealed)).toEqual(manifest);
  });

  it('is the same for every owner of the file', async () => {
    const [one, two] = [
      await sealManifest(fileKey, manifest),
      await sealManifest(fileKey, manifest),
    ];
    expect(hex(one)).toBe(hex(two));
  });

  it('does not open with a bit changed, cut, or under another key', async () => {
    const sealed = await sealManifest(fileKey, manifest);
    await fc.assert(
      fc.asyncProperty(fc.nat(8 * sealed.length - 1), async (bit) => {
        const refusal = await refusalOfAsync(openManifest(fileKey, flipped(sealed, bit)));
        expect(refusal.code).toBe('KEY_INVALID');
      }),
      RUNS,
    );
    const wrong = [
      openManifest(flipped(fileKey), sealed),
      openManifest(fileKey, sealed.slice(0, -1)),
      openManifest(fileKey, sealed.slice(0, 20)),
      openManifest(fileKey, new Uint8Array()),
    ];
    for (const one of wrong) expect((await refusalOfAsync(one)).code).toBe('KEY_INVALID');
  });

  it('does not open where its author chose another nonce', async () => {
    const nonce = new Uint8Array(12);
    const key = deriveKey(fileKey, 'manifest');
    const plaintext = concat(u64be(1), oprfSetId, u32be(1), u32be(1), random(32));
    const chosen = await platform.gcmSeal(key, nonce, new Uint8Array(), plaintext);
    expect((await openManifest(fileKey, await written(plaintext))).size).toBe(1);
    const refusal = await refusalOfAsync(openManifest(fileKey, concat(nonce, chosen)));
    expect(refusal.code).toBe('KEY_INVALID');
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['no extent', concat(u64be(0), oprfSetId, u32be(0))],
    ['fewer extents than it counts', concat(u64be(1), oprfSetId, u32be(2), u32be(1), random(32))],
    ['bytes after its extents', concat(u64be(1), oprfSetId, u32be(1), u32be(1), random(33))],
    ['extents that do not add up', concat(u64be(2), oprfSetId, u32be(1), u32be(1), random(32))],
    ['an endless count', concat(u64be(2), oprfSetId, u32be(0xffff_ffff), random(36))],
  ])('is refused where its author wrote %s', async (_, plaintext) => {
    const refusal = await refusalOfAsync(openManifest(fileKey, await written(plaintext)));
    expect(refusal.code).toBe('INPUT_INVALID');
  });
});

describe('rewriting a manifest under its key', () => {
  const edited: Manifest = {
    ...manifest,
    extents: manifest.extents.map((one, i) => (i === 2 ? { ...one, key: random(32) } : one)),
  };
  /** A reader of the old version wants the last E_j of the new one from both ciphertexts. */
  const recovered = (old: Uint8Array, next: Uint8Array) => {
    const oldKey = manifest.extents[2]?.key ?? new Uint8Array();
    return hex(xor(xor(old.slice(-32), next.slice(-32)), oldKey));
  };
  const wanted = hex(edited.extents[2]?.key ?? new Uint8Array());
  const plaintextOf = (one: Manifest) =>
    concat(
      u64be(one.size),
      one.oprfSetId,
      u32be(one.extents.length),
      ...one.extents.map(({ length, key }) => concat(u32be(length), key)),
    );

  it('by AES-CTR from zero gives the new key away to a reader of the old version', async () => {
    const key = deriveKey(fileKey, 'manifest');
    const old = await platform.aesCtr(key, plaintextOf(manifest));
    const next = await platform.aesCtr(key, plaintextOf(edited));
    expect(recovered(old, next)).toBe(wanted);
  });

  it('under a synthetic nonce gives nothing away', async () => {
    const old = await sealManifest(fileKey, manifest);
    const next = await sealManifest(fileKey, edited);
    expect(next.slice(0, 12)).not.toEqual(old.slice(0, 12));
    expect(recovered(old.slice(0, -16), next.slice(0, -16))).not.toBe(wanted);
  });
});

describe('a card', () => {
  const secret = random(64);
  const card = {
    name: 'Ferien/größte Düne.jpg',
    type: 'image/jpeg',
    modifiedAt: 1_790_000_000_000,
  };
  const sealedAs = async (plaintext: Uint8Array) => {
    const padded = concat(plaintext, new Uint8Array(484 - plaintext.length));
    return sealRecord(secret, { key: 'card', nonce: 'card-iv' }, padded);
  };

  it('opens to what was sealed, in 512 bytes whatever it says', async () => {
    const date = fc.maxSafeNat();
    const text = fc.string({ maxLength: 100, unit: 'grapheme' });
    await fc.assert(
      fc.asyncProperty(text, text, date, async (name, type, modifiedAt) => {
        fc.pre(lengthPrefixed(name + type).length <= 472);
        const sealed = await sealCard(secret, { name, type, modifiedAt });
        expect(sealed).toHaveLength(512);
        expect(await openCard(secret, sealed)).toEqual({ name, type, modifiedAt });
      }),
      RUNS,
    );
  });

  it('takes 468 bytes of name and type, and not one more', async () => {
    const longest = { ...card, name: 'n'.repeat(460), type: 'text/css' };
    expect(await openCard(secret, await sealCard(secret, longest))).toEqual(longest);
    const refusal = await refusalOfAsync(sealCard(secret, { ...longest, type: 'text/html' }));
    expect(refusal.code).toBe('INPUT_INVALID');
    expect(refusal.pointer).toBe('/name');
  });

  it('does not open changed, cut, or under another secret', async () => {
    const sealed = await sealCard(secret, card);
    expect((await refusalOfAsync(openCard(flipped(secret), sealed))).code).toBe('KEY_INVALID');
    expect((await refusalOfAsync(openCard(flipped(secret, 511), sealed))).code).toBe('KEY_INVALID');
    expect((await refusalOfAsync(openCard(secret, flipped(sealed, 999)))).code).toBe('KEY_INVALID');
    expect((await refusalOfAsync(openCard(secret, sealed.slice(1)))).code).toBe('INPUT_INVALID');
  });

  it.each([
    ['a name that does not end', u32be(500)],
    ['a type that does not end', concat(lengthPrefixed('name'), u32be(480))],
    ['a name that is no text', concat(u32be(1), fromHex('ff'), u32be(0), u64be(0))],
    ['a date beyond all dates', concat(u32be(0), u32be(0), u64be(2n ** 60n))],
    ['something after its date', concat(u32be(0), u32be(0), u64be(0), fromHex('01'))],
    ['no room for its date', concat(lengthPrefixed('n'.repeat(474)), u32be(0))],
  ])('is refused where its author wrote %s', async (_, plaintext) => {
    const refusal = await refusalOfAsync(openCard(secret, await sealedAs(plaintext)));
    expect(refusal.code).toBe('INPUT_INVALID');
  });
});
