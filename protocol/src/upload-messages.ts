/**
 * The bodies of the gateway's REST interface on a file's way in: keys from the key servers, the upload, its acceptance.
 *
 * @module
 */
import { z } from 'zod';
import { terms } from './file-records.ts';
import * as s from './schema.ts';

/** POST /v1/oprf: one call a key server; modulus-sized elements. */
export const oprfRequest = z.strictObject({
  keyServer: s.name,
  blinded: z.array(s.bytes(384)).min(1).max(64),
});
export const oprfAnswer = z.strictObject({
  keyServer: s.name,
  evaluated: z.array(s.bytes(384)).min(1).max(64),
});

/** POST /v1/uploads (tus 1.0.0 creation; sizes also in Upload-Length). */
export const uploadRequest = z.strictObject({
  fileId: s.digest,
  tagKeyId: s.digest,
  blockSize: s.blockSize,
  paddedSize: z
    .int()
    .min(64)
    .max(2 ** 46),
  manifestSize: z
    .int()
    .min(1)
    .max(2 ** 31),
  firstUid: z.literal(0),
  taggedAt: s.counter,
  padding: z.boolean(),
});
export type UploadRequest = z.infer<typeof uploadRequest>;
export const uploadAnswer = z.strictObject({ uploadId: s.name, terms });
export type UploadAnswer = z.infer<typeof uploadAnswer>;

/** POST /v1/uploads/{id}/acceptance, after ciphertext, manifest, tags and card. */
export const acceptanceRequest = z.strictObject({
  /** The nonce of W. */
  nonce: s.bytes(16),
  salt: s.bytes(32),
  root: s.digest,
  /** The owner's nonce of the file id, so that the provider can check whose it is. */
  fileNonce: s.bytes(32),
});
export type AcceptanceRequest = z.infer<typeof acceptanceRequest>;
export const acceptanceAnswer = z.strictObject({
  acceptance: s.pointG1,
  cid: z.string(),
  anchor: s.digest,
  /** Nodes that hold the file now: at least the minimum. */
  nodes: z.array(s.name).min(1),
});
export type AcceptanceAnswer = z.infer<typeof acceptanceAnswer>;
