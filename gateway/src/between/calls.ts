/**
 * What gateways of different organisations say to each other: the bodies of calls and answers, for both sides.
 *
 * @module
 */
import { z } from 'zod';
import { repairRequest } from '@holdfast/protocol/file-messages.js';
import { terms } from '@holdfast/protocol/file-records.js';
import * as s from '@holdfast/protocol/schema.js';
import { uploadRequest } from '@holdfast/protocol/upload-messages.js';

/** Most elements, and most challenged blocks, of one call. */
const ELEMENTS = 64;
const UIDS = 100_000;

export const evaluation = z.strictObject({
  ownerId: s.digest,
  key: z.string().min(1).max(128),
  blinded: z.array(s.bytes(384)).min(1).max(ELEMENTS),
});
export const evaluated = z.strictObject({
  evaluated: z.array(s.bytes(384)).min(1).max(ELEMENTS),
});

export const opening = z.strictObject({ ownerId: s.digest, request: uploadRequest });
export const uploadState = z.strictObject({
  uploadId: s.name,
  ownerId: s.digest,
  request: uploadRequest,
  terms,
  offset: s.counter,
  expiresAt: s.instant,
});
export const written = z.strictObject({ offset: s.counter });

export const repairWanted = repairRequest;
export const repaired = z.strictObject({ uids: z.array(s.counter).max(UIDS) });

/** v_i as 32 bytes, big-endian: the first 16 are zero. */
const coefficient = s.scalar.regex(/^A{21}[A-P]/, 'expected a number below 2^128');

export const combinationWanted = z
  .strictObject({
    node: s.name,
    /** Each once: a block that is named again and again would be read again and again. */
    uids: z
      .array(s.counter)
      .min(1)
      .max(UIDS)
      .refine((uids) => new Set(uids).size === uids.length, 'expected each block once'),
    coefficients: z.array(coefficient).min(1).max(UIDS),
  })
  .refine(({ uids, coefficients }) => uids.length === coefficients.length, {
    path: ['coefficients'],
    error: 'expected one for each block',
  });
export const combination = z.strictObject({ combinedTag: s.pointG1, combinedBlock: s.base64url });

export const nodes = z.strictObject({
  nodes: z
    .array(
      z.strictObject({
        node: s.name,
        up: z.boolean(),
        freeBytes: z.string().regex(/^(?:0|[1-9][0-9]{0,19})$/, 'expected bytes'),
        files: s.counter,
      }),
    )
    .max(64),
});

/** Which roles of a gateway can be called. */
export const presence = z.strictObject({ roles: z.array(s.role) });

/** Bytes of the whole part, whatever range of it is wanted. */
export const partSize = z.strictObject({ size: s.counter });
