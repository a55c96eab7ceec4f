/**
 * Files of the one who asks: the list, and what is known of each.
 *
 * @module
 */
import { Router } from 'express';
import { z } from 'zod';
import { base64url } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { Config } from '@holdfast/protocol/consortium-records.js';
import type { FileState } from '@holdfast/protocol/ledger-transactions.js';
import { repairRequest, type FileList } from '@holdfast/protocol/file-messages.js';
import { callersFile } from '../caller-files.ts';
import {
  auditItemOf,
  damagedBlocks,
  foundBlocks,
  isSafe,
  stateOf,
  statusOf,
  type StatusQuestion,
} from '../../file-status.ts';
import type { LedgerSession } from '../../ledger/ledger.ts';
import type { Monitor } from '../../monitor/monitor.ts';
import {
  answersJson,
  callerOf,
  parameters,
  signalOf,
  takesJson,
  type RequestParts,
} from '../requests.ts';
import type { Provider } from '../../roles.ts';

/** Audits that a status looks back on: enough for every node of the placement to have had its turn. */
const LOOK_BACK = 50;

export interface FilesParts extends RequestParts {
  readonly agent: LedgerSession;
  readonly config: Config;
  readonly monitor: Monitor;
  readonly provider: Provider;
}

const limit = z
  .string()
  .regex(/^(?:[1-9][0-9]?|100)$/, 'expected 1 to 100')
  .transform(Number)
  .optional();
/** Of a list of files. */
export const page = z.strictObject({
  limit,
  cursor: z
    .string()
    .max(512)
    .regex(/^[A-Za-z0-9._/-]+$/, 'expected a cursor that a page answered')
    .optional(),
});
const auditPage = z.strictObject({
  limit,
  cursor: z
    .string()
    .regex(/^(?:0|[1-9][0-9]{0,11})$/, 'expected a cursor that a page answered')
    .optional(),
});
const blockPage = z.strictObject({ state: z.literal('damaged').optional() });

export function filesRoutes(parts: FilesParts): Router {
  const { agent, monitor, provider } = parts;
  const router = Router();

  router.get(
    '/files',
    answersJson(async (request, response): Promise<FileList> => {
      const asked = parameters(page, request.query);
      const { ownerId } = callerOf(response);
      const listed = await agent.evaluate('files:list', { ownerId, ...asked }, signalOf(response));
      const items = await Promise.all(listed.items.map((state) => listItem(parts, state)));
      return { items, next: listed.next };
    }),
  );

  router.get(
    '/files/:fileId/status',
    answersJson(async (request, response) => {
      const state = await callersFile(agent, request.params, response);
      return statusOf(await questionOf(parts, state));
    }),
  );

  router.get(
    '/files/:fileId/audits',
    answersJson(async (request, response) => {
      const { file } = await callersFile(agent, request.params, response);
      const { limit: wanted = 50, cursor } = parameters(auditPage, request.query);
      const before = cursor === undefined ? {} : { before: Number(cursor) };
      const audits = await monitor.auditsOf(file.fileId, { ...before, limit: wanted });
      const items = audits.map(auditItemOf);
      const last = items.length === wanted ? items.at(-1) : undefined;
      return { items, next: last === undefined ? null : String(last.epoch) };
    }),
  );

  router.get(
    '/files/:fileId/blocks',
    answersJson(async (request, response) => {
      const { state: wanted } = parameters(blockPage, request.query);
      const state = await callersFile(agent, request.params, response);
      const audits = await monitor.auditsOf(state.file.fileId, { limit: LOOK_BACK });
      const items =
        wanted === undefined ? foundBlocks(state, audits) : damagedBlocks(state, audits);
      return { items, next: null };
    }),
  );

  router.get(
    '/files/:fileId/shares',
    answersJson(async (request, response) => {
      const { file } = await callersFile(agent, request.params, response);
      return agent.evaluate('shares:ofFile', { fileId: file.fileId }, signalOf(response));
    }),
  );

  router.post(
    '/files/:fileId/repair',
    takesJson(parts, repairRequest, async ({ body, request, response }) => {
      const { file, placement } = await callersFile(agent, request.params, response);
      if (!(placement?.nodes ?? []).includes(body.node)) {
        throw new HoldfastError('NOT_FOUND', `the file is not kept on ${body.node}`, {
          pointer: '/node',
        });
      }
      const repaired = await provider.repair(file.fileId, body.node, body.uids);
      return { body: { node: body.node, repaired } };
    }),
  );
  return router;
}

/** What a file's state is asked with. */
export async function questionOf(
  { monitor, config }: Pick<FilesParts, 'monitor' | 'config'>,
  state: FileState,
): Promise<StatusQuestion> {
  const audits = await monitor.auditsOf(state.file.fileId, { limit: LOOK_BACK });
  return { state, audits, config, epoch: monitor.clock().epoch };
}

type Item = FileList['items'][number];

async function listItem(parts: FilesParts, state: FileState): Promise<Item> {
  const card = await parts.provider.read(state.file, 'card');
  const chunks: Uint8Array[] = [];
  for await (const chunk of card.bytes) chunks.push(chunk);
  return { ...(await itemOf(parts, state)), card: base64url(Buffer.concat(chunks)) };
}

/** A file in a list, without what says its name. */
export async function itemOf(
  parts: Pick<FilesParts, 'monitor' | 'config'>,
  state: FileState,
): Promise<Omit<Item, 'card'>> {
  const { file, placement, due } = state;
  const question = await questionOf(parts, state);
  const [newest] = question.audits;
  return {
    fileId: file.fileId,
    version: file.version,
    blocks: file.blockCount,
    blockSize: file.blockSize,
    state: stateOf(question),
    safe: isSafe(question),
    replicas: placement?.nodes.length ?? 0,
    wantedReplicas: file.acceptedNodes.length,
    lastVerdict: due?.verdict ?? null,
    lastVerdictAt: newest?.at ?? null,
  };
}
