import { createHash, createPublicKey } from 'node:crypto';
import { httpbis } from 'http-message-signatures';
import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  holdsP256,
  newSignatureAuth,
  type SignedMessage,
  type Signatory,
} from '../../gateway/src/http/signature-auth.ts';
import type { HoldfastError } from '@holdfast/protocol/errors.js';
import { openNonces } from '../../gateway/src/http/nonces.ts';
import { CertificateAuthority } from '../../network/devpeer/src/certificate-authority.ts';
import { newSigningKey, type SigningKey } from '../../client/src/signing-key.ts';
import { signRequest } from '../../client/src/request-signature.ts';
import { seededRandom } from '../support/property.ts';
import { refusalOfAsync } from '../support/refusal.ts';
import { keysOf, newTable } from '../support/table.ts';
import { flipped } from '../support/tamper.ts';
import { vectors } from '../support/vectors.ts';

const NOW = 1_800_000_000_000;
const URL_OF = 'http://localhost:7070/v1/files?limit=2';

interface Rfc9421 {
  readonly b24: {
    readonly publicKey: string;
    readonly status: number;
    readonly headers: Record<string, string>;
    readonly created: number;
    readonly base: readonly string[];
    readonly signature: string;
  };
}

describe('RFC 9421, appendix B.2.4: ECDSA P-256', () => {
  const { b24 } = vectors<Rfc9421>('rfc9421.json');
  const { publicKey, status, headers, created, signature } = b24;
  const key = createPublicKey(publicKey);
  const fields = ['@status', 'content-type', 'content-digest', 'content-length'];
  const lines = httpbis.createSignatureBase({ fields }, { status, headers });
  const parameters = `(${fields.map((field) => `"${field}"`).join(' ')});created=${created};keyid="test-key-ecc-p256"`;
  const base = Buffer.from(
    httpbis.formatSignatureBase([...lines, ['"@signature-params"', [parameters]]]),
  );

  it('is verified', () => {
    expect(base.toString()).toBe(b24.base.join('\n'));
    expect(holdsP256(base, Buffer.from(signature, 'base64'), key)).toBe(true);
  });

  it('is refused with one bit changed', () => {
    const bytes = Buffer.from(signature, 'base64');
    expect(holdsP256(base, flipped(bytes, 100), key)).toBe(false);
    expect(holdsP256(flipped(base, 100), bytes, key)).toBe(false);
  });
});

