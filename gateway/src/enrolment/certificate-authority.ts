/**
 * An organisation's certificate authority: Fabric CA's REST interface, register and enroll.
 *
 * @module
 */
import { sign, createPrivateKey } from 'node:crypto';
import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { z } from 'zod';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { parseJson, type Role } from '@holdfast/protocol/schema.js';
import { boundedBytes } from '../bounded-bytes.ts';
import { lowS } from '../ledger/signer.ts';

/** Fabric CA's number for an identity that stands in its register already. */
const IS_REGISTERED = 74;
const PATIENCE_MS = 15_000;
/** Of an answer. */
const MOST_BYTES = 1_048_576;

export interface Registrar {
  /** Base address, such as `http://127.0.0.1:7054/Alder`. */
  readonly caUrl: string;
  /** PEM, of the authority where it speaks TLS; null: the system's roots. */
  readonly tlsRootCert: string | null;
  /** PEM of the identity that may register others. */
  readonly cert: string;
  readonly key: string;
}

export interface Enrolment {
  /** The identity's name at the authority. */
  readonly id: string;
  readonly secret: string;
  readonly role: Role;
  /** PKCS #10, PEM. */
  readonly csr: string;
}

const answer = z.object({
  success: z.boolean(),
  result: z.unknown(),
  errors: z.array(z.object({ code: z.int(), message: z.string() })).nullish(),
});
const enrolled = z.object({ Cert: z.string() });

/**
 * (Agent) A certificate for the key of a CSR, with its role as an attribute.
 *
 * Deviation: an identity that is registered is enrolled again with the same secret: for the same key that is a renewal,
 * which Fabric CA calls re-enrolment and asks the old certificate for.
 *
 * @returns PEM.
 * @throws `INPUT_INVALID` where the authority refuses the CSR, `LEDGER_UNREACHABLE` where it does not answer, or not
 *   with a certificate.
 */
export async function certify(registrar: Registrar, enrolment: Enrolment): Promise<string> {
  const { id, secret, role, csr } = enrolment;
  const registration = await call(registrar, '/api/v1/register', {
    id,
    secret,
    type: 'client',
    max_enrollments: -1,
    attrs: [{ name: 'role', value: role, ecert: true }],
  });
  const refused = registration.errors?.find(({ code }) => code !== IS_REGISTERED);
  if (!registration.success && refused !== undefined) {
    throw new HoldfastError('INTERNAL', `the authority does not register: ${refused.message}`);
  }
  const basic = Buffer.from(`${id}:${secret}`).toString('base64');
  const body = { certificate_request: csr };
  const issued = await call(registrar, '/api/v1/enroll', body, `Basic ${basic}`);
  if (!issued.success) {
    const reason = issued.errors?.[0]?.message ?? 'no reason given';
    throw new HoldfastError('INPUT_INVALID', `the authority refuses the request: ${reason}`, {
      pointer: '/csr',
    });
  }
  const certificate = enrolled.safeParse(issued.result).data?.Cert;
  if (certificate === undefined) {
    throw new HoldfastError('LEDGER_UNREACHABLE', 'the certificate authority gives no certificate');
  }
  return Buffer.from(certificate, 'base64').toString('utf8');
}

async function call(registrar: Registrar, path: string, content: object, authorization?: string) {
  const url = new URL(`${registrar.caUrl.replace(/\/$/, '')}${path}`);
  const body = JSON.stringify(content);
  const headers = {
    'content-type': 'application/json',
    authorization: authorization ?? token(registrar, url, body),
  };
  try {
    const answered = await post(url, { headers, body, ca: registrar.tlsRootCert });
    return parseJson(answer, answered, 'the answer of the authority');
  } catch (cause) {
    throw new HoldfastError('LEDGER_UNREACHABLE', 'the certificate authority does not answer', {
      cause,
    });
  }
}

/** `fetch` cannot be told whose certificates to trust. */
function post(
  url: URL,
  { headers, body, ca }: { headers: OutgoingHttpHeaders; body: string; ca: string | null },
): Promise<string> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const options = { method: 'POST', headers, signal };
  return new Promise((resolve, reject) => {
    const sending =
      url.protocol === 'https:'
        ? httpsRequest(url, { ...options, ...(ca === null ? {} : { ca }) })
        : httpRequest(url, options);
    sending.on('error', reject);
    sending.on('response', (response) => {
      boundedBytes(response, MOST_BYTES).then(
        (bytes) => resolve(Buffer.from(bytes).toString('utf8')),
        reject,
      );
    });
    sending.end(body);
  });
}

/** Fabric CA's token: the certificate, and a signature over method, path, body and certificate. */
function token({ cert, key }: Registrar, url: URL, body: string): string {
  const encode = (text: string): string => Buffer.from(text).toString('base64');
  const certificate = encode(cert);
  const signed = ['POST', encode(url.pathname), encode(body), certificate].join('.');
  const raw = sign('sha256', Buffer.from(signed), {
    key: createPrivateKey(key),
    dsaEncoding: 'ieee-p1363',
  });
  return `${certificate}.${Buffer.from(lowS(raw)).toString('base64')}`;
}
