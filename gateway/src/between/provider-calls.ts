/**
 * Calls that a provider takes from agents and delegates of other organisations.
 *
 * @module
 */
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { base64url, fromBase64url } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { decodeScalar } from '@holdfast/protocol/scalar.js';
import type { Role } from '@holdfast/protocol/schema.js';
import * as s from '@holdfast/protocol/schema.js';
import { acceptanceAnswer, acceptanceRequest } from '@holdfast/protocol/upload-messages.js';
import { streamOf } from '../http/content-digest.ts';
import type { RoleIdentity } from '../ledger/ledger.ts';
import type { Provider } from '../roles.ts';
import * as calls from './calls.ts';
import type { InnerRoute } from './inner-door.ts';
import { addressOf, answerBytes, answerJson, jsonIn, queryOf } from './inner-routes.ts';
import { titleOf } from './names.ts';
import type { ExpectOwner } from './owners-of.ts';

const AGENT: readonly Role[] = ['agent'];
/** Delegates look for damage, agents ask for their owners. */
const BOTH: readonly Role[] = ['agent', 'delegate'];
const P = '/v1/provider';

const number = z
  .string()
  .regex(/^(?:0|[1-9][0-9]{0,15})$/, 'expected a number')
  .transform(Number)
  .pipe(s.counter);
const tagKeyAddress = z.strictObject({ tagKeyId: s.digest });
const uploadAddress = z.strictObject({ uploadId: s.name });
const partAddress = uploadAddress.extend({ part: z.enum(['content', 'tags', 'card']) });
const fileAddress = z.strictObject({ fileId: s.digest });
const storedAddress = fileAddress.extend({
  part: z.enum(['content', 'manifest', 'tags', 'leaves', 'card']),
});
const rangeQuery = z
  .strictObject({ start: number.optional(), end: number.optional() })
  .refine(({ start, end }) => (start === undefined) === (end === undefined), {
    path: ['start'],
    error: 'expected start and end, or neither',
  });
const blockAddress = fileAddress.extend({ uid: number });

/** (Provider) */
export const providerCalls = (provider: Provider, expectOwner: ExpectOwner): InnerRoute[] => [
  ...tagKeyCalls(provider),
  ...uploadCalls(provider, expectOwner),
  ...fileCalls(provider, expectOwner),
];

const tagKeyCalls = (provider: Provider): InnerRoute[] => [
  {
    method: 'put',
    path: `${P}/tag-keys/:tagKeyId`,
    callers: AGENT,
    async handle(request, response) {
      const { tagKeyId } = addressOf(request, tagKeyAddress);
      await provider.tagKey(tagKeyId, bodyIn(request, response));
      response.status(204).end();
    },
  },
];

function uploadCalls(provider: Provider, expectOwner: ExpectOwner): InnerRoute[] {
  async function ownUpload(request: Request, caller: RoleIdentity) {
    const { uploadId } = addressOf(request, uploadAddress.loose());
    const state = await provider.upload(uploadId);
    await expectOwner(caller, state.ownerId);
    return state;
  }
  return [
    {
      method: 'post',
      path: `${P}/uploads`,
      callers: AGENT,
      async handle(request, response, caller) {
        const { ownerId, request: wanted } = await jsonIn(request, response, calls.opening);
        await expectOwner(caller, ownerId);
        answerState(response, await provider.open(ownerId, wanted));
      },
    },
    {
      method: 'get',
      path: `${P}/uploads/:uploadId`,
      callers: AGENT,
      async handle(request, response, caller) {
        answerState(response, await ownUpload(request, caller));
      },
    },
    {
      method: 'put',
      path: `${P}/uploads/:uploadId/:part`,
      callers: AGENT,
      async handle(request, response, caller) {
        const { uploadId, part } = addressOf(request, partAddress);
        const { offset } = queryOf(request, z.strictObject({ offset: number }));
        await ownUpload(request, caller);
        const bytes = bodyIn(request, response);
        const reached = await provider.write(uploadId, part, offset, bytes);
        answerJson(response, calls.written, { offset: reached });
      },
    },
    {
      method: 'delete',
      path: `${P}/uploads/:uploadId`,
      callers: AGENT,
      async handle(request, response, caller) {
        const { uploadId } = await ownUpload(request, caller);
        await provider.drop(uploadId);
        response.status(204).end();
      },
    },
    {
      method: 'post',
      path: `${P}/uploads/:uploadId/acceptance`,
      callers: AGENT,
      async handle(request, response, caller) {
        const { uploadId } = await ownUpload(request, caller);
        const asked = await jsonIn(request, response, acceptanceRequest);
        answerJson(response, acceptanceAnswer, await provider.accept(uploadId, asked));
      },
    },
  ];
}

