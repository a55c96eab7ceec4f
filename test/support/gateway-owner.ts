/** Owners at a gateway under test: with the client's library, and with bare signed requests where the library would refuse. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { accountAnswer } from '@holdfast/protocol/network-messages.js';
import { parsePhrase } from '@holdfast/protocol/phrase.js';
import { newCertificateRequest } from '../../client/src/certificate.ts';
import { newGatewayApi, type GatewayApi } from '../../client/src/gateway-api.ts';
import { Owner } from '../../client/src/owner.ts';
import { openKeys } from '../../client/src/session.ts';
import { newSigningKey, type SigningKey } from '../../client/src/signing-key.ts';
import { signRequest } from '../../client/src/request-signature.ts';
import { seededRandom } from './property.ts';

const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));

export interface BareRequest {
  readonly body?: Uint8Array | string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent in place of the body that was signed. */
  readonly sent?: Uint8Array | string;
}

/** A key with a certificate, and nothing else. */
export interface BareOwner {
  readonly ownerId: string;
  readonly certificate: string;
  readonly key: SigningKey;
  /** The answer as it comes, refusals too. */
  send(method: string, path: string, request?: BareRequest): Promise<Response>;
  json(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
}

const keyOf = (number: number): Promise<SigningKey> => newSigningKey(seededRandom(number)(32));

/** A certificate request for the key that a number stands for. */
export const newRequest = async (number: number): Promise<string> =>
  newCertificateRequest(await keyOf(number));

/** Enrols the key that a number stands for. */
export async function newBareOwner(url: string, number: number): Promise<BareOwner> {
  const key = await keyOf(number);
  const api = newGatewayApi({ url, random, nowMs: Date.now });
  const csr = await newCertificateRequest(key);
  const json = { custody: 'owner', csr };
  const account = await api.call('POST', '/v1/accounts', accountAnswer, { json });
  return { ...account, key, ...newSender(url, key) };
}

export function newSender(url: string, key: SigningKey): Pick<BareOwner, 'send' | 'json'> {
  async function send(method: string, path: string, request: BareRequest = {}): Promise<Response> {
    const { headers = {}, body, sent = body } = request;
    const target = new URL(path, url);
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
    const typed = method === 'POST' ? { 'content-type': 'application/json', ...headers } : headers;
    const unsigned = { method, url: target, headers: typed };
    const signed = bytes === undefined ? unsigned : { ...unsigned, body: bytes };
    const all = await signRequest(signed, key, Date.now(), random);
    return fetch(target, { method, headers: all, body: sent ?? null });
  }
  return {
    send,
    async json(method, path, body) {
      const request = body === undefined ? {} : { body: JSON.stringify(body) };
      const answer = await send(method, path, request);
      const text = await answer.text();
      return {
        status: answer.status,
        body: text === '' ? undefined : (JSON.parse(text) as unknown),
      };
    },
  };
}

export interface FullOwner extends Pick<BareOwner, 'send' | 'json'> {
  readonly owner: Owner;
  readonly phrase: string;
  readonly key: SigningKey;
  readonly api: GatewayApi;
}

const homes: string[] = [];
afterAll(() => Promise.all(homes.map((home) => rm(home, { recursive: true, force: true }))));

/** An owner with an account on the ledger and its tag key at the provider, for blocks of 64 KiB. */
export async function newFullOwner(gateway: string): Promise<FullOwner> {
  const home = await mkdtemp(join(tmpdir(), 'holdfast-home-'));
  homes.push(home);
  const { owner, phrase } = await Owner.create({
    gateway,
    home,
    password: 'granite otter seven',
    longestBlock: 65_536,
  });
  const { key } = await openKeys(parsePhrase(phrase));
  const api = newGatewayApi({ url: gateway, key, random, nowMs: Date.now });
  return { owner, phrase, key, api, ...newSender(gateway, key) };
}
