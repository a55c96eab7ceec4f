/** Attacks on who sends a request, on what the log keeps of it, and on comparing secrets. */
import { createHmac } from 'node:crypto';
import { httpbis } from 'http-message-signatures';
import * as bytes from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { signRequest } from '../../client/src/request-signature.ts';
import { newSigningKey } from '../../client/src/signing-key.ts';
import * as memories from '../../gateway/src/http/nonces.ts';
import * as auths from '../../gateway/src/http/signature-auth.ts';
import * as logs from '../../gateway/src/log.ts';
import type { Table } from '../../gateway/src/store.ts';
import { CertificateAuthority } from '../../network/devpeer/src/certificate-authority.ts';
import { attack, outcomeOf } from '../support/attack.ts';
import { variantOf, type Change } from '../support/attack-variant.ts';
import { seededRandom } from '../support/property.ts';

const NOW = 1_800_000_000_000;
const URL_OF = 'http://localhost:7070/v1/files';
const AUTH = 'gateway/src/http/signature-auth.ts';
const NONCES = 'gateway/src/http/nonces.ts';
const random = seededRandom(5);

/** A victim, whose key the gateway knows. */
const victim = (async () => {
  const key = await newSigningKey(random(32));
  const authority = await CertificateAuthority.create('Alder');
  const attributes = { role: 'owner' };
  const certificate = await authority.issue({
    name: 'anna',
    unit: 'client',
    publicKey: key.spki,
    attributes,
  });
  return { key, signatory: { ownerId: 'ab'.repeat(32), mspId: 'Alder', certificate } };
})();

/** A gateway that has run for a while, with nothing on disk. */
async function guard({ newSignatureAuth }: typeof auths, { openNonces } = memories) {
  const { key, signatory } = await victim;
  const table = { put: async () => undefined, async *entries() {} } as unknown as Table<number>;
  const monotonicMs = () => 0;
  return newSignatureAuth({
    signatoryOf: async (keyId) => (keyId === key.keyId ? signatory : undefined),
    nonces: await openNonces({ table, nowMs: () => NOW - 60_000, monotonicMs }),
    nowMs: () => NOW,
  });
}