function answerState(response: Response, state: Awaited<ReturnType<Provider['upload']>>): void {
  const { terms } = state;
  answerJson(response, calls.uploadState, {
    ...state,
    terms: { ...terms, nodes: [...terms.nodes] },
  });
}

function fileCalls(provider: Provider, expectOwner: ExpectOwner): InnerRoute[] {
  /** A file that the caller has to do with: an agent its owners', a delegate any. */
  async function fileIn(request: Request, caller: RoleIdentity): Promise<string> {
    const { fileId } = addressOf(request, fileAddress.loose());
    if (caller.role === 'agent') {
      const { ownerId } = await provider.upload(fileId);
      await expectOwner(caller, ownerId);
    }
    return fileId;
  }
  async function readPart(request: Request, caller: RoleIdentity) {
    const { part } = addressOf(request, storedAddress);
    if (caller.role === 'delegate' && part !== 'leaves') {
      throw new HoldfastError('NOT_ALLOWED', `${titleOf(caller)} may have the leaves alone`);
    }
    const fileId = await fileIn(request, caller);
    const { start, end } = queryOf(request, rangeQuery);
    const range = start === undefined || end === undefined ? undefined : { start, end };
    return provider.read({ fileId }, part, range);
  }
  const part = `${P}/files/:fileId/parts/:part`;
  return [
    {
      method: 'get',
      path: `${part}/size`,
      callers: BOTH,
      async handle(request, response, caller) {
        const { size } = await readPart(request, caller);
        answerJson(response, calls.partSize, { size });
      },
    },
    {
      method: 'get',
      path: part,
      callers: BOTH,
      async handle(request, response, caller) {
        const { bytes } = await readPart(request, caller);
        await sendStream(response, bytes);
      },
    },
    {
      method: 'get',
      path: `${P}/files/:fileId/blocks/:uid`,
      callers: BOTH,
      async handle(request, response, caller) {
        const { uid } = addressOf(request, blockAddress);
        const fileId = await fileIn(request, caller);
        const { node } = queryOf(request, z.strictObject({ node: s.name }));
        const block = await provider.block(fileId, uid, node);
        if (block === undefined) response.status(204).end();
        else answerBytes(response, block);
      },
    },
    {
      method: 'post',
      path: `${P}/files/:fileId/combinations`,
      callers: AGENT,
      async handle(request, response, caller) {
        const fileId = await fileIn(request, caller);
        const wanted = await jsonIn(request, response, calls.combinationWanted);
        const { node, uids } = wanted;
        const coefficients = wanted.coefficients.map((each) => decodeScalar(fromBase64url(each)));
        const combined = await provider.combine(fileId, node, { uids, coefficients });
        if (combined === undefined) {
          response.status(204).end();
          return;
        }
        answerJson(response, calls.combination, {
          combinedTag: base64url(combined.combinedTag),
          combinedBlock: base64url(combined.combinedBlock),
        });
      },
    },
    {
      method: 'post',
      path: `${P}/files/:fileId/repairs`,
      callers: AGENT,
      async handle(request, response, caller) {
        const fileId = await fileIn(request, caller);
        const { node, uids } = await jsonIn(request, response, calls.repairWanted);
        const done = await provider.repair(fileId, node, uids);
        answerJson(response, calls.repaired, { uids: [...done] });
      },
    },
    {
      method: 'get',
      path: `${P}/nodes`,
      callers: BOTH,
      async handle(_request, response) {
        const nodes = (await provider.nodes()).map(({ node, up, freeBytes, files }) => ({
          node,
          up,
          freeBytes: String(freeBytes),
          files,
        }));
        answerJson(response, calls.nodes, { nodes });
      },
    },
  ];
}

/** What cannot be read at all is refused, before anything is sent. */
async function sendStream(response: Response, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const chunks = bytes[Symbol.asyncIterator]();
  const first = await chunks.next();
  response.type('application/octet-stream');
  await pipeline(async function* all() {
    for (let step = first; step.done !== true; step = await chunks.next()) yield step.value;
  }, response);
}

/** How much a part may have is for the provider to say. */
const bodyIn = (request: Request, response: Response): AsyncIterable<Uint8Array> =>
  streamOf(request, response, Number.MAX_SAFE_INTEGER).bytes;
