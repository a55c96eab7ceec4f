/**
 * Files of managed owners: the same pipeline as on an owner's device, run here (constructions, section 13).
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { hex } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { FileRecord } from '@holdfast/protocol/file-records.js';
import type { ManagedFileAnswer } from '@holdfast/protocol/custody-messages.js';
import { contentRange, openFile, type ByteRange } from '@holdfast/protocol/open-file.js';
import type { Oprf } from '@holdfast/protocol/oprf-set.js';
import { checkTerms } from '@holdfast/protocol/owner/acceptance-check.js';
import { readParties, type Parties } from '@holdfast/protocol/owner/parties.js';
import { registerFile, type Registration } from '@holdfast/protocol/owner/register.js';
import {
  acceptUpload,
  newUpload,
  readRegistered,
  sealUpload,
  type OpenedUpload,
  type UploadDoor,
} from '@holdfast/protocol/owner/store-file.js';
import {
  openFacts,
  openStored,
  type FileFacts,
  type OpenedStored,
  type ReadPart,
} from '@holdfast/protocol/owner/stored-file.js';
import type { UploadRequest } from '@holdfast/protocol/upload-messages.js';
import type { PlainFile, SealedBlock, SealedFile } from '@holdfast/protocol/pipeline.js';
import { usedOtherwise } from '../http/idempotency.ts';
import type { Monitor } from '../monitor/monitor.ts';
import { pause } from '../pause.ts';
import type { KeyServer, Provider } from '../roles.ts';
import { wholePart } from '../whole-part.ts';
import { isAccepted, type BegunPuts, type Naming } from './begun-puts.ts';
import type { ManagedOwner } from './managed-owner.ts';
import { registrationOf } from './registration.ts';
import { newTurns } from './turns.ts';

/** From the epoch that is named to the end of the first one that can audit the file. */
const EPOCHS_TO_FIRST = 3;
/** How long a monitor may be behind the ledger, milliseconds. */
const SEEN_MS = 30_000;
/** Each takes some tens of MiB while it is sealed. */
const UPLOADS = { width: 4, waiting: 16, retryAfter: 10 };

export interface ManagedFilesParts {
  readonly provider: Provider;
  readonly keyServers: ReadonlyMap<string, KeyServer>;
  /** Bytes of a block. */
  readonly blockSize: UploadRequest['blockSize'];
  readonly nowMs: () => number;
  readonly puts: BegunPuts;
  readonly monitor: Pick<Monitor, 'alertsOf' | 'file' | 'onChange'>;
}

export interface ManagedFiles {
  /**
   * Seals, stores and registers; resolves when the ledger has it.
   *
   * @param key - the same again stores nothing twice, whatever became of the try before.
   * @throws also `INPUT_INVALID` (422) where the key was used for another file.
   */
  store(
    owner: ManagedOwner,
    naming: Naming,
    file: PlainFile,
    key: string | undefined,
  ): Promise<ManagedFileAnswer>;
  /** @throws `NOT_FOUND`, `NOT_ALLOWED`. */
  open(owner: ManagedOwner, fileId: string): Promise<OpenedStored>;
  /** Plaintext, each block verified before a byte of it leaves. */
  read(opened: OpenedStored, range: ByteRange): AsyncGenerator<Uint8Array, void>;
  /** Name, type, date and size. */
  facts(owner: ManagedOwner, file: FileRecord): Promise<FileFacts>;
  /** Ends a file on the ledger; the provider drops it then. @returns the transaction's id. */
  retire(owner: ManagedOwner, fileId: string): Promise<string>;
}

/** (Agent) */
export function newManagedFiles(parts: ManagedFilesParts): ManagedFiles {
  const { provider } = parts;
  const uploads = newTurns(UPLOADS);
  const readPart = partsOf(provider);
  return {
    store: (owner, naming, file, key) =>
      uploads(() => storeFile(parts, owner, { naming, file, key })),
    open: (owner, fileId) => openStored(owner, fileId, readPart),
    read: ({ record, file }, range) =>
      openFile(file, contentOf(provider, record, contentRange(file, range)), range),
    async facts(owner, file) {
      const known = owner.facts.get(file.fileId);
      if (known !== undefined) return known;
      const opened = await openFacts(owner, file, readPart);
      owner.facts.set(file.fileId, opened);
      return opened;
    },
    async retire(owner, fileId) {
      const { transactionId } = await owner.lanes.within((lane) =>
        owner.ledger.submit(
          'files:retire',
          async () => ({ fileId, lane }),
          (retired) => retired.fileId === fileId,
        ),
      );
      owner.facts.delete(fileId);
      return transactionId;
    },
  };
}

interface Asked {
  readonly naming: Naming;
  readonly file: PlainFile;
  readonly key: string | undefined;
}

