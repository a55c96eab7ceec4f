/**
 * Managed custody, for a bare HTTP client: plaintext in and out, names in clear; the agent does what an owner's device
 * does otherwise. Everything else about such a file is asked as of any other.
 *
 * @module
 */
import type { Request, Response } from 'express';
import { z } from 'zod';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { Config } from '@holdfast/protocol/consortium-records.js';
import {
  managedChallengeAnswer,
  managedFileAnswer,
  managedFileList,
  managedFileStatus,
  passwordRequest,
  retireAnswer,
  type ManagedChallengeAnswer,
  type RetireAnswer,
} from '@holdfast/protocol/custody-messages.js';
import { fileDag } from '@holdfast/protocol/file-cid.js';
import { challengeRequest } from '@holdfast/protocol/file-messages.js';
import type { FileState } from '@holdfast/protocol/ledger-transactions.js';
import { askForAudit } from '@holdfast/protocol/owner/ask-audit.js';
import { readEpoch } from '@holdfast/protocol/owner/parties.js';
import type { FileFacts, OpenedStored } from '@holdfast/protocol/owner/stored-file.js';
import { statusOf } from '../../file-status.ts';
import type { Custody } from '../../managed/custody.ts';
import type { ManagedFiles } from '../../managed/managed-files.ts';
import type { ManagedOwner } from '../../managed/managed-owner.ts';
import { withSize } from '../../managed/sized-source.ts';
import { basicCredentials, managedOf } from '../basic-auth.ts';
import { sendBytes } from '../byte-answer.ts';
import { sends, takesBytes } from '../byte-route.ts';
import { callersFile, fileAddress, ownAddress } from '../caller-files.ts';
import { expectAccepted, reads, takesJson } from '../json-route.ts';
import type { Once } from '../idempotency.ts';
import { isHeldBy } from '../preconditions.ts';
import { signalOf } from '../requests.ts';
import { route, type Route } from '../route.ts';
import { challenge, type ChallengesParts } from './challenges.ts';
import { itemOf, LIST, questionOf, type FilesParts } from './files.ts';

/** Bytes of a file, as far as an upload can say them. */
const MOST_BYTES = 2 ** 45;
const TRANSACTION = { 'Holdfast-Transaction': 'the transaction behind it' } as const;
/** From the first epoch of an audit to the end of it. */
const EPOCHS_OF_AUDIT = 2;

