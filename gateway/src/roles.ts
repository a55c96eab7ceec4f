/**
 * How the roles of different organisations reach each other: in one process here, over HTTP between gateways.
 *
 * @module
 */
import type { Challenge } from '@holdfast/protocol/audit.js';
import type { FileRecord, Terms } from '@holdfast/protocol/file-records.js';
import type {
  AcceptanceAnswer,
  AcceptanceRequest,
  UploadRequest,
} from '@holdfast/protocol/upload-messages.js';
import type { Combination } from '@holdfast/protocol/proof.js';

/** The OPRF side of an agent's organisation. */
export interface KeyServer {
  readonly mspId: string;
  /**
   * Evaluates blinded elements, each as long as the modulus.
   *
   * The quota is counted and an audit line is on disk before the answer leaves; `key` makes a retry harmless.
   *
   * @param organisation - the owner's; the key server's own unless told.
   * @throws `RATE_LIMITED`, `INPUT_INVALID` (naming the element).
   */
  evaluate(
    ownerId: string,
    key: string,
    blinded: readonly Uint8Array[],
    organisation?: string,
  ): Promise<readonly Uint8Array[]>;
}

/** A part of an upload or of a stored file. */
export type Part = 'content' | 'tags' | 'card';
export type StoredPart = 'content' | 'manifest' | 'tags' | 'leaves' | 'card';

export interface ByteRange {
  /** First byte, and the byte after the last. */
  readonly start: number;
  readonly end: number;
}

export interface UploadState {
  readonly uploadId: string;
  readonly ownerId: string;
  readonly request: UploadRequest;
  readonly terms: Terms;
  /** Bytes of content (ciphertext, then manifest) that are durable. */
  readonly offset: number;
  readonly expiresAt: string;
}

export interface Provider {
  readonly providerId: string;
  /** Takes U of a tag key once, checked against `tagkey/{id}` on the ledger. @throws `KEY_INVALID`, `NOT_FOUND`. */
  tagKey(tagKeyId: string, table: AsyncIterable<Uint8Array>): Promise<void>;
  /** Opens an upload and answers the terms that its acceptance will repeat. */
  open(ownerId: string, request: UploadRequest): Promise<UploadState>;
  upload(uploadId: string): Promise<UploadState>;
  /**
   * Writes at `offset`; resolves to the new offset when durable.
   *
   * A source that throws, as one whose digest does not match does at its end, leaves the offset where it was.
   */
  write(
    uploadId: string,
    part: Part,
    offset: number,
    bytes: AsyncIterable<Uint8Array>,
  ): Promise<number>;
  /** Ends an upload that will not be completed; its bytes go. */
  drop(uploadId: string): Promise<void>;
  /** Checks every tag, pins on the placement, signs. @throws `TAG_INVALID`, `INPUT_INVALID`, `STORAGE_UNREACHABLE`. */
  accept(uploadId: string, request: AcceptanceRequest): Promise<AcceptanceAnswer>;
  /** Streams a part of a registered file, whichever placement node has it whole. */
  read(file: Pick<FileRecord, 'fileId'>, part: StoredPart, range?: ByteRange): Promise<StoredBytes>;
  /** One block as one node holds it; undefined where that node has none. */
  block(fileId: string, uid: number, node: string): Promise<Uint8Array | undefined>;
  /**
   * Equations (2) and (3) of paper 004 over blocks as one node holds them: the answer to a challenge at once.
   *
   * @returns undefined where that node lacks one of the blocks.
   */
  combine(
    fileId: string,
    node: string,
    challenge: Pick<Challenge, 'uids' | 'coefficients'>,
  ): Promise<Combination | undefined>;
  nodes(): Promise<readonly NodeState[]>;
  /** Writes the block, taken from a node that has it whole, to the node where it is damaged. */
  repair(fileId: string, node: string, uids: readonly number[]): Promise<readonly number[]>;
}

export interface StoredBytes {
  /** Bytes of the whole part, whatever range of it is read. */
  readonly size: number;
  readonly bytes: AsyncIterable<Uint8Array>;
}

export interface NodeState {
  readonly node: string;
  readonly up: boolean;
  readonly freeBytes: bigint;
  readonly files: number;
}
