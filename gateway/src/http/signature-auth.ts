/**
 * Who sends a request: HTTP message signatures (RFC 9421) with the owner's own P-256 key.
 *
 * Covered are `@method`, `@target-uri` and, where there is a body, `content-digest` and `content-length`; the parameters
 * are `created`, `expires` (at most 60 s later), `nonce` (never seen before) and `keyid`, the SHA-256 of the key's SPKI
 * in hex. The signature is ECDSA with SHA-256 as r || s.
 *
 * @module
 */
import { verify, X509Certificate, type KeyObject } from 'node:crypto';
import { httpbis, type SignatureParameters } from 'http-message-signatures';
import { z } from 'zod';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { digest, parse } from '@holdfast/protocol/schema.js';
import type { Nonces } from './nonces.ts';
import { HttpRefusal } from './problem.ts';
import type { Signatory, Signer } from './signatory.ts';

export type { Signatory, Signer } from './signatory.ts';

/** The longest life of a signature, and how far a client's clock may be ahead, seconds. */
const LIFE_SECONDS = 60;
const AHEAD_SECONDS = 10;

/** What is signed of a request. */
export interface SignedMessage {
  readonly method: string;
  /** Absolute. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly hasBody: boolean;
}

export interface SignatureAuthParts {
  /** Finds a key's owner; undefined where nobody we know has it. */
  readonly signatoryOf: (keyId: string) => Promise<Signatory | undefined>;
  readonly nonces: Nonces;
  readonly nowMs: () => number;
}

const parameters = z.object({
  created: z.date(),
  expires: z.int(),
  nonce: z.string().min(16).max(128),
  keyid: digest,
  alg: z.literal('ecdsa-p256-sha256').optional(),
});

const WITHOUT_BODY = ['@method', '@target-uri'];
const WITH_BODY = [...WITHOUT_BODY, 'content-digest', 'content-length'];

/** (Agent) Verifies signatures, each of which counts once. */
export function newSignatureAuth({ signatoryOf, nonces, nowMs }: SignatureAuthParts) {
  return async function authenticate(message: SignedMessage): Promise<Signer> {
    const headers = presentHeaders(message);
    let found: Signer | undefined;
    const required = message.hasBody ? WITH_BODY : WITHOUT_BODY;
    const verified = await httpbis
      .verifyMessage(
        {
          requiredFields: required,
          requiredParams: ['created', 'expires', 'nonce', 'keyid'],
          // the window is checked below, against our own clock
          notAfter: Number.MAX_SAFE_INTEGER,
          tolerance: LIFE_SECONDS,
          // a component with a parameter would cover less than its name says
          componentParser: (name, params) => {
            if (params.size > 0) throw refused(`${name} is signed with a parameter`);
            return null;
          },
          keyLookup: async (given) => {
            const checked = checkParameters(given, nowMs(), nonces.startedSeconds);
            const { keyId, nonce } = checked;
            const signatory = await signatoryOf(keyId);
            if (signatory === undefined) throw refused(`nobody known here has the key ${keyId}`);
            found = { ...signatory, keyId };
            const key = new X509Certificate(signatory.certificate).publicKey;
            return {
              id: keyId,
              algs: ['ecdsa-p256-sha256'],
              verify: async (base, signature) => {
                const holds = holdsP256(base, signature, key);
                // only a signature that holds uses up its nonce
                return holds && nonces.use(`${keyId} ${nonce}`, checked);
              },
            };
          },
        },
        { method: message.method, url: message.url, headers },
      )
      .catch((error: unknown) => {
        if (error instanceof HoldfastError) throw error;
        throw new HoldfastError('NOT_ALLOWED', `the signature is refused`, { cause: error });
      });
    if (verified !== true || found === undefined) {
      throw refused('the request is not signed, or its signature does not hold or was used before');
    }
    return found;
  };
}

export type Authenticate = ReturnType<typeof newSignatureAuth>;

/** ECDSA P-256 with SHA-256, r || s (RFC 9421 section 3.3.4). */
export const holdsP256 = (base: Uint8Array, signature: Uint8Array, key: KeyObject): boolean =>
  verify('sha256', base, { key, dsaEncoding: 'ieee-p1363' }, signature);

const refused = (reason: string): HoldfastError => new HoldfastError('NOT_ALLOWED', reason);

/** One signature a request: with several, one that holds would vouch for another's parameters. */
function presentHeaders({ headers }: SignedMessage): Record<string, string | string[]> {
  const present: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) present[name] = value;
  }
  const input = present['signature-input'];
  if (typeof input !== 'string' || (input.match(/=\s*\(/g) ?? []).length !== 1) {
    throw refused('expected one RFC 9421 signature: Signature-Input and Signature');
  }
  return present;
}

function checkParameters(given: SignatureParameters, nowMs: number, startedSeconds: number) {
  const { created, expires, nonce, keyid } = parse(parameters, given, 'Signature-Input');
  const createdSeconds = created.getTime() / 1000;
  const now = nowMs / 1000;
  if (createdSeconds > now + AHEAD_SECONDS) {
    const ahead = `the signature is of the future, ${Math.floor(createdSeconds - now)} s from now`;
    throw refused(`${ahead}: the clock of the device or of this gateway is wrong`);
  }
  if (expires <= now) {
    const late = `the signature has expired ${Math.floor(now - expires)} s ago`;
    throw refused(`${late}: the clock of the device or of this gateway is wrong, or it came late`);
  }
  if (createdSeconds < startedSeconds) {
    throw new HttpRefusal('NOT_ALLOWED', 'the signature is older than this gateway: sign again', {
      headers: { 'Retry-After': '1' },
    });
  }
  if (expires > createdSeconds + LIFE_SECONDS) {
    throw refused(`a signature lives at most ${LIFE_SECONDS} s`);
  }
  return { keyId: keyid, nonce, created: createdSeconds, expires };
}
