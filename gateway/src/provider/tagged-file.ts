/**
 * What a provider keeps of a file beside its blocks: the row of its catalogue, from the first byte to the last removal.
 *
 * @module
 */
import type { Terms } from '@holdfast/protocol/file-records.js';
import type {
  AcceptanceAnswer,
  AcceptanceRequest,
  UploadRequest,
} from '@holdfast/protocol/upload-messages.js';

/** UBlock of paper 003: ciphertext and tags. */
export interface TaggedFile {
  readonly fileId: string;
  readonly ownerId: string;
  readonly request: UploadRequest;
  readonly terms: Terms;
  /** Until when the owner can register, by this machine's clock; the ledger counts `terms.expiryEpoch`. */
  readonly expiresAt: string;
  /** Bytes of content (ciphertext, then manifest) that are durable. */
  readonly contentBytes: number;
  readonly tagBytes: number;
  /** Where bytes of it may be: the terms' nodes and any that joined the placement later. */
  readonly nodes: readonly string[];
  /** Those of `nodes` that did not answer when a part of it came, until they are filled. */
  readonly incomplete: readonly string[];
  /** Roots that are or may be pinned: the content's, and that of the owner's tags, leaves and card. */
  readonly roots: readonly string[];
  readonly state: TaggedFileState;
  readonly accepted: Accepted | null;
}

/** `dropping`: its bytes are being removed, which a restart takes up again. */
export type TaggedFileState = 'uploading' | 'accepted' | 'registered' | 'dropping';

export interface Accepted {
  readonly request: AcceptanceRequest;
  readonly answer: AcceptanceAnswer;
}

/** Work that is owed and survives a restart. */
export type Job =
  /** A node of a file lacks bytes: copy them there, then make it part of the placement. */
  | { readonly kind: 'fill'; readonly fileId: string; readonly node: string }
  /** Blocks conceded in an audit: mend them once the verdict stands. */
  | {
      readonly kind: 'repair';
      readonly fileId: string;
      readonly node: string;
      readonly epoch: number;
      readonly uids: readonly number[];
    };

/** One job of a kind a file and node at a time. */
export const jobId = ({ kind, fileId, node }: Job): string => `${kind}/${fileId}/${node}`;
