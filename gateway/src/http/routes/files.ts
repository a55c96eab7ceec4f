/**
 * Files of the one who asks: the list, and what is known of each.
 *
 * @module
 */
import { base64url } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { Config } from '@holdfast/protocol/consortium-records.js';
import {
  auditItemOf,
  auditList,
  blockList,
  fileList,
  fileStatus,
  repairAnswer,
  repairRequest,
  type FileList,
} from '@holdfast/protocol/file-messages.js';
import { shareRecord } from '@holdfast/protocol/file-records.js';
import type { FileState } from '@holdfast/protocol/ledger-transactions.js';
import { z } from 'zod';
import { callersFile, fileAddress } from '../caller-files.ts';
import {
  damagedBlocks,
  foundBlocks,
  summaryOf,
  statusOf,
  type FoundBlock,
  type StatusQuestion,
} from '../../file-status.ts';
import { reads, takesJson } from '../json-route.ts';
import type { LedgerSession } from '../../ledger/ledger.ts';
import type { Monitor } from '../../monitor/monitor.ts';
import { PAGE, pageFrom, pageOf } from '../pages.ts';
import { callerOf, signalOf, type RequestParts } from '../requests.ts';
import type { Provider } from '../../roles.ts';
import type { Route } from '../route.ts';
import { wholePart } from '../../whole-part.ts';

/** Audits that a status looks back on: enough for every node of the placement to have had its turn. */
const LOOK_BACK = 50;

export interface FilesParts extends RequestParts {
  readonly agent: LedgerSession;
  readonly config: Config;
  readonly monitor: Monitor;
  readonly provider: Provider;
}

/** Where the list of files is, in either custody. */
export const LIST = {
  path: '/v1/files',
  summary: 'Files of the one who asks',
  query: pageOf(/^[A-Za-z0-9._/-]+$/),
} as const;
const aboutFile = { who: 'owner', params: fileAddress, problems: ['NOT_FOUND'] } as const;

export const filesRoutes = (parts: FilesParts): Route[] => [
  listRoute(parts),
  statusRoute(parts),
  auditsRoute(parts),
  blocksRoute(parts),
  sharesRoute(parts),
  repairRoute(parts),
];

const listRoute = (parts: FilesParts): Route =>
  reads({ ...LIST, who: 'owner', answer: fileList }, async ({ query, response }) => {
    const asked = { ownerId: callerOf(response).ownerId, ...query };
    const listed = await parts.agent.evaluate('files:list', asked, signalOf(response));
    const items = await Promise.all(listed.items.map((state) => listItem(parts, state)));
    return { items, next: listed.next };
  });

const statusRoute = (parts: FilesParts): Route =>
  reads(
    {
      ...aboutFile,
      path: '/v1/files/:fileId/status',
      summary: 'The one state of a file, and what each node showed last',
      answer: fileStatus,
    },
    async ({ params, response }) => {
      const state = await callersFile(parts.agent, params.fileId, response);
      return statusOf(await questionOf(parts, state));
    },
  );

const auditsRoute = ({ agent, monitor }: FilesParts): Route =>
  reads(
    {
      ...aboutFile,
      path: '/v1/files/:fileId/audits',
      summary: 'Settled audits of a file, newest first',
      query: pageOf(/^(?:0|[1-9][0-9]{0,11})$/),
      answer: auditList,
    },
    async ({ params, query: { limit = PAGE, cursor }, response }) => {
      const { file } = await callersFile(agent, params.fileId, response);
      const before = cursor === undefined ? {} : { before: Number(cursor) };
      const found = await monitor.auditsOf(file.fileId, { ...before, limit: limit + 1 });
      return pageFrom(found.map(auditItemOf), limit, ({ epoch }) => String(epoch));
    },
  );

const blocksRoute = ({ agent, monitor }: FilesParts): Route =>
  reads(
    {
      ...aboutFile,
      path: '/v1/files/:fileId/blocks',
      summary: 'Blocks of a file that were found damaged, or only those that still are',
      query: pageOf(/^(?:0|[1-9][0-9]{0,15})\.[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/).extend({
        state: z.literal('damaged').optional(),
      }),
      answer: blockList,
    },
    async ({ params, query: { limit = PAGE, cursor, state: wanted }, response }) => {
      const state = await callersFile(agent, params.fileId, response);
      const seen = await monitor.auditsOf(state.file.fileId, { limit: LOOK_BACK });
      const found = wanted === undefined ? foundBlocks(state, seen) : damagedBlocks(state, seen);
      const sorted = found.toSorted(byPlace);
      return pageFrom(cursor === undefined ? sorted : after(sorted, cursor), limit, placeOf);
    },
  );

const placeOf = ({ uid, node }: Pick<FoundBlock, 'uid' | 'node'>): string => `${uid}.${node}`;

function byPlace(a: Pick<FoundBlock, 'uid' | 'node'>, b: Pick<FoundBlock, 'uid' | 'node'>): number {
  if (a.uid !== b.uid) return a.uid - b.uid;
  return a.node < b.node ? -1 : Number(a.node > b.node);
}

function after(sorted: readonly FoundBlock[], cursor: string): readonly FoundBlock[] {
  const dot = cursor.indexOf('.');
  const last = { uid: Number(cursor.slice(0, dot)), node: cursor.slice(dot + 1) };
  return sorted.filter((block) => byPlace(block, last) > 0);
}

const sharesRoute = ({ agent }: FilesParts): Route =>
  reads(
    {
      ...aboutFile,
      path: '/v1/files/:fileId/shares',
      summary: 'The sealed key shares of a file as the ledger holds them',
      answer: shareRecord,
    },
    async ({ params, response }) => {
      const { file } = await callersFile(agent, params.fileId, response);
      return agent.evaluate('shares:ofFile', { fileId: file.fileId }, signalOf(response));
    },
  );

const repairRoute = (parts: FilesParts): Route =>
  takesJson(
    parts,
    {
      ...aboutFile,
      method: 'post',
      path: '/v1/files/:fileId/repair',
      summary: 'Write blocks anew where a node has them damaged, from one that has them whole',
      body: repairRequest,
      status: 200,
      answer: repairAnswer,
      problems: ['NOT_FOUND', 'FILE_LOST', 'STORAGE_UNREACHABLE'],
    },
    async ({ params, body, response }) => {
      const { file, placement } = await callersFile(parts.agent, params.fileId, response);
      if (!(placement?.nodes ?? []).includes(body.node)) {
        throw new HoldfastError('NOT_FOUND', `the file is not kept on ${body.node}`, {
          pointer: '/node',
        });
      }
      const repaired = await parts.provider.repair(file.fileId, body.node, body.uids);
      return { body: { node: body.node, repaired: [...repaired] } };
    },
  );

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
  const card = await wholePart(parts.provider, state.file, 'card');
  return { ...(await itemOf(parts, state)), card: base64url(card) };
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
    ...summaryOf(question),
    replicas: placement?.nodes.length ?? 0,
    wantedReplicas: file.acceptedNodes.length,
    lastVerdict: due?.verdict ?? null,
    lastVerdictAt: newest?.at ?? null,
  };
}
