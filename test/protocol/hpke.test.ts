import { describe, expect, it } from '@jest/globals';
import { Aes128Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import fc from 'fast-check';
import { fromHex, hex, utf8 } from '@holdfast/protocol/bytes.js';
import { hpkeKeyPair, open, seal } from '@holdfast/protocol/hpke.js';
import { RUNS, seededRandom } from '../support/property.ts';
import { refusalOfAsync } from '../support/refusal.ts';
import { keySchedule, secondOpen } from '../support/second-hpke.ts';
import { flipped } from '../support/tamper.ts';
import { vectors } from '../support/vectors.ts';

const published = vectors<Record<string, string>>('rfc9180-hpke.json');
const field = (name: string) => fromHex(published[name] ?? '');
const random = seededRandom();
const context = { info: utf8('holdfast/v1/share'), additional: utf8('what it belongs to') };
const message = utf8('a share of a key');

describe('HPKE against RFC 9180 appendix A.1', () => {
  it('derives the published key pair of the recipient', async () => {
    const { publicKey, privateKey } = await hpkeKeyPair(field('ikmR'));
    expect(hex(publicKey)).toBe(published['pkRm']);
    expect(hex(privateKey)).toBe(published['skRm']);
  });

  it('derives the published ephemeral key', async () => {
    expect(hex((await hpkeKeyPair(field('ikmE'))).publicKey)).toBe(published['enc']);
  });

  it('stands on a library that has the published ciphertext', async () => {
    const kem = new DhkemX25519HkdfSha256();
    const suite = new CipherSuite({ kem, kdf: new HkdfSha256(), aead: new Aes128Gcm() });
    const recipientPublicKey = await kem.deserializePublicKey(field('pkRm'));
    const sender = { recipientPublicKey, info: field('info'), ekm: field('ikmE') };
    const { ct } = await suite.seal(sender, field('plaintext'), field('additional'));
    expect(hex(new Uint8Array(ct))).toBe(published['ciphertext']);
  });

  it('has a second opinion that knows the published secrets and opens the published ciphertext', () => {
    const opening = {
      cipher: 'aes-128-gcm',
      privateKey: field('skRm'),
      publicKey: field('pkRm'),
      enc: field('enc'),
      info: field('info'),
    } as const;
    const { sharedSecret, key, baseNonce } = keySchedule(opening);
    expect(hex(sharedSecret)).toBe(published['sharedSecret']);
    expect(hex(key)).toBe(published['key']);
    expect(hex(baseNonce)).toBe(published['baseNonce']);
    const plaintext = secondOpen(opening, field('ciphertext'), field('additional'));
    expect(hex(plaintext)).toBe(published['plaintext']);
  });
});

describe('a seal', () => {
  it('opens for the holder of the private key, and for the second opinion with AES-256-GCM', async () => {
    const { publicKey, privateKey } = await hpkeKeyPair(random(32));
    const { enc, ciphertext } = await seal(publicKey, message, context, random);
    expect(hex(await open(privateKey, { enc, ciphertext }, context))).toBe(hex(message));
    const opening = {
      cipher: 'aes-256-gcm',
      privateKey,
      publicKey,
      enc,
      info: context.info,
    } as const;
    expect(hex(secondOpen(opening, ciphertext, context.additional))).toBe(hex(message));
  });

  it('gives another ciphertext each time', async () => {
    const { publicKey } = await hpkeKeyPair(random(32));
    const [a, b] = [
      await seal(publicKey, message, context, random),
      await seal(publicKey, message, context, random),
    ];
    expect(hex(a.ciphertext)).not.toBe(hex(b.ciphertext));
  });

  it('never meets a key twice, even from a generator that repeats itself', async () => {
    const { publicKey } = await hpkeKeyPair(random(32));
    const stuck = (length: number) => new Uint8Array(length);
    const other = { ...context, additional: utf8('something else') };
    const enc = async (text: Uint8Array, where: typeof context) =>
      hex((await seal(publicKey, text, where, stuck)).enc);
    const same = await enc(message, context);
    expect(await enc(message, context)).toBe(same);
    expect(await enc(utf8('another share'), context)).not.toBe(same);
    expect(await enc(message, other)).not.toBe(same);
  });

  it('opens for nobody else and in no other context, and not with any bit changed', async () => {
    const { publicKey, privateKey } = await hpkeKeyPair(random(32));
    const stranger = await hpkeKeyPair(random(32));
    const sealed = await seal(publicKey, message, context, random);
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (bit) => {
        const attempts = [
          () => open(privateKey, { ...sealed, enc: flipped(sealed.enc, bit) }, context),
          () =>
            open(privateKey, { ...sealed, ciphertext: flipped(sealed.ciphertext, bit) }, context),
          () => open(privateKey, sealed, { ...context, info: flipped(context.info, bit) }),
          () =>
            open(privateKey, sealed, { ...context, additional: flipped(context.additional, bit) }),
          () => open(stranger.privateKey, sealed, context),
        ];
        for (const attempt of attempts) {
          expect((await refusalOfAsync(attempt())).code).toBe('SHARE_INVALID');
        }
      }),
      RUNS,
    );
  });

  it.each([0, 15])('of %d bytes is refused without a crash', async (length) => {
    const { privateKey } = await hpkeKeyPair(random(32));
    const short = { enc: new Uint8Array(32).fill(9), ciphertext: new Uint8Array(length) };
    expect((await refusalOfAsync(open(privateKey, short, context))).code).toBe('SHARE_INVALID');
  });

  it.each([
    ['too short', new Uint8Array(31)],
    ['too long', new Uint8Array(33)],
    ['of small order', new Uint8Array(32)],
  ])('is not made to a key that is %s', async (_, key) => {
    const attempt = seal(key, message, context, random);
    expect((await refusalOfAsync(attempt)).code).toBe('KEY_INVALID');
  });
});
