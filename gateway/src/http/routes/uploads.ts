/**
 * Sealed uploads: the core protocol of tus 1.0.0 with creation and termination, then tags, card and acceptance.
 *
 * Deviation: each PATCH is signed with its digest, so a part that breaks off counts for nothing and is sent again from the
 * offset before; that is why a part has at most 16 MiB.
 *
 * @module
 */
import type { Request } from 'express';
import { CARD_BYTES } from '@holdfast/protocol/card.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { TAG } from '@holdfast/protocol/tag.js';
import {
  acceptanceAnswer,
  acceptanceRequest,
  uploadAnswer,
  uploadRequest,
  type UploadRequest,
} from '@holdfast/protocol/upload-messages.js';
import { takesBytes } from '../byte-route.ts';
import { callersUpload, uploadAddress } from '../caller-files.ts';
import { bodyOf } from '../content-digest.ts';
import { expectType, takesJson } from '../json-route.ts';
import { expectUnconditional } from '../preconditions.ts';
import { HttpRefusal } from '../problem.ts';
import { callerOf, type RequestParts } from '../requests.ts';
import type { Part, Provider, UploadState } from '../../roles.ts';
import { route, type Route } from '../route.ts';

const TUS = '1.0.0';
const PATCH_LIMIT = 16 * 1024 * 1024;
const PATCH_TYPE = 'application/offset+octet-stream';
const LARGEST_PART = 2 ** 46;

export interface UploadsParts extends RequestParts {
  readonly provider: Provider;
}

const VERSION = { 'Tus-Resumable': 'version of tus: 1.0.0' } as const;
const STANDING = {
  ...VERSION,
  'Upload-Offset': 'bytes that are durable',
  'Upload-Length': 'bytes that there will be',
  'Upload-Expires': 'when it goes, unless it was accepted',
} as const;
/** What every route about one upload has in common. */
const aboutUpload = { who: 'owner', params: uploadAddress } as const;
const asTus = {
  ...aboutUpload,
  path: '/v1/uploads/:uploadId',
  headers: VERSION,
  problems: ['NOT_FOUND', [412, 'INPUT_INVALID']],
} as const;

export const uploadsRoutes = (parts: UploadsParts): Route[] => [
  ...['/v1/uploads', '/v1/uploads/:uploadId'].map(descriptionRoute),
  openRoute(parts),
  offsetRoute(parts),
  patchRoute(parts),
  dropRoute(parts),
  partRoute(parts, 'tags', 'The tags of all blocks, 48 bytes each', tagBytes),
  partRoute(parts, 'card', 'The sealed card: 512 bytes', () => CARD_BYTES),
  acceptanceRoute(parts),
];

/** What any client may ask: which version and extensions of tus this is. */
const descriptionRoute = (path: string): Route =>
  route(
    {
      method: 'options',
      path,
      who: 'anybody',
      summary: 'Which version and extensions of tus this is',
      ...(path.includes(':') ? { params: uploadAddress } : {}),
      answers: {
        204: {
          says: 'In its headers',
          headers: { ...VERSION, 'Tus-Version': 'likewise', 'Tus-Extension': 'what it can' },
        },
      },
    },
    ({ response }) => {
      response
        .status(204)
        .set({ 'Tus-Resumable': TUS, 'Tus-Version': TUS, 'Tus-Extension': 'creation,termination' })
        .end();
    },
  );

const openRoute = (parts: UploadsParts): Route =>
  takesJson(
    parts,
    {
      method: 'post',
      path: '/v1/uploads',
      who: 'owner',
      summary: 'Open a sealed upload and learn the terms that its acceptance will repeat',
      headers: { 'Upload-Length': 'as the body says, where it is sent' },
      body: uploadRequest,
      status: 201,
      answer: uploadAnswer,
      answerHeaders: { ...VERSION, Location: 'the upload', 'Upload-Expires': 'when it goes' },
      problems: ['ALREADY_EXISTS', 'NOT_FOUND', 'STORE_FULL', 'STORAGE_UNREACHABLE'],
    },
    async ({ body, request, response }) => {
      checkLength(request, body);
      const { ownerId } = callerOf(response);
      const { uploadId, terms, expiresAt } = await parts.provider.open(ownerId, body);
      return {
        headers: {
          'Tus-Resumable': TUS,
          Location: `/v1/uploads/${uploadId}`,
          'Upload-Expires': new Date(expiresAt).toUTCString(),
        },
        body: { uploadId, terms },
      };
    },
  );

const offsetRoute = ({ provider }: UploadsParts): Route =>
  route(
    {
      ...asTus,
      method: 'head',
      summary: 'How far an upload has come',
      answers: { 200: { says: 'In its headers', headers: STANDING } },
    },
    async ({ params, request, response }) => {
      expectTus(request);
      const upload = await callersUpload(provider, params.uploadId, response);
      response
        .status(200)
        .set({ ...headersOf(upload), 'Cache-Control': 'no-store' })
        .end();
    },
  );

