/**
 * Blocks in and out of a Kubo node over HTTP: the bulk, as streams of bytes. Reads go to the node's gateway port, which
 * fetches nothing from neighbours (`Gateway.NoFetch`) and costs less than its RPC; writes go to the RPC.
 *
 * @module
 */
import { Agent, request, type IncomingMessage, type RequestOptions } from 'node:http';
import { randomBytes } from 'node:crypto';
import { concat, utf8 } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { CID } from 'multiformats/cid';
import { z } from 'zod';
import { boundedBytes } from '../bounded-bytes.ts';
import { DAG_PB } from './block-cid.ts';

/** Longest silence of a node that still counts as an answer to come, milliseconds. */
const SILENCE_MS = 30_000;
const CONNECTIONS = 16;
/** Of an answer: the largest block, and room for what stands around one. */
const MOST_BYTES = 2 * 1_048_576;
const CRLF = '\r\n';

export interface KuboAddress {
  /** RPC, such as `http://127.0.0.1:5001`. */
  readonly rpc: string;
  /** Read-only gateway. */
  readonly gateway: string;
}

export interface KuboBlocks {
  /** undefined where the node itself has none. */
  get(cid: CID, signal: AbortSignal): Promise<Uint8Array | undefined>;
  has(cid: CID, signal: AbortSignal): Promise<boolean>;
  /** @returns the CID that Kubo gave the bytes. */
  put(cid: CID, bytes: Uint8Array, signal: AbortSignal): Promise<string>;
}

interface Answer {
  readonly status: number;
  readonly body: Uint8Array;
}

const stored = z.object({ Key: z.string() });

export function kuboBlocks({ rpc, gateway }: KuboAddress): KuboBlocks {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const raw = (cid: CID) => new URL(`/ipfs/${cid.toString()}?format=raw`, gateway);

  async function call(url: URL, options: RequestOptions, body?: Uint8Array): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sending = request(url, { ...options, agent, timeout: SILENCE_MS });
      sending.on('timeout', () => sending.destroy(new Error(`silent for ${SILENCE_MS} ms`)));
      sending.on('error', reject);
      sending.on('response', (response) => {
        whole(response).then((bytes) => {
          resolve({ status: response.statusCode ?? 0, body: bytes });
        }, reject);
      });
      sending.end(body);
    });
  }

  return {
    async get(cid, signal) {
      const { status, body } = await call(raw(cid), { signal });
      if (status === 200) return body;
      if (status === 404) return undefined;
      throw refused('GET', status, body);
    },
    async has(cid, signal) {
      const { status, body } = await call(raw(cid), { method: 'HEAD', signal });
      if (status === 200 || status === 404) return status === 200;
      throw refused('HEAD', status, body);
    },
    async put(cid, bytes, signal) {
      const boundary = randomBytes(16).toString('hex');
      const body = concat(
        utf8(
          `--${boundary}${CRLF}content-disposition: form-data; name="data"; filename="block"${CRLF}` +
            `content-type: application/octet-stream${CRLF}${CRLF}`,
        ),
        bytes,
        utf8(`${CRLF}--${boundary}--${CRLF}`),
      );
      const url = new URL('/api/v0/block/put?mhtype=sha2-256&pin=false', rpc);
      url.searchParams.set('cid-codec', cid.code === DAG_PB ? 'dag-pb' : 'raw');
      const headers = {
        'content-type': `multipart/form-data; boundary=${boundary}`,
        'content-length': body.length,
      };
      const answer = await call(url, { method: 'POST', headers, signal }, body);
      if (answer.status !== 200) throw refused('block/put', answer.status, answer.body);
      return stored.parse(JSON.parse(text(answer.body))).Key;
    },
  };
}

/** A body with an error behind it, in a trailer, is none. */
async function whole(response: IncomingMessage): Promise<Uint8Array> {
  const bytes = await boundedBytes(response, MOST_BYTES);
  const trailer = response.trailers['x-stream-error'];
  if (trailer !== undefined) throw failureOf(trailer);
  return bytes;
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

const refused = (what: string, status: number, body: Uint8Array): Error =>
  failureOf(`${what}: ${status} ${text(body).slice(0, 200)}`);

/** Kubo passes on the system's text only. */
export const failureOf = (words: string, cause?: unknown): Error =>
  /no space left on device|disk quota exceeded/i.test(words)
    ? new HoldfastError('STORE_FULL', 'a Kubo node has no space left', { cause: cause ?? words })
    : new Error(words, { cause });
