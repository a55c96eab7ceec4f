/**
 * A file on its way in (steps 1 to 7 of the main job): sealed here in one pass, sent, accepted by the provider, and
 * registered on the ledger by a transaction that the owner signs.
 *
 * Interrupted at any moment, the same call goes on where it stopped.
 *
 * @module
 */
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { fileDag } from '@holdfast/protocol/file-cid.js';
import type { FileRecord } from '@holdfast/protocol/file-records.js';
import { acceptanceAnswer } from '@holdfast/protocol/upload-messages.js';
import { checkTerms } from '@holdfast/protocol/owner/acceptance-check.js';
import { isRegistered, readAcknowledged } from '@holdfast/protocol/owner/file-keys.js';
import type { Lanes } from '@holdfast/protocol/owner/lanes.js';
import { findUpload, newUploadState } from './open-upload.ts';
import { readParties, type Parties } from '@holdfast/protocol/owner/parties.js';
import { pause } from './pause.ts';
import type { PutRequest, StoredFile } from './put-request.ts';
import { registerFile } from '@holdfast/protocol/owner/register.js';
import {
  acceptUpload,
  readRegistered,
  type UploadDoor,
} from '@holdfast/protocol/owner/store-file.js';
import { sealAndSend } from './seal-and-send.ts';
import type { Session } from './session.ts';
import { readBlocks } from './stored-content.ts';
import {
  fileSecretOf,
  removeUploadState,
  uploadStatePath,
  type UploadState,
} from './upload-state.ts';
import { putPart, TUS } from './upload.ts';

/**
 * (Owner) Stores a file; resolves once an attested read shows it on the ledger.
 *
 * This device forgets the upload after `acknowledge`: what nobody was told of is told by the next try, and not stored
 * twice.
 */
export async function putFile(
  session: Session,
  lanes: Lanes,
  request: PutRequest,
): Promise<StoredFile> {
  const path = uploadStatePath(session.home, session.deviceKey, request.source);
  const stored = await storeOnce(session, lanes, request, path);
  request.acknowledge(stored);
  await removeUploadState(path);
  return stored;
}

async function storeOnce(
  session: Session,
  lanes: Lanes,
  request: PutRequest,
  path: string,
): Promise<StoredFile> {
  const parties = await readParties(session.ledger);
  const earlier = await findUpload(session, path);
  // asked for after the upload was: where registering has removed that, the ledger has the file by now
  const before = await registeredBefore(session, parties, request, earlier?.state);
  if (before !== undefined) return before;
  const from = earlier?.from;
  if (earlier === undefined || from === undefined) {
    return storeAnew(session, lanes, request, { parties, path });
  }
  const { state } = earlier;
  try {
    return await storeFile(session, lanes, request, { parties, state, from });
  } catch (error) {
    if (!isOtherContent(error)) throw error;
    const meanwhile = await registeredBefore(session, parties, request, state);
    if (meanwhile !== undefined) return meanwhile;
    await forget(session, state, path);
    return storeAnew(session, lanes, request, { parties, path });
  }
}

async function storeAnew(
  session: Session,
  lanes: Lanes,
  request: PutRequest,
  { parties, path }: { readonly parties: Parties; readonly path: string },
): Promise<StoredFile> {
  const state = await newUploadState(session, parties, request, path);
  return storeFile(session, lanes, request, { parties, state, from: 0 });
}

interface Begun {
  readonly parties: Parties;
  readonly state: UploadState;
  readonly from: number;
}