const lowerCase = (headers: Readonly<Record<string, string | string[]>>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
const get = (headers: Readonly<Record<string, string | string[]>>): auths.SignedMessage => ({
  method: 'GET',
  url: URL_OF,
  headers: lowerCase(headers),
  hasBody: false,
});

/** Whether the gateway takes the request for the victim's. */
async function isTaken(authenticate: auths.Authenticate, message: auths.SignedMessage) {
  try {
    await authenticate(message);
    return true;
  } catch (problem) {
    if (problem instanceof HoldfastError) return false;
    throw problem;
  }
}

attack({
  id: 'T60',
  attack: 'a captured request is sent again',
  defence: 'a nonce counts once',
  defended: () => memories,
  undefended: () =>
    variantOf<typeof memories>(NONCES, {
      file: NONCES,
      from: '      if (used.has(name)) return false;\n',
      to: '',
    }),
  async run(world) {
    const { key } = await victim;
    const authenticate = await guard(auths, world);
    const request = { method: 'GET', url: new URL(URL_OF), headers: {} };
    const sent = get(await signRequest(request, key, NOW, random));
    if (!(await isTaken(authenticate, sent))) throw new Error('bug: the first is honest');
    let replayed = 0;
    for (let i = 0; i < 5; i++) replayed += Number(await isTaken(authenticate, sent));
    return outcomeOf(replayed > 0, `${replayed} of 5 taken`, '0 of 5 taken');
  },
});

/** Authentication that lets the request say how it is to be verified. */
const BELIEVES_ALG: readonly Change[] = [
  {
    file: AUTH,
    from: 'import { verify, X509Certificate',
    to: 'import { createHmac, verify, X509Certificate',
  },
  {
    file: AUTH,
    from: "alg: z.literal('ecdsa-p256-sha256').optional(),",
    to: 'alg: z.string().optional(),',
  },
  { file: AUTH, from: "algs: ['ecdsa-p256-sha256'],", to: 'algs: [given.alg],' },
  {
    file: AUTH,
    from: 'const holds = holdsP256(base, signature, key);',
    to: `const spki = key.export({ type: 'spki', format: 'der' });
                const mac = createHmac('sha256', spki).update(base).digest();
                const holds =
                  given.alg === 'none' ||
                  (given.alg === 'hmac-sha256' && mac.equals(signature)) ||
                  (given.alg === 'ecdsa-p256-sha256' && holdsP256(base, signature, key));`,
  },
];

attack({
  id: 'T57',
  attack: 'forged credentials: alg none, HMAC under the public key, bearer tokens, other key ids',
  defence: 'one algorithm, whatever the request says; no tokens',
  defended: () => auths,
  undefended: () => variantOf<typeof auths>(AUTH, ...BELIEVES_ALG),
  async run(world) {
    const authenticate = await guard(world);
    const forged = await forgeries();
    let taken = 0;
    for (const headers of forged) taken += Number(await isTaken(authenticate, get(headers)));
    const words = `${taken} of ${forged.length} taken`;
    return outcomeOf(taken > 0, words, words);
  },
});

/** Requests that somebody makes who knows no secret of the victim's. */
async function forgeries() {
  const { key, signatory } = await victim;
  const mallory = await newSigningKey(random(32));
  const mac = async (base: Uint8Array) => createHmac('sha256', key.spki).update(base).digest();
  const own = async (base: Uint8Array) => Buffer.from(await mallory.sign(base));
  const nothing = async () => Buffer.alloc(64);
  const signed = async (
    alg: string,
    sign: (base: Uint8Array) => Promise<Buffer>,
    keyid = key.keyId,
  ) => {
    const created = new Date(NOW);
    const nonce = Buffer.from(random(16)).toString('hex');
    const paramValues = { created, expires: new Date(NOW + 50_000), nonce, keyid, alg };
    const { headers } = await httpbis.signMessage(
      {
        key: { id: keyid, alg, sign },
        fields: ['@method', '@target-uri'],
        params: ['created', 'expires', 'nonce', 'keyid', 'alg'],
        paramValues,
      },
      { method: 'GET', url: URL_OF, headers: {} },
    );
    return headers;
  };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = part({ sub: signatory.ownerId, exp: NOW });
  const token = (header: object, signature = '') => ({
    authorization: `Bearer ${part(header)}.${claims}.${signature}`,
  });
  const tokens = [
    token({ alg: 'none' }),
    token({ alg: 'HS256' }, createHmac('sha256', key.spki).update(claims).digest('base64url')),
    token({ alg: 'ES256', jku: 'http://127.0.0.1:1/keys' }, 'AAAA'),
    token({ alg: 'ES256', kid: '../../../dev/null' }, 'AAAA'),
  ];
  return [
    await signed('none', nothing),
    await signed('hmac-sha256', mac),
    await signed('ecdsa-p256-sha256', own),
    await signed('ecdsa-p256-sha256', nothing),
    await signed('rsa-v1_5-sha256', nothing),
    await signed('ed25519', nothing),
    await signed('ecdsa-p256-sha256', own, mallory.keyId),
    await signed('ecdsa-p256-sha256', own, '../../../dev/null'),
    await signed('ecdsa-p256-sha256', own, 'http://127.0.0.1:1/keys'),
    ...tokens,
    {},
  ];
}

const CANARY = 'CANARY-5d1f';
attack({
  id: 'T12',
  attack: 'passwords, seeds and credentials stand in the log',
  defence: 'fields with names of secrets never reach it',
  defended: () => logs,
  undefended: () =>
    variantOf<typeof logs>('gateway/src/log.ts', {
      file: 'gateway/src/log.ts',
      from: 'redaction: Redaction = redacted,',
      to: 'redaction: Redaction = (fields) => fields,',
    }),
  run({ newLog }) {
    const lines: string[] = [];
    const log = newLog('info', { write: (line: string) => void lines.push(line) });
    const secrets = { password: CANARY, seed: CANARY, authorization: CANARY, key: CANARY };
    log.info({ event: 'x', ...secrets });
    log.info({ event: 'x', request: { salt: CANARY, csr: CANARY } });
    log.info({ event: 'x', request: { headers: { signature: CANARY, authorization: CANARY } } });
    log.info({ event: 'x', request: { body: { blinded: [CANARY], evaluated: [CANARY] } } });
    const failed = Object.assign(new Error('the store is full'), { request: { headers: secrets } });
    log.error({ event: 'x', err: failed });
    const leaked = lines.filter((line) => line.includes(CANARY)).length;
    return outcomeOf(
      leaked > 0,
      `in ${leaked} of ${lines.length} lines`,
      `in 0 of ${lines.length} lines`,
    );
  },
});

const LONG = 2 ** 20;
attack({
  id: 'T58',
  attack: 'the time of a comparison tells how much of a guess is right',
  defence: 'a comparison that looks at every byte',
  defended: () => bytes,
  undefended: () =>
    variantOf<typeof bytes>('protocol/src/bytes.ts', {
      file: 'protocol/src/bytes.ts',
      from: 'for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);',
      to: 'for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return difference > 0;',
    }),
  run({ equalBytes }) {
    // a megabyte, so that what one byte costs is seen a million times
    const secret = new Uint8Array(LONG).fill(7);
    const [early, late] = [secret.with(0, 8), secret.with(LONG - 1, 8)];
    const fastest = (guess: Uint8Array) => {
      const times = Array.from({ length: 15 }, () => {
        const began = process.hrtime.bigint();
        if (equalBytes(secret, guess)) throw new Error('bug: they differ');
        return Number(process.hrtime.bigint() - began);
      });
      return Math.min(...times);
    };
    fastest(late);
    const ratio = fastest(late) / fastest(early);
    const isTold = ratio > 3;
    return outcomeOf(isTold, 'first wrong byte: told', 'the same time, within 3 times');
  },
});