async function storeFile(
  parts: ManagedFilesParts,
  owner: ManagedOwner,
  { naming, file, key }: Asked,
): Promise<ManagedFileAnswer> {
  const { provider, nowMs, puts } = parts;
  const parties = await readParties(owner.ledger);
  const begun = await puts.begin(owner, key, naming);
  const { modifiedAt, fileSecret, isAgain } = begun;
  const named = { ...owner, random: () => begun.fileNonce };
  const size = { size: file.size, blockSize: parts.blockSize };
  const upload = newUpload(named, size, parties.provider, modifiedAt);
  const isKept = isAgain && (await isAccepted(provider, upload.request.fileId));
  const whereOther = isAgain ? asUsedOtherwise : asItIs;
  const { uploadId, terms } = await provider
    .open(hex(owner.ownerId), upload.request)
    .catch(whereOther);
  const opened = { ...upload, terms, uploadId };
  try {
    checkTerms(terms, parties.provider, parties.config);
    const write = isKept ? drained : writing(provider, uploadId);
    const sealed = await sealAndWrite(parts, owner, parties, { opened, file, write });
    const card = { ...naming, modifiedAt };
    const door = isKept ? keptDoor(provider, uploadId) : doorOf(provider, uploadId);
    const registration = await acceptUpload(
      owner,
      parties,
      opened,
      { sealed, card, fileSecret },
      door,
    ).catch(whereOther);
    const transactionId = await register(parts, owner, registration);
    const { file: record } = await readRegistered(owner, registration, pause);
    owner.facts.set(record.fileId, { ...card, size: file.size });
    return {
      fileId: record.fileId,
      name: naming.name,
      cid: sealed.cid.toString(),
      size: file.size,
      blocks: record.blockCount,
      version: record.version,
      replicas: registration.answer.nodes.length,
      state: 'awaiting-audit',
      firstAuditBy: instant(nowMs() + EPOCHS_TO_FIRST * parties.config.slotSeconds * 1000),
      transactionId,
    };
  } catch (error) {
    // what was accepted stays until its terms expire
    await provider.drop(uploadId).catch(() => undefined);
    throw error;
  }
}

/** @returns the transaction's id, also where it is that of an earlier try. */
async function register(
  { monitor }: ManagedFilesParts,
  owner: ManagedOwner,
  registration: Registration,
): Promise<string> {
  try {
    const committed = await owner.lanes.within((lane) => registerFile(owner, registration, lane));
    return committed.transactionId;
  } catch (error) {
    if (!(error instanceof HoldfastError && error.code === 'ALREADY_EXISTS')) throw error;
    const { fileId } = registration;
    return registrationOf(monitor, hex(owner.ownerId), fileId, AbortSignal.timeout(SEEN_MS));
  }
}

const asItIs = (error: unknown): never => {
  throw error;
};

/** An earlier try had another size accepted, or other bytes. */
const asUsedOtherwise = (error: unknown): never => {
  if (error instanceof HoldfastError && error.code === 'ALREADY_EXISTS') throw usedOtherwise();
  throw error;
};

type Write = (ciphertext: AsyncIterable<Uint8Array>) => Promise<unknown>;

const writing =
  (provider: Provider, uploadId: string): Write =>
  (ciphertext) =>
    provider.write(uploadId, 'content', 0, ciphertext);

/** What the provider has already need not come again; what it is does. */
async function drained(ciphertext: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of ciphertext);
}

async function sealAndWrite(
  { keyServers }: ManagedFilesParts,
  owner: ManagedOwner,
  parties: Parties,
  {
    opened,
    file,
    write,
  }: { readonly opened: OpenedUpload; readonly file: PlainFile; readonly write: Write },
): Promise<SealedFile> {
  const oprf = oprfOf(keyServers, hex(owner.ownerId));
  const sealing = sealUpload(owner, parties, opened, file, oprf);
  const found: SealedFile[] = [];
  await write(ciphertextOf(sealing, (sealed) => found.push(sealed)));
  const [sealed] = found;
  if (sealed === undefined) throw new Error('bug: content was written that was not sealed whole');
  return sealed;
}

async function* ciphertextOf(
  sealing: AsyncGenerator<SealedBlock, SealedFile>,
  whole: (sealed: SealedFile) => void,
): AsyncGenerator<Uint8Array, void> {
  try {
    let step = await sealing.next();
    for (; step.done !== true; step = await sealing.next()) yield step.value.ciphertext;
    whole(step.value);
  } finally {
    await sealing.return(undefined as never);
  }
}

const doorOf = (provider: Provider, uploadId: string): UploadDoor => ({
  put: (part, bytes) => provider.write(uploadId, part, 0, Readable.from([bytes])),
  accept: (request) => provider.accept(uploadId, request),
});

/** Of an upload that is accepted: tags and card are there. */
const keptDoor = (provider: Provider, uploadId: string): UploadDoor => ({
  put: () => Promise.resolve(),
  accept: (request) => provider.accept(uploadId, request),
});

/** The agent blinds as an owner's device does: no key server sees more of a managed file than of a sealed one. */
const oprfOf =
  (keyServers: ReadonlyMap<string, KeyServer>, ownerId: string): Oprf =>
  async (mspId, blinded) => {
    const keyServer = keyServers.get(mspId);
    if (keyServer === undefined) {
      throw new HoldfastError('KEY_SERVER_UNREACHABLE', `no key server ${mspId} here`);
    }
    return [...(await keyServer.evaluate(ownerId, randomUUID(), blinded))];
  };

const partsOf =
  (provider: Provider): ReadPart =>
  (file, part) =>
    wholePart(provider, file, part);

async function* contentOf(
  provider: Provider,
  record: FileRecord,
  range: ByteRange,
): AsyncGenerator<Uint8Array, void> {
  const { start, end } = range;
  yield* (await provider.read(record, 'content', { start, end })).bytes;
}

const instant = (ms: number): string => new Date(ms).toISOString();