async function storeFile(
  session: Session,
  lanes: Lanes,
  request: PutRequest,
  { parties, state, from }: Begun,
): Promise<StoredFile> {
  const { source, report } = request;
  checkTerms(state.terms, parties.provider, parties.config);
  const sealed = await sealAndSend(session, parties, request, state, from);
  const total = state.terms.nodes.length;
  report({ stage: 'replicas', done: 0, total });
  const card = { name: request.name, type: '', modifiedAt: source.modifiedAt };
  const fileSecret = fileSecretOf(session.deviceKey, state);
  const door = doorOf(session, state.uploadId);
  const registration = await acceptUpload(
    session,
    parties,
    state,
    { sealed, card, fileSecret },
    door,
  );
  const { nodes } = registration.answer;
  report({ stage: 'replicas', done: nodes.length, total, note: nodes.join(' ') });
  const committed = await unlessDone(
    lanes.within((lane) => registerFile(session, registration, lane)),
  );
  const { file } = await readRegistered(session, registration, pause);
  if (committed !== undefined) {
    report({ stage: 'ledger', done: 1, total: 1, note: String(committed.ledgerBlockNumber) });
  }
  const pendingNodes = state.terms.nodes.filter((node) => !nodes.includes(node));
  return {
    ...storedFile(file, request, parties),
    pendingNodes,
    cid: sealed.cid.toString(),
    transactionId: committed?.transactionId ?? null,
    ledgerBlockNumber: committed?.ledgerBlockNumber ?? null,
  };
}

/** What is answered where an earlier try had sent, or had accepted, other bytes than the source has now. */
const isOtherContent = (error: unknown): boolean =>
  error instanceof HoldfastError &&
  ((error.code === 'INPUT_INVALID' && error.pointer === '/root') ||
    error.code === 'ALREADY_EXISTS');

/** Ends an upload that cannot be completed; where the provider does not let go, it goes when its terms have run out. */
async function forget({ api }: Session, { uploadId }: UploadState, path: string): Promise<void> {
  await api
    .request('DELETE', `/v1/uploads/${uploadId}`, { headers: TUS })
    .catch((error: unknown) => {
      if (!(error instanceof HoldfastError)) throw error;
    });
  await removeUploadState(path);
}

type Found = Omit<StoredFile, 'pendingNodes' | 'cid' | 'transactionId' | 'ledgerBlockNumber'>;

const storedFile = (
  file: FileRecord,
  { name, source }: PutRequest,
  { keyServers, config }: Parties,
): Found => ({
  fileId: file.fileId,
  name,
  size: source.size,
  version: file.version,
  blocks: file.blockCount,
  blockSize: file.blockSize,
  nodes: file.acceptedNodes,
  keyServers: keyServers.map(({ mspId }) => mspId),
  root: file.root,
  pricePerEpoch: file.pricePerEpoch,
  firstAuditEpoch: file.epochRegistered + 2,
  slotSeconds: config.slotSeconds,
});

/**
 * A try that ended between commit and acknowledgement is acknowledged now: keys and card must not be made anew.
 *
 * @returns undefined where no earlier try came so far.
 */
async function registeredBefore(
  session: Session,
  parties: Parties,
  request: PutRequest,
  earlier: UploadState | undefined,
): Promise<StoredFile | undefined> {
  const fileId = earlier?.request.fileId;
  if (fileId === undefined || !(await isRegistered(session, fileId))) return undefined;
  const { file, placement } = await readAcknowledged(session, fileId, pause);
  const blocks = await readBlocks(session, file);
  const nodes = placement?.nodes ?? [];
  return {
    ...storedFile(file, request, parties),
    pendingNodes: file.acceptedNodes.filter((node) => !nodes.includes(node)),
    cid: fileDag(blocks).cid.toString(),
    transactionId: null,
    ledgerBlockNumber: null,
  };
}

/** The provider's side of an upload, through the gateway. */
const doorOf = ({ api }: Session, uploadId: string): UploadDoor => ({
  put: (part, bytes) => unlessDone(putPart(api, uploadId, part, bytes)),
  accept: (json) =>
    api.call('POST', `/v1/uploads/${uploadId}/acceptance`, acceptanceAnswer, { json }),
});

/** undefined where an earlier try, whose answer was lost, came through with the very same. */
async function unlessDone<T>(step: Promise<T>): Promise<T | undefined> {
  try {
    return await step;
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'ALREADY_EXISTS') return undefined;
    throw error;
  }
}
