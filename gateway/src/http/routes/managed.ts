/**
 * Managed custody, for a bare HTTP client: plaintext in and out, names in clear; the agent does what an owner's device
 * does otherwise. Everything else about such a file is asked as of any other.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { fileDag } from '@holdfast/protocol/file-cid.js';
import type { Config } from '@holdfast/protocol/consortium-records.js';
import type { FileState } from '@holdfast/protocol/ledger-transactions.js';
import {
  passwordRequest,
  type ManagedChallengeAnswer,
  type ManagedFileList,
  type ManagedFileStatus,
  type RetireAnswer,
} from '@holdfast/protocol/custody-messages.js';
import { challengeRequest } from '@holdfast/protocol/file-messages.js';
import { askForAudit } from '@holdfast/protocol/owner/ask-audit.js';
import { readEpoch } from '@holdfast/protocol/owner/parties.js';
import type { FileFacts } from '@holdfast/protocol/owner/stored-file.js';
import { statusOf } from '../../file-status.ts';
import type { Custody } from '../../managed/custody.ts';
import type { ManagedFiles } from '../../managed/managed-files.ts';
import type { ManagedOwner } from '../../managed/managed-owner.ts';
import { withSize } from '../../managed/sized-source.ts';
import { basicCredentials, managedOf } from '../basic-auth.ts';
import { sendBytes } from '../byte-answer.ts';
import { callersFile } from '../caller-files.ts';
import { claimedDigest, streamOf } from '../content-digest.ts';
import { idempotencyKey, type Answer } from '../idempotency.ts';
import { answersJson, parameters, send, signalOf, takesJson } from '../requests.ts';
import { challenge, type ChallengesParts } from './challenges.ts';
import { itemOf, page, questionOf, type FilesParts } from './files.ts';

/** Bytes of a file, as far as an upload can say them. */
const MOST_BYTES = 2 ** 45;
/** From the first epoch of an audit to the end of it. */
const EPOCHS_OF_AUDIT = 2;