const patchRoute = ({ provider }: UploadsParts): Route =>
  route(
    {
      ...asTus,
      method: 'patch',
      summary: 'Send the next part: at most 16 MiB of ciphertext, then of the manifest',
      headers: { ...VERSION, 'Upload-Offset': 'where the part begins' },
      takes: { content: { [PATCH_TYPE]: null }, isOptional: false },
      answers: { 204: { says: 'Durable', headers: STANDING } },
      problems: [...asTus.problems, 'CONFLICT', 'STORE_FULL', 'STORAGE_UNREACHABLE'],
    },
    async ({ params, request, response }) => {
      expectTus(request);
      expectUnconditional(request);
      const upload = await callersUpload(provider, params.uploadId, response);
      const offset = offsetOf(request, upload);
      const left = lengthOf(upload.request) - offset;
      const body = bodyOf(request, response, Math.min(PATCH_LIMIT, left));
      const reached = await provider.write(upload.uploadId, 'content', offset, body.bytes);
      response
        .status(204)
        .set(headersOf({ ...upload, offset: reached }))
        .end();
    },
  );

const dropRoute = ({ provider }: UploadsParts): Route =>
  route(
    {
      ...asTus,
      method: 'delete',
      summary: 'Give an upload up',
      answers: { 204: { says: 'Its bytes go', headers: VERSION } },
    },
    async ({ params, request, response }) => {
      expectTus(request);
      expectUnconditional(request);
      const upload = await callersUpload(provider, params.uploadId, response);
      await provider.drop(upload.uploadId);
      response.status(204).set('Tus-Resumable', TUS).end();
    },
  );

/** A part that comes whole in one request. */
const partRoute = (
  parts: UploadsParts,
  part: Exclude<Part, 'content'>,
  summary: string,
  expected: (request: UploadRequest) => number,
): Route =>
  takesBytes(
    parts,
    {
      ...aboutUpload,
      method: 'put',
      path: `/v1/uploads/:uploadId/${part}`,
      summary,
      type: 'application/octet-stream',
      most: LARGEST_PART,
      status: 204,
      answer: null,
      problems: ['NOT_FOUND', 'STORE_FULL', 'STORAGE_UNREACHABLE'],
    },
    async ({ params, response, open }) => {
      const upload = await callersUpload(parts.provider, params.uploadId, response);
      const wanted = expected(upload.request);
      const body = open(wanted);
      if (body.length !== wanted) {
        throw new HoldfastError('INPUT_INVALID', `expected ${wanted} bytes, got ${body.length}`, {
          pointer: '/Content-Length',
        });
      }
      await parts.provider.write(upload.uploadId, part, 0, body.bytes);
      return {};
    },
  );

const acceptanceRoute = (parts: UploadsParts): Route =>
  takesJson(
    parts,
    {
      ...aboutUpload,
      method: 'post',
      path: '/v1/uploads/:uploadId/acceptance',
      summary: 'Have everything that came checked, kept and signed for',
      body: acceptanceRequest,
      status: 200,
      answer: acceptanceAnswer,
      problems: ['NOT_FOUND', 'TAG_INVALID', 'STORE_FULL', 'STORAGE_UNREACHABLE'],
    },
    async ({ params, body, response }) => {
      const upload = await callersUpload(parts.provider, params.uploadId, response);
      return { body: await parts.provider.accept(upload.uploadId, body) };
    },
  );

/** Ciphertext and manifest, padded by their owner: what the content of an upload comes to. */
const lengthOf = ({ paddedSize, manifestSize }: UploadRequest): number => paddedSize + manifestSize;

const tagBytes = ({ paddedSize, manifestSize, blockSize }: UploadRequest): number =>
  (Math.ceil(paddedSize / blockSize) + Math.ceil(manifestSize / blockSize)) * TAG;

const headersOf = (upload: UploadState): Record<string, string> => ({
  'Tus-Resumable': TUS,
  'Upload-Offset': String(upload.offset),
  'Upload-Length': String(lengthOf(upload.request)),
  'Upload-Expires': new Date(upload.expiresAt).toUTCString(),
});

/** tus: the version must be named and be ours. */
function expectTus(request: Request): void {
  if (request.get('tus-resumable') === TUS) return;
  throw new HttpRefusal('INPUT_INVALID', `expected tus ${TUS}`, {
    status: 412,
    headers: { 'Tus-Version': TUS },
    pointer: '/Tus-Resumable',
  });
}

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
  expectType(request, PATCH_TYPE);
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
