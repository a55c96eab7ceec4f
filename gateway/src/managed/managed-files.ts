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
import { registerFile } from '@holdfast/protocol/owner/register.js';
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
import type { PlainFile, SealedBlock, SealedFile } from '@holdfast/protocol/pipeline.js';
import type { KeyServer, Provider } from '../roles.ts';
import type { ManagedOwner } from './managed-owner.ts';
import { newTurns } from './turns.ts';

const BLOCK_SIZE = 262_144;
/** From the epoch that is named to the end of the first one that can audit the file. */
const EPOCHS_TO_FIRST = 3;
/** Each takes some tens of MiB while it is sealed. */
const UPLOADS = { width: 4, waiting: 16, retryAfter: 10 };

export interface ManagedFilesParts {
  readonly provider: Provider;
  readonly keyServers: ReadonlyMap<string, KeyServer>;
  readonly nowMs: () => number;
}

/** What a file is called; its media type is empty where nobody said it. */
export interface Naming {
  readonly name: string;
  readonly type: string;
}

export interface ManagedFiles {
  /** Seals, stores and registers; resolves when the ledger has it. */
  store(owner: ManagedOwner, naming: Naming, file: PlainFile): Promise<ManagedFileAnswer>;
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
    store: (owner, naming, file) => uploads(() => storeFile(parts, owner, naming, file)),
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

async function storeFile(
  parts: ManagedFilesParts,
  owner: ManagedOwner,
  naming: Naming,
  file: PlainFile,
): Promise<ManagedFileAnswer> {
  const { provider, nowMs } = parts;
  const parties = await readParties(owner.ledger);
  const size = { size: file.size, blockSize: BLOCK_SIZE } as const;
  const modifiedAt = nowMs();
  const upload = newUpload(owner, size, parties.provider, modifiedAt);
  const { uploadId, terms } = await provider.open(hex(owner.ownerId), upload.request);
  const opened = { ...upload, terms, uploadId };
  try {
    checkTerms(terms, parties.provider, parties.config);
    const sealed = await sealAndWrite(parts, owner, parties, opened, file);
    const card = { ...naming, modifiedAt };
    const kept = { sealed, card, fileSecret: owner.random(32) };
    const registration = await acceptUpload(
      owner,
      parties,
      opened,
      kept,
      doorOf(provider, uploadId),
    );
    const { transactionId } = await owner.lanes.within((lane) =>
      registerFile(owner, registration, lane),
    );
    const { file: record } = await readRegistered(owner, registration);
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

async function sealAndWrite(
  { provider, keyServers }: ManagedFilesParts,
  owner: ManagedOwner,
  parties: Parties,
  upload: OpenedUpload & { readonly uploadId: string },
  file: PlainFile,
): Promise<SealedFile> {
  const oprf = oprfOf(keyServers, hex(owner.ownerId));
  const sealing = sealUpload(owner, parties, upload, file, oprf);
  const found: SealedFile[] = [];
  const ciphertext = ciphertextOf(sealing, (sealed) => found.push(sealed));
  await provider.write(upload.uploadId, 'content', 0, ciphertext);
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
  async (file, part) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of (await provider.read(file, part)).bytes) chunks.push(chunk);
    return new Uint8Array(Buffer.concat(chunks));
  };

async function* contentOf(
  provider: Provider,
  record: FileRecord,
  range: ByteRange,
): AsyncGenerator<Uint8Array, void> {
  const { start, end } = range;
  yield* (await provider.read(record, 'content', { start, end })).bytes;
}

const instant = (ms: number): string => new Date(ms).toISOString();
