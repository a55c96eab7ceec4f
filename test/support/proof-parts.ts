/** A succinct proof as its parts, and the equation it is checked by, for attacks that put both together otherwise. */
import type { Challenge } from '@holdfast/protocol/audit.js';
import { concat, fromBase64url } from '@holdfast/protocol/bytes.js';
import {
  add1,
  decodeG1,
  decodeG2,
  encodeG1,
  multiply1,
  multiplyBase,
  multiScalar,
  type G1,
  type G2,
} from '@holdfast/protocol/curve.js';
import { decodeScalar, encodeScalar } from '@holdfast/protocol/scalar.js';
import type { AnsweredGroup } from '@holdfast/protocol/proof.js';
import { hashedMessage, tagSession } from '@holdfast/protocol/tag.js';
import type { TaggedFile, Tagger } from './tagged-files.ts';

/** A proof as its parts. */
export interface Parts {
  readonly sigma: G1;
  readonly y: bigint;
  readonly psi: G1;
}

export const encoded = ({ sigma, y, psi }: Parts) =>
  concat(encodeG1(sigma), encodeScalar(y), encodeG1(psi));
export const parts = ({ proof }: AnsweredGroup): Parts => ({
  sigma: decodeG1(proof.slice(0, 48)),
  y: decodeScalar(proof.slice(48, 80)),
  psi: decodeG1(proof.slice(80), { infinity: true }),
});

export const tagsOf = ({ tags }: TaggedFile, { uids, coefficients }: Challenge): G1 =>
  multiScalar(
    uids.map((uid) => decodeG1(tags[uid] ?? new Uint8Array())),
    coefficients,
  );
export const messagesOf = ({ file }: TaggedFile, { uids, coefficients }: Challenge): G1 =>
  multiScalar(
    uids.map((uid) => hashedMessage(tagSession(file.fileId, file.base), uid)),
    coefficients,
  );

/** P = M * g1^y * psi^-rho. */
export const opened = (message: G1, { y, psi }: Pick<Parts, 'y' | 'psi'>, rho: bigint): G1 =>
  add1(message, add1(multiplyBase(y), multiply1(psi, -rho)));
export const keys = ({ tagKey }: Pick<Tagger, 'tagKey'>): [G2, G2] => [
  decodeG2(fromBase64url(tagKey.x)),
  decodeG2(fromBase64url(tagKey.xAlpha)),
];
