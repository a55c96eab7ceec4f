/**
 * A file on its way in (steps 1 to 7 of the main job), between its bytes and the provider: the upload that is asked for,
 * the sealing, and the acceptance, recomputed before the file is registered.
 *
 * @module
 */
import { base64url, fromBase64url, fromHex, hex } from '../bytes.ts';
import { sealCard, type Card } from '../card.ts';
import { HoldfastError } from '../errors.ts';
import { fileId as fileIdOf } from '../ids.ts';
import type { ProviderOrganisation } from '../consortium-records.ts';
import type { Terms } from '../file-records.ts';
import type { FileState } from '../ledger-transactions.ts';
import type { AcceptanceAnswer, AcceptanceRequest, UploadRequest } from '../upload-messages.ts';
import type { Oprf } from '../oprf-set.ts';
import { layoutOf } from '../padding.ts';
import { sealFile, type PlainFile, type SealedBlock, type SealedFile } from '../pipeline.ts';
import { inline } from '../pool.ts';
import { finishAllTags } from '../tag.ts';
import { checkAcceptance, firstVersion } from './acceptance-check.ts';
import type { ActingOwner } from './acting-owner.ts';
import { readAcknowledged, secretOf } from './file-keys.ts';
import type { Parties } from './parties.ts';
import type { Delay } from './rebuilt.ts';
import type { Registration } from './register.ts';

/** An upload as the owner asks for it. */
export interface NewUpload {
  /** The file id is T("file-id", ownerId, fileNonce); base64url. */
  readonly fileNonce: string;
  readonly request: UploadRequest;
}

/** An upload whose terms the provider has answered. */
export interface OpenedUpload extends NewUpload {
  readonly terms: Terms;
}

/** (Owner) An upload under a fresh file id. @param taggedAt - milliseconds, informational. */
export function newUpload(
  { ownerId, tagKeyId, random }: ActingOwner,
  { size, blockSize }: { readonly size: number; readonly blockSize: UploadRequest['blockSize'] },
  { padding }: ProviderOrganisation,
  taggedAt: number,
): NewUpload {
  const nonce = random(32);
  const { paddedSize, manifestSize } = layoutOf(size, blockSize, padding);
  const fileId = hex(fileIdOf(ownerId, nonce));
  return {
    fileNonce: base64url(nonce),
    request: {
      fileId,
      tagKeyId,
      blockSize,
      paddedSize,
      manifestSize,
      firstUid: 0,
      taggedAt,
      padding,
    },
  };
}

/** (Owner) Seals a file for an upload, block after block. */
export const sealUpload = (
  { secrets, random, pool = inline }: ActingOwner,
  { keyServers }: Parties,
  { request }: NewUpload,
  file: PlainFile,
  oprf: Oprf,
): AsyncGenerator<SealedBlock, SealedFile> =>
  sealFile(file, {
    fileId: fromHex(request.fileId),
    nonceKey: secrets.nonceKey,
    blockSize: request.blockSize,
    padding: request.padding,
    keyServers,
    oprf,
    alpha: secrets.tagKey.alpha,
    random,
    pool,
  });

/** What is stored of a file beside its content. */
export interface SealedUpload {
  readonly sealed: SealedFile;
  readonly card: Card;
  /** S_f, 32 bytes: the same in every try of an upload. */
  readonly fileSecret: Uint8Array;
}

/** The provider's side of an upload whose content is there. */
export interface UploadDoor {
  put(part: 'tags' | 'card', bytes: Uint8Array): Promise<unknown>;
  accept(request: AcceptanceRequest): Promise<AcceptanceAnswer>;
}

/**
 * (Owner) Tags and card go up; the provider checks every tag and signs; what it signed is recomputed.
 *
 * @throws `ACCEPTANCE_INVALID`; the provider's refusal.
 */
export async function acceptUpload(
  owner: ActingOwner,
  { provider }: Parties,
  { fileNonce, request, terms }: OpenedUpload,
  { sealed, card, fileSecret }: SealedUpload,
  door: UploadDoor,
): Promise<Registration> {
  const { secrets, ownerId, channel, pool = inline } = owner;
  const { taggedAt, tagKeyId } = request;
  const fileId = fromHex(request.fileId);
  const keys = { fileKey: sealed.fileKey, fileSecret };
  const session = { fileId, firstUid: 0, nonce: sealed.nonce, taggedAt };
  await door.put('tags', await finishAllTags(sealed.sums, session, secrets.tagKey, pool));
  await door.put('card', await sealCard(secretOf(keys), card));
  const salt = secrets.saltOf(fileId);
  const version = firstVersion(sealed, salt, taggedAt);
  const answer = await door.accept({
    nonce: base64url(sealed.nonce),
    salt: base64url(salt),
    root: version.root,
    fileNonce,
  });
  const accepted = {
    channel,
    fileId: request.fileId,
    ownerId: hex(ownerId),
    tagKeyId,
    salt,
    version,
    terms,
  };
  checkAcceptance(answer, accepted, sealed, provider);
  return { ...accepted, answer, keys, fileNonce: fromBase64url(fileNonce) };
}

/** (Owner) Only the ledger says that it is stored: before, the owner's copy is the only one. */
export async function readRegistered(
  owner: ActingOwner,
  registration: Registration,
  delay: Delay,
): Promise<FileState> {
  const state = await readAcknowledged(owner, registration.fileId, delay);
  const { file } = state;
  const isOurs =
    file.root === registration.version.root && file.acceptance === registration.answer.acceptance;
  if (!isOurs) throw new HoldfastError('ANSWER_FALSE', 'another version stands on the ledger');
  return state;
}
