/**
 * Sealed uploads: the core protocol of tus 1.0.0 with creation and termination, then tags, card and acceptance.
 *
 * Deviation: each PATCH is signed with its digest, so a part that breaks off counts for nothing and is sent again from the
 * offset before; that is why a part has at most 16 MiB.
 *
 * @module
 */
import { Router, type Request, type RequestHandler } from 'express';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import {
  acceptanceRequest,
  uploadRequest,
  type UploadRequest,
} from '@holdfast/protocol/upload-messages.js';
import { callersUpload } from '../caller-files.ts';
import { bodyOf } from '../content-digest.ts';
import { HttpRefusal } from '../problem.ts';
import { callerOf, takesJson, type RequestParts } from '../requests.ts';
import type { Part, Provider, UploadState } from '../../roles.ts';

const TUS = '1.0.0';
const PATCH_LIMIT = 16 * 1024 * 1024;
const CARD_BYTES = 512;
const TAG_BYTES = 48;

export interface UploadsParts extends RequestParts {
  readonly provider: Provider;
}

/** What any client may ask: which version and extensions of tus this is. */
export const describeTus: RequestHandler = (_request, response) => {
  response
    .status(204)
    .set({ 'Tus-Resumable': TUS, 'Tus-Version': TUS, 'Tus-Extension': 'creation,termination' })
    .end();
};

export function uploadsRoutes(parts: UploadsParts): Router {
  const { provider } = parts;
  const router = Router();

  router.post(
    '/uploads',
    takesJson(parts, uploadRequest, async ({ body, request, response }) => {
      checkLength(request, body);
      const { uploadId, terms, expiresAt } = await provider.open(callerOf(response).ownerId, body);
      return {
        status: 201,
        headers: {
          'Tus-Resumable': TUS,
          Location: `/v1/uploads/${uploadId}`,
          'Upload-Expires': new Date(expiresAt).toUTCString(),
        },
        body: { uploadId, terms },
      };
    }),
  );

  router.head('/uploads/:uploadId', tus, async (request, response) => {
    const upload = await callersUpload(provider, request.params, response);
    response
      .status(200)
      .set({ ...headersOf(upload), 'Cache-Control': 'no-store' })
      .end();
  });

  router.patch('/uploads/:uploadId', tus, async (request, response) => {
    const upload = await callersUpload(provider, request.params, response);
    const offset = offsetOf(request, upload);
    const body = bodyOf(
      request,
      response,
      Math.min(PATCH_LIMIT, lengthOf(upload.request) - offset),
    );
    const reached = await provider.write(upload.uploadId, 'content', offset, body.bytes);
    response
      .status(204)
      .set(headersOf({ ...upload, offset: reached }))
      .end();
  });

  router.delete('/uploads/:uploadId', tus, async (request, response) => {
    const upload = await callersUpload(provider, request.params, response);
    await provider.drop(upload.uploadId);
    response.status(204).set('Tus-Resumable', TUS).end();
  });

  router.put('/uploads/:uploadId/tags', takesPart(provider, 'tags', tagBytes));
  router.put(
    '/uploads/:uploadId/card',
    takesPart(provider, 'card', () => CARD_BYTES),
  );

  router.post(
    '/uploads/:uploadId/acceptance',
    takesJson(parts, acceptanceRequest, async ({ body, request, response }) => {
      const upload = await callersUpload(provider, request.params, response);
      return { body: await provider.accept(upload.uploadId, body) };
    }),
  );
  return router;
}

/** A part that comes whole in one request. */
function takesPart(
  provider: Provider,
  part: Part,
  expected: (request: UploadRequest) => number,
): RequestHandler {
  return async (request, response) => {
    const upload = await callersUpload(provider, request.params, response);
    const wanted = expected(upload.request);
    const body = bodyOf(request, response, wanted);
    if (body.length !== wanted) {
      throw new HoldfastError('INPUT_INVALID', `expected ${wanted} bytes, got ${body.length}`, {
        pointer: '/Content-Length',
      });
    }
    await provider.write(upload.uploadId, part, 0, body.bytes);
    response.status(204).end();
  };
}

/** Ciphertext and manifest, padded by their owner: what the content of an upload comes to. */
const lengthOf = ({ paddedSize, manifestSize }: UploadRequest): number => paddedSize + manifestSize;

const tagBytes = ({ paddedSize, manifestSize, blockSize }: UploadRequest): number =>
  (Math.ceil(paddedSize / blockSize) + Math.ceil(manifestSize / blockSize)) * TAG_BYTES;

const headersOf = (upload: UploadState): Record<string, string> => ({
  'Tus-Resumable': TUS,
  'Upload-Offset': String(upload.offset),
  'Upload-Length': String(lengthOf(upload.request)),
  'Upload-Expires': new Date(upload.expiresAt).toUTCString(),
});

/** tus: the version must be named and be ours. */
const tus: RequestHandler = (request, _response, next) => {
  if (request.get('tus-resumable') === TUS) return next();
  throw new HttpRefusal('INPUT_INVALID', `expected tus ${TUS}`, {
    status: 412,
    headers: { 'Tus-Version': TUS },
    pointer: '/Tus-Resumable',
  });
};

/** Upload-Length, where a client sends it, must say what the body says. */
function checkLength(request: Request, body: UploadRequest): void {
  const length = request.get('upload-length');
  if (length === undefined || length === String(lengthOf(body))) return;
  throw new HoldfastError('INPUT_INVALID', `expected ${lengthOf(body)}, got ${length}`, {
    pointer: '/Upload-Length',
  });
}

/** @throws `CONFLICT` (409, as tus wants it) where the upload stands elsewhere. */
function offsetOf(request: Request, upload: UploadState): number {
  if (request.get('content-type') !== 'application/offset+octet-stream') {
    throw new HoldfastError('INPUT_INVALID', 'expected application/offset+octet-stream', {
      pointer: '/Content-Type',
    });
  }
  const text = request.get('upload-offset') ?? '';
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(text)) {
    throw new HoldfastError('INPUT_INVALID', 'expected an offset', { pointer: '/Upload-Offset' });
  }
  if (Number(text) !== upload.offset) {
    throw new HoldfastError('CONFLICT', `the upload stands at ${upload.offset}, not ${text}`, {
      pointer: '/Upload-Offset',
    });
  }
  return upload.offset;
}