describe('a signed request', () => {
  let signatory: Signatory;
  let key: SigningKey;
  let other: SigningKey;

  beforeAll(async () => {
    key = await newSigningKey(seededRandom(1)(32));
    other = await newSigningKey(seededRandom(2)(32));
    const authority = await CertificateAuthority.create('Alder');
    const certificate = await authority.issue({
      name: 'anna',
      unit: 'client',
      publicKey: key.spki,
      attributes: { role: 'owner' },
    });
    signatory = { ownerId: 'ab'.repeat(32), mspId: 'Alder', certificate };
  });

  const nonces = seededRandom(3);
  let now = NOW;
  let monotonic = 0;
  const nowMs = () => now;
  /** A gateway that started a second before. */
  const newAuth = async (at = NOW, table = newTable<number>()) => {
    now = at - 1_000;
    const nonces = await openNonces({ table, nowMs, monotonicMs: () => monotonic });
    now = at;
    const signatoryOf = async (keyId: string) => (keyId === key.keyId ? signatory : undefined);
    return newSignatureAuth({ signatoryOf, nonces, nowMs });
  };

  async function message(
    changes: { body?: Uint8Array; by?: SigningKey; at?: number; method?: string } = {},
  ): Promise<SignedMessage> {
    const { body, by = key, at = NOW, method = body === undefined ? 'GET' : 'POST' } = changes;
    const unsigned = { method, url: new URL(URL_OF), headers: {} };
    const headers = await signRequest(
      body === undefined ? unsigned : { ...unsigned, body },
      by,
      at,
      nonces,
    );
    const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
    return { method, url: URL_OF, headers: Object.fromEntries(lower), hasBody: body !== undefined };
  }

  const body = new TextEncoder().encode('{"blinded":[]}');

  it('names the owner of its key, with and without a body', async () => {
    const authenticate = await newAuth();
    const owner = { ownerId: signatory.ownerId, keyId: key.keyId };
    await expect(authenticate(await message())).resolves.toMatchObject(owner);
    await expect(authenticate(await message({ body }))).resolves.toMatchObject(owner);
  });

  it('counts once: sent again it is refused', async () => {
    const authenticate = await newAuth();
    const sent = await message({ body });
    await authenticate(sent);
    expect((await refusalOfAsync(authenticate(sent))).code).toBe('NOT_ALLOWED');
  });

  it('is still refused when sent again at the last second of its life', async () => {
    const authenticate = await newAuth();
    const sent = await message();
    await authenticate(sent);
    now = NOW + 59_000;
    await authenticate(await message({ at: now }));
    expect((await refusalOfAsync(authenticate(sent))).code).toBe('NOT_ALLOWED');
  });

  it('does not use up its nonce where it does not hold', async () => {
    const authenticate = await newAuth();
    const sent = await message();
    await refusalOfAsync(authenticate({ ...sent, url: `${URL_OF}0` }));
    await expect(authenticate(sent)).resolves.toMatchObject({ keyId: key.keyId });
  });

  const changes: readonly [string, (sent: SignedMessage) => SignedMessage][] = [
    ['another method', (sent) => ({ ...sent, method: 'DELETE' })],
    ['another target', (sent) => ({ ...sent, url: URL_OF.replace('limit=2', 'limit=3') })],
    ['another gateway', (sent) => ({ ...sent, url: URL_OF.replace('localhost', 'example.org') })],
    ['another digest', (sent) => withHeader(sent, 'content-digest', digestOf('{"blinded":[1]}'))],
    ['another length', (sent) => withHeader(sent, 'content-length', '15')],
    ['no digest', (sent) => withHeader(sent, 'content-digest', undefined)],
    ['no signature', (sent) => withHeader(sent, 'signature', undefined)],
    ['no parameters', (sent) => withHeader(sent, 'signature-input', undefined)],
    [
      'a later expiry',
      (sent) => replaced(sent, /expires=(\d+)/, (_, at) => `expires=${Number(at) - 1}`),
    ],
    ['another nonce', (sent) => replaced(sent, /nonce="(.)/, () => 'nonce="_')],
    ['a component less', (sent) => replaced(sent, / "content-length"/, () => '')],
    ['a component with a parameter', (sent) => replaced(sent, /"@method"/, () => '"@method";req')],
    [
      'a second signature',
      (sent) => replaced(sent, /^(.*)$/, (all) => `${all}, ${all.replace('sig', 'gis')}`),
    ],
  ];

  it.each(changes)('is refused with %s', async (_, change) => {
    const authenticate = await newAuth();
    const sent = await message({ body });
    expect((await refusalOfAsync(authenticate(change(sent)))).code).toBe('NOT_ALLOWED');
    await expect(authenticate(sent)).resolves.toMatchObject({ keyId: key.keyId });
  });

  it('is refused without a digest where its body is not signed at all', async () => {
    const sent = await message({ method: 'POST' });
    const refusal = await refusalOfAsync((await newAuth())({ ...sent, hasBody: true }));
    expect(refusal.code).toBe('NOT_ALLOWED');
  });

  it('is refused from a key that nobody here knows', async () => {
    const refusal = await refusalOfAsync((await newAuth())(await message({ by: other })));
    expect(refusal).toMatchObject({ code: 'NOT_ALLOWED' });
    expect(refusal.detail).toContain(other.keyId);
  });

  it('is refused once it has expired, and where it comes from the future', async () => {
    const late = await newAuth();
    const sent = await message();
    now = NOW + 60_000;
    expect((await refusalOfAsync(late(sent))).detail).toMatch(/expired/);
    const early = await message({ at: NOW + 11_000 });
    expect((await refusalOfAsync((await newAuth())(early))).detail).toMatch(/future/);
    await expect((await newAuth())(await message({ at: NOW + 9_000 }))).resolves.toBeDefined();
  });

  it('is refused where it was signed before the gateway started, and is to be signed again', async () => {
    const refusal = await refusalOfAsync((await newAuth(NOW + 2_000))(await message()));
    expect(refusal.detail).toMatch(/older than this gateway/);
    expect(refusal).toMatchObject({ headers: { 'Retry-After': '1' } });
  });

  it.each([
    [0, /older than this gateway/, /older than this gateway/],
    [1_000, /used before/, /^taken$/],
    [10_000, /used before/, /^taken$/],
  ])(
    'is refused after a restart where it was %d ms ahead of the clock and used before',
    async (ahead, detail, otherwise) => {
      const table = newTable<number>();
      const before = await newAuth(NOW, table);
      const sent = await message({ at: NOW + ahead });
      await expect(before(sent)).resolves.toBeDefined();
      const after = await newAuth(NOW + 1_000, table);
      expect((await refusalOfAsync(after(sent))).detail).toMatch(detail);
      // the control: what the earlier gateway has not seen, and a gateway that forgets
      await expect(after(await message({ at: NOW + 1_000 }))).resolves.toBeDefined();
      const forgetful = await newAuth(NOW + 1_000);
      const outcome = await forgetful(sent).then(
        () => 'taken',
        (error: HoldfastError) => error.detail,
      );
      expect(outcome).toMatch(otherwise);
    },
  );

  it('leaves nothing on disk where it is not ahead, and not for longer than it lives', async () => {
    const table = newTable<number>();
    const authenticate = await newAuth(NOW, table);
    await authenticate(await message());
    expect(await keysOf(table)).toHaveLength(0);
    await authenticate(await message({ at: NOW + 5_000 }));
    expect(await keysOf(table)).toHaveLength(1);
    now += 120_000;
    monotonic += 120_000;
    await authenticate(await message({ at: now }));
    expect(await keysOf(table)).toHaveLength(0);
  });

  it('is still refused when the clock has jumped hours ahead and back', async () => {
    const authenticate = await newAuth();
    const sent = await message();
    await authenticate(sent);
    now = NOW + 7_200_000;
    monotonic += 90_000;
    await authenticate(await message({ at: now }));
    now = NOW + 30_000;
    expect((await refusalOfAsync(authenticate(sent))).detail).toMatch(/used before/);
  });

  it.each([
    [-7_200, /expired 7140 s ago: the clock of the device or of this gateway is wrong/],
    [7_200, /of the future, 7200 s from now: the clock of the device or of this gateway is wrong/],
  ])(
    'is refused from a device whose clock is %d s off, and the difference is named',
    async (s, said) => {
      const refusal = await refusalOfAsync(
        (await newAuth())(await message({ at: NOW + 1_000 * s })),
      );
      expect(refusal.detail).toMatch(said);
    },
  );

  it('is refused where it wants to live longer than a minute', async () => {
    const authenticate = await newAuth();
    const created = new Date(NOW);
    const { headers } = await httpbis.signMessage(
      {
        key: { id: key.keyId, sign: async (base) => Buffer.from(await key.sign(base)) },
        fields: ['@method', '@target-uri'],
        params: ['created', 'expires', 'nonce', 'keyid'],
        paramValues: { created, expires: new Date(NOW + 61_000), nonce: '0123456789abcdef' },
      },
      { method: 'GET', url: URL_OF, headers: {} },
    );
    const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
    const sent = {
      method: 'GET',
      url: URL_OF,
      headers: Object.fromEntries(lower) as Record<string, string>,
      hasBody: false,
    };
    expect((await refusalOfAsync(authenticate(sent))).detail).toMatch(/at most 60 s/);
  });
});

const digestOf = (text: string): string =>
  `sha-256=:${createHash('sha256').update(text).digest('base64')}:`;

function withHeader(sent: SignedMessage, name: string, value: string | undefined): SignedMessage {
  return { ...sent, headers: { ...sent.headers, [name]: value } };
}

function replaced(
  sent: SignedMessage,
  pattern: RegExp,
  by: (all: string, first: string) => string,
): SignedMessage {
  const input = String(sent.headers['signature-input']);
  const changed = input.replace(pattern, by);
  if (changed === input) throw new Error('bug: the test changes nothing');
  return withHeader(sent, 'signature-input', changed);
}