const fileName = z.strictObject({
  file: z
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
  /** For what leaves neither answer nor digest behind that outlives the process: a password, the name of a file. */
  readonly onceInMemory: Once;
  readonly nowMs: () => number;
}

/** For callers whose keys are here; all others go on to the routes behind. */
export const managedRoutes = (parts: ManagedParts): Route[] => [
  storeRoute(parts),
  listRoute(parts),
  plaintextRoute(parts),
  statusRoute(parts),
  retireRoute(parts),
  challengeRoute(parts),
  passwordRoute(parts),
];

/** The name of a file is never written down: after a restart it is the file itself that is known again by its key. */
const storeRoute = (parts: ManagedParts): Route =>
  takesBytes(
    { ...parts, once: parts.onceInMemory },
    {
      method: 'put',
      path: '/v1/files/:file',
      who: 'managed',
      summary: 'Store a file under this name; its length may be left open',
      params: fileName,
      most: MOST_BYTES,
      status: 201,
      answer: managedFileAnswer,
      answerHeaders: { Location: 'the file', ETag: 'of its version', ...TRANSACTION },
      problems: ['BALANCE_TOO_LOW', 'KEY_SERVER_UNREACHABLE', 'STORE_FULL', 'STORAGE_UNREACHABLE'],
    },
    async ({ params, request, response, open, key }) => {
      const given = request.get('content-type') ?? '';
      const naming = { name: params.file, type: mediaType.test(given) ? given : '' };
      const { bytes, length } = open(MOST_BYTES);
      const stored = await withSize(bytes, length, parts.measuringFolder, (file) =>
        parts.files.store(ownerOf(response), naming, file, key),
      );
      const headers = {
        Location: `/v1/files/${stored.fileId}`,
        ETag: etagOf(stored.cid, stored.version),
        'Holdfast-Transaction': stored.transactionId,
      };
      return { headers, body: stored };
    },
  );

const listRoute = (parts: ManagedParts): Route =>
  reads({ ...LIST, who: 'managed', answer: managedFileList }, async ({ query, response }) => {
    const owner = ownerOf(response);
    const asked = { ownerId: owner.signer.ownerId, ...query };
    const listed = await parts.agent.evaluate('files:list', asked, signalOf(response));
    const items = [];
    for (const state of listed.items) {
      const { name = null, size = null } = (await factsOf(parts, owner, state)) ?? {};
      items.push({ ...(await itemOf(parts, state)), name, size });
    }
    return { items, next: listed.next };
  });

const plaintextRoute = (parts: ManagedParts): Route =>
  sends(
    {
      path: '/v1/files/:file',
      who: 'managed',
      summary:
        'The file in plaintext under its name, each block verified before a byte of it leaves',
      params: ownAddress,
      type: '*/*',
      hasRanges: true,
      problems: ['NOT_FOUND', 'FILE_LOST', 'STORAGE_UNREACHABLE'],
    },
    async ({ params, request, response }) => {
      const { file } = await callersFile(parts.agent, params.file, response);
      await sendPlaintext(parts, file.fileId, request, response);
    },
  );

const statusRoute = (parts: ManagedParts): Route =>
  reads(
    {
      path: '/v1/files/:fileId/status',
      who: 'managed',
      summary: 'The one state of a file, and what each node showed last',
      params: fileAddress,
      answer: managedFileStatus,
      problems: ['NOT_FOUND'],
    },
    async ({ params, response }) => {
      const state = await callersFile(parts.agent, params.fileId, response);
      const { name, size } = await parts.files.facts(ownerOf(response), state.file);
      return { ...statusOf(await questionOf(parts, state)), name, size };
    },
  );

const retireRoute = ({ agent, files }: ManagedParts): Route =>
  route(
    {
      method: 'delete',
      path: '/v1/files/:file',
      who: 'managed',
      summary: 'End a file on the ledger; the provider drops it then',
      params: ownAddress,
      headers: { 'If-Match': 'only in this version: else 412' },
      answers: {
        200: {
          says: 'Retired',
          content: { 'application/json': retireAnswer },
          headers: TRANSACTION,
        },
      },
      problems: ['NOT_FOUND', 'CONFLICT', [406, 'INPUT_INVALID'], [412, 'FILE_CHANGED']],
    },
    async ({ params, request, response }) => {
      expectAccepted(request, 'application/json');
      const owner = ownerOf(response);
      const { file } = await callersFile(agent, params.file, response);
      if (isConditional(request)) {
        const opened = await files.open(owner, file.fileId);
        isHeldBy(request, etagOf(cidOf(opened), opened.record.version));
      }
      const transactionId = await files.retire(owner, file.fileId);
      const answer: RetireAnswer = { fileId: file.fileId, state: 'retired', transactionId };
      response.set('Holdfast-Transaction', transactionId).json(answer);
    },
  );

const challengeRoute = (parts: ManagedParts): Route =>
  takesJson(
    parts,
    {
      method: 'post',
      path: '/v1/files/:fileId/challenges',
      who: 'managed',
      summary: 'Challenge one node that keeps the file, at once, and ask the ledger to audit it',
      params: fileAddress,
      body: challengeRequest,
      mayBeBare: true,
      status: 202,
      answer: managedChallengeAnswer,
      problems: ['NOT_FOUND', 'BALANCE_TOO_LOW', 'CONFLICT', 'STORAGE_UNREACHABLE'],
    },
    async ({ params, body, response }) => {
      const owner = ownerOf(response);
      const state = await callersFile(parts.agent, params.fileId, response);
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
      return { body: answer };
    },
  );

const passwordRoute = (parts: ManagedParts): Route =>
  takesJson(
    { ...parts, once: parts.onceInMemory },
    {
      method: 'put',
      path: '/v1/accounts/password',
      who: 'managed',
      summary: 'Change the password',
      body: passwordRequest,
      status: 204,
      answer: null,
    },
    async ({ body, request }) => {
      const basic = basicCredentials(request.get('authorization'));
      if (basic === undefined) throw new Error('bug: a managed caller without a password');
      await parts.custody.changePassword(basic.name, basic.password, body.password);
      return {};
    },
  );

function ownerOf(response: Response): ManagedOwner {
  const owner = managedOf(response);
  if (owner === undefined) throw new Error('bug: a managed route without a managed caller');
  return owner;
}

const etagOf = (cid: string, version: number): string => `"${cid}.${version}"`;

const cidOf = ({ blocks }: Pick<OpenedStored, 'blocks'>): string => fileDag(blocks).cid.toString();

const isConditional = (request: Request): boolean =>
  request.get('if-match') !== undefined || request.get('if-none-match') !== undefined;

async function sendPlaintext(
  { files }: ManagedParts,
  fileId: string,
  request: Request,
  response: Response,
): Promise<void> {
  const owner = ownerOf(response);
  const opened = await files.open(owner, fileId);
  const { name, type } = await files.facts(owner, opened.record);
  const { size } = opened.file.manifest;
  response.attachment(name);
  await sendBytes(request, response, {
    etag: etagOf(cidOf(opened), opened.record.version),
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
