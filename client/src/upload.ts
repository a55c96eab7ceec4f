/**
 * Sending ciphertext by the tus protocol (tus.io, 1.0.0: core and creation), each part signed whole.
 *
 * A part is at most 16 MiB: the digest that its signature covers needs it in memory. One part is on its way while the
 * next one is sealed.
 *
 * Why not tus-js-client: a request is signed over its body's digest, and that library never shows the body to the code
 * that signs.
 *
 * @module
 */
import { setTimeout as delay } from 'node:timers/promises';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import {
  uploadAnswer,
  type UploadAnswer,
  type UploadRequest,
} from '@holdfast/protocol/upload-messages.js';
import type { GatewayApi } from './gateway-api.ts';

const PART_BYTES = 16 * 2 ** 20;
const TRIES = 6;
const PAUSE_MS = 500;
/** The version that every request of the protocol names. */
export const TUS = { 'tus-resumable': '1.0.0' };

/** (Owner) Opens an upload. */
export const openUpload = (api: GatewayApi, request: UploadRequest): Promise<UploadAnswer> =>
  api.call('POST', '/v1/uploads', uploadAnswer, {
    json: request,
    headers: { ...TUS, 'upload-length': String(request.paddedSize + request.manifestSize) },
  });

/** (Owner) Bytes that the provider holds durably. @throws `NOT_FOUND` where the upload is gone. */
export async function uploadedBytes(api: GatewayApi, uploadId: string): Promise<number> {
  const response = await api.request('HEAD', `/v1/uploads/${uploadId}`, { headers: TUS });
  return offsetOf(response);
}

export interface Uploader {
  /** Takes a copy of the next bytes of the content, from its very beginning; those that are there already are dropped. */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when everything is durable. */
  finish(): Promise<void>;
}

/**
 * (Owner) Continues an upload.
 *
 * @param from - {@link uploadedBytes}.
 * @param sent - called with the bytes that are durable.
 */
export function newUploader(
  api: GatewayApi,
  uploadId: string,
  from: number,
  sent: (bytes: number) => void,
): Uploader {
  // two rooms in turn: one is filled while the other is on its way
  let part = new Uint8Array(PART_BYTES);
  let other = new Uint8Array(PART_BYTES);
  let filled = 0;
  let seen = 0;
  let durable = from;
  let flight: Promise<void> = Promise.resolve();

  async function send(bytes: Uint8Array, start: number): Promise<void> {
    for (let tries = 1; durable < start + bytes.length; tries++) {
      try {
        durable = await patch(api, uploadId, durable, bytes.subarray(durable - start));
        tries = 0;
      } catch (error) {
        if (tries === TRIES || !isInterruption(error)) throw error;
        await delay(tries * PAUSE_MS);
        durable = await uploadedBytes(api, uploadId);
        if (durable < start) throw new HoldfastError('STORAGE_UNREACHABLE', 'sent bytes are gone');
      }
      sent(durable);
    }
  }

  async function flush(): Promise<void> {
    if (filled === 0) return;
    const bytes = part.subarray(0, filled);
    await flight;
    flight = send(bytes, seen - filled);
    flight.catch(() => undefined); // it is awaited before the next part, and at the end
    [part, other, filled] = [other, part, 0];
  }

  return {
    async write(bytes) {
      const fresh = bytes.subarray(Math.min(bytes.length, Math.max(0, from - seen)));
      if (filled + fresh.length > PART_BYTES) await flush();
      part.set(fresh, filled);
      filled += fresh.length;
      seen += bytes.length;
      if (filled === PART_BYTES) await flush();
    },
    async finish() {
      await flush();
      await flight;
    },
  };
}

/** (Owner) Puts a small part that belongs to an upload. */
export async function putPart(
  api: GatewayApi,
  uploadId: string,
  part: 'tags' | 'card',
  body: Uint8Array,
): Promise<void> {
  const headers = { 'content-type': 'application/octet-stream' };
  await api.request('PUT', `/v1/uploads/${uploadId}/${part}`, { body, headers });
}

async function patch(
  api: GatewayApi,
  uploadId: string,
  offset: number,
  body: Uint8Array,
): Promise<number> {
  const response = await api.request('PATCH', `/v1/uploads/${uploadId}`, {
    body,
    headers: {
      ...TUS,
      'content-type': 'application/offset+octet-stream',
      'upload-offset': String(offset),
    },
  });
  const reached = offsetOf(response);
  if (reached <= offset || reached > offset + body.length) {
    throw new HoldfastError('ANSWER_FALSE', `an upload cannot go from ${offset} to ${reached}`);
  }
  return reached;
}

function offsetOf(response: Response): number {
  const offset = Number(response.headers.get('upload-offset') ?? Number.NaN);
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw new HoldfastError('ANSWER_FALSE', 'an upload without Upload-Offset');
  }
  return offset;
}

/** What a later try may cure: the line broke, or part of what was sent had arrived. */
const isInterruption = (error: unknown): boolean =>
  error instanceof HoldfastError &&
  ['GATEWAY_UNREACHABLE', 'STORAGE_UNREACHABLE', 'CONFLICT', 'RATE_LIMITED'].includes(error.code);