const fileName = z.strictObject({
  name: z
    .string()
    .regex(/^(?!\.{0,2}$)[^/\\\p{Cc}]{1,255}$/u, 'expected a name without slashes and controls'),
});
const mediaType = /^[\w!#$&^.+-]{1,64}\/[\w!#$&^.+-]{1,64}$/;

export interface ManagedParts extends FilesParts, ChallengesParts {
  readonly custody: Custody;
  readonly files: ManagedFiles;
  readonly config: Config;
  /** Where bodies of unknown length are measured. */
  readonly measuringFolder: string;
  readonly nowMs: () => number;
}

/** For callers whose keys are here; all others go on to the routes behind. */
export function managedRoutes(parts: ManagedParts): Router {
  const { agent, custody, files } = parts;
  const router = Router();
  router.use((_request, response, next) => {
    if (managedOf(response) === undefined) next('router');
    else next();
  });

  router.put('/files/:name', async (request, response) => {
    const { name } = parameters(fileName, request.params);
    const owner = ownerOf(response);
    const key = idempotencyKey(request.get('idempotency-key'));
    const answer = () => storeBody(parts, name, request, response);
    send(response, await parts.once(owner.signer.keyId, key, requestDigest(request), answer));
  });

  router.get(
    '/files',
    answersJson(async (request, response): Promise<ManagedFileList> => {
      const owner = ownerOf(response);
      const asked = parameters(page, request.query);
      const { ownerId } = owner.signer;
      const listed = await agent.evaluate('files:list', { ownerId, ...asked }, signalOf(response));
      const items = [];
      for (const state of listed.items) {
        const { name = null, size = null } = (await factsOf(parts, owner, state)) ?? {};
        items.push({ ...(await itemOf(parts, state)), name, size });
      }
      return { items, next: listed.next };
    }),
  );

  router.get('/files/:fileId', async (request, response) => {
    const { file } = await callersFile(agent, request.params, response);
    await sendPlaintext(parts, file.fileId, request, response);
  });

  router.get(
    '/files/:fileId/status',
    answersJson(async (request, response): Promise<ManagedFileStatus> => {
      const state = await callersFile(agent, request.params, response);
      const { name, size } = await files.facts(ownerOf(response), state.file);
      return { ...statusOf(await questionOf(parts, state)), name, size };
    }),
  );

  router.delete(
    '/files/:fileId',
    answersJson(async (request, response): Promise<RetireAnswer> => {
      const { file } = await callersFile(agent, request.params, response);
      const transactionId = await files.retire(ownerOf(response), file.fileId);
      response.set('Holdfast-Transaction', transactionId);
      return { fileId: file.fileId, state: 'retired', transactionId };
    }),
  );

  router.post(
    '/files/:fileId/challenges',
    takesJson(
      parts,
      challengeRequest,
      async ({ body, request, response }) => {
        const owner = ownerOf(response);
        const state = await callersFile(agent, request.params, response);
        const now = await challenge(parts, state, body, signalOf(response));
        const asked = await askForAudit(owner, owner.lanes, state.file.fileId, body);
        const epochs = asked.fromEpoch + EPOCHS_OF_AUDIT - (await readEpoch(owner.ledger));
        const by = new Date(parts.nowMs() + epochs * parts.config.slotSeconds * 1000);
        const answer: ManagedChallengeAnswer = {
          ...now,
          fromEpoch: asked.fromEpoch,
          by: by.toISOString(),
          charge: parts.config.feePerCall,
        };
        return { status: 202, body: answer };
      },
      { mayBeBare: true },
    ),
  );

  router.put(
    '/accounts/password',
    takesJson(withoutRecord(parts), passwordRequest, async ({ body, request }) => {
      const basic = basicCredentials(request.get('authorization'));
      if (basic === undefined) throw new Error('bug: a managed caller without a password');
      await custody.changePassword(basic.name, basic.password, body.password);
      return { status: 204 };
    }),
  );
  return router;
}

/** A request with a password in it leaves no digest behind. */
const withoutRecord = <P extends ManagedParts>(parts: P): P => ({
  ...parts,
  once: (_caller: string, _key: unknown, _request: string, answer: () => Promise<Answer>) =>
    answer(),
});

function ownerOf(response: Response): ManagedOwner {
  const owner = managedOf(response);
  if (owner === undefined) throw new Error('bug: a managed route without a managed caller');
  return owner;
}

/** The body itself is not digested before it is stored: same name, same length, same claimed digest. */
const requestDigest = (request: Request): string =>
  createHash('sha256')
    .update(
      JSON.stringify([
        request.method,
        request.path,
        request.get('content-length') ?? null,
        Buffer.from(claimedDigest(request.get('content-digest')) ?? []).toString('hex'),
      ]),
    )
    .digest('hex');

async function storeBody(
  { files, measuringFolder }: ManagedParts,
  name: string,
  request: Request,
  response: Response,
): Promise<Answer> {
  const given = request.get('content-type') ?? '';
  const naming = { name, type: mediaType.test(given) ? given : '' };
  const { bytes, length } = streamOf(request, response, MOST_BYTES);
  const stored = await withSize(bytes, length, measuringFolder, (file) =>
    files.store(ownerOf(response), naming, file),
  );
  const headers = {
    Location: `/v1/files/${stored.fileId}`,
    ETag: etagOf(stored.cid, stored.version),
    'Holdfast-Transaction': stored.transactionId,
  };
  return { status: 201, headers, body: stored };
}

const etagOf = (cid: string, version: number): string => `"${cid}.${version}"`;

async function sendPlaintext(
  { files }: ManagedParts,
  fileId: string,
  request: Request,
  response: Response,
): Promise<void> {
  const owner = ownerOf(response);
  const opened = await files.open(owner, fileId);
  const { name, type } = await files.facts(owner, opened.record);
  const { cid } = fileDag(opened.blocks);
  const { size } = opened.file.manifest;
  response.attachment(name);
  await sendBytes(request, response, {
    etag: etagOf(cid.toString(), opened.record.version),
    type: type === '' ? 'application/octet-stream' : type,
    open: () =>
      Promise.resolve({
        size,
        read: (range) => files.read(opened, range ?? { start: 0, end: size }),
      }),
  });
}

/** A file whose name cannot be opened stays in the list, unnamed. */
async function factsOf(
  { files }: ManagedParts,
  owner: ManagedOwner,
  { file }: FileState,
): Promise<FileFacts | undefined> {
  try {
    return await files.facts(owner, file);
  } catch (error) {
    if (error instanceof HoldfastError) return undefined;
    throw error;
  }
}
