import { createECDH, hkdfSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { bls12_381 } from '@noble/curves/bls12-381';
import { hex, integer, toInteger } from '@holdfast/protocol/bytes.js';
import { ready } from '@holdfast/protocol/curve.js';
import { ORDER } from '@holdfast/protocol/scalar.js';
import { ownerSecrets, P256_ORDER } from '@holdfast/protocol/owner-secrets.js';
import { seededRandom } from '../support/property.ts';
import { flipped } from '../support/tamper.ts';

const random = seededRandom();
const seed = random(32);

/** HKDF-SHA-256 without salt, as an array of bytes. */
const derived = (label: string, length = 32) =>
  new Uint8Array(hkdfSync('sha256', seed, new Uint8Array(), `holdfast/v1/${label}`, length));
const scalar = (label: string, order: bigint) =>
  (toInteger(derived(label, 48)) % (order - 1n)) + 1n;

beforeAll(ready);

describe('the secrets of an owner', () => {
  it('are the ones of the specification, each under its label', async () => {
    const secrets = await ownerSecrets(seed);
    expect(secrets.signingKey).toBe(scalar('signing', P256_ORDER));
    expect(secrets.tagKey.x).toBe(scalar('tag-secret', ORDER));
    expect(secrets.tagKey.alpha).toBe(scalar('tag-alpha', ORDER));
    expect(secrets.trapdoor).toBe(scalar('chameleon', ORDER));
    expect(hex(secrets.nonceKey)).toBe(hex(derived('nonce')));
  });

  it('have a chameleon key that a second library agrees on', async () => {
    const { trapdoor, chameleonKey } = await ownerSecrets(seed);
    const point = bls12_381.G1.ProjectivePoint.BASE.multiply(trapdoor);
    expect(hex(chameleonKey)).toBe(hex(point.toRawBytes(true)));
  });

  it('have a signing key that OpenSSL takes for P-256', async () => {
    const { signingKey } = await ownerSecrets(seed);
    const pair = createECDH('prime256v1');
    pair.setPrivateKey(integer(signingKey, 32));
    expect(pair.getPublicKey()).toHaveLength(65);
  });

  it('come back whole from the seed alone, and are all others with one bit changed', async () => {
    const flat = ({ hpke, tagKey, saltOf, ...rest }: Awaited<ReturnType<typeof ownerSecrets>>) => [
      hex(hpke.privateKey),
      hex(hpke.publicKey),
      ...Object.values(tagKey),
      hex(saltOf(new Uint8Array(32))),
      rest.signingKey,
      rest.trapdoor,
      hex(rest.chameleonKey),
      hex(rest.nonceKey),
    ];
    const first = flat(await ownerSecrets(seed));
    expect(flat(await ownerSecrets(seed))).toEqual(first);
    const other = flat(await ownerSecrets(flipped(seed, 77)));
    expect(new Set([...first, ...other]).size).toBe(2 * first.length);
  });

  it('salt every file otherwise', async () => {
    const { saltOf } = await ownerSecrets(seed);
    const [a, b] = [random(32), random(32)];
    expect(hex(saltOf(a))).toBe(hex(saltOf(a)));
    expect(hex(saltOf(a))).not.toBe(hex(saltOf(b)));
  });

  it('need a whole seed', async () => {
    await expect(ownerSecrets(seed.slice(1))).rejects.toThrow('bug: a seed has 32 bytes');
  });
});
