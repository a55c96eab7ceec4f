/**
 * The provider of another organisation, over HTTP.
 *
 * @module
 */
import { base64url, fromBase64url } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { encodeScalar } from '@holdfast/protocol/scalar.js';
import { acceptanceAnswer } from '@holdfast/protocol/upload-messages.js';
import type { ByteRange, Provider } from '../roles.ts';
import { accepted, bytesOf, falseAnswer, jsonOf, jsonOrNone } from './answers.ts';
import type { Caller } from './caller.ts';
import * as calls from './calls.ts';

const P = '/v1/provider';
/** Bytes of the largest block. */
const BLOCK_LIMIT = 1_048_576;

/** (Agent, Delegate) */
export function newRemoteProvider(providerId: string, caller: Caller): Provider {
  return {
    providerId,
    async tagKey(tagKeyId, bytes) {
      await bytesOf(caller, { method: 'PUT', path: `${P}/tag-keys/${tagKeyId}`, bytes }, 0);
    },
    open: (ownerId, request) =>
      jsonOf(
        caller,
        { method: 'POST', path: `${P}/uploads`, json: { ownerId, request } },
        calls.uploadState,
      ),
    upload: (uploadId) =>
      jsonOf(caller, { method: 'GET', path: `${P}/uploads/${uploadId}` }, calls.uploadState),
    async write(uploadId, part, offset, bytes) {
      const path = `${P}/uploads/${uploadId}/${part}?offset=${offset}`;
      return (await jsonOf(caller, { method: 'PUT', path, bytes }, calls.written)).offset;
    },
    async drop(uploadId) {
      await bytesOf(caller, { method: 'DELETE', path: `${P}/uploads/${uploadId}` }, 0);
    },
    accept: (uploadId, json) =>
      jsonOf(
        caller,
        { method: 'POST', path: `${P}/uploads/${uploadId}/acceptance`, json },
        acceptanceAnswer,
      ),
    async read({ fileId }, part, range) {
      const path = `${P}/files/${fileId}/parts/${part}`;
      const asked = { method: 'GET', path: `${path}/size${rangeIn(range)}` } as const;
      const { size } = await jsonOf(caller, asked, calls.partSize);
      const { start, end } = range ?? { start: 0, end: size };
      return { size, bytes: readOf(caller, path, { start, end }) };
    },
    block: (fileId, uid, node) => {
      const path = `${P}/files/${fileId}/blocks/${uid}?node=${encodeURIComponent(node)}`;
      return bytesOf(caller, { method: 'GET', path }, BLOCK_LIMIT);
    },
    async combine(fileId, node, { uids, coefficients }) {
      const path = `${P}/files/${fileId}/combinations`;
      const written = coefficients.map((each) => base64url(encodeScalar(each)));
      const json = { node, uids, coefficients: written };
      const found = await jsonOrNone(caller, { method: 'POST', path, json }, calls.combination);
      return found === undefined
        ? undefined
        : {
            combinedTag: fromBase64url(found.combinedTag),
            combinedBlock: fromBase64url(found.combinedBlock),
          };
    },
    async nodes() {
      const { nodes } = await jsonOf(caller, { method: 'GET', path: `${P}/nodes` }, calls.nodes);
      return nodes.map((node) => ({ ...node, freeBytes: BigInt(node.freeBytes) }));
    },
    async repair(fileId, node, uids) {
      const path = `${P}/files/${fileId}/repairs`;
      const asked = { method: 'POST', path, json: { node, uids } } as const;
      return (await jsonOf(caller, asked, calls.repaired)).uids;
    },
  };
}

const rangeIn = (range: ByteRange | undefined): string =>
  range === undefined ? '' : `?start=${range.start}&end=${range.end}`;

/** Bytes as they are wanted; one that breaks off is asked for again from where it stood, and says there why. */
async function* readOf(
  caller: Caller,
  path: string,
  { start, end }: ByteRange,
): AsyncGenerator<Uint8Array, void> {
  let at = start;
  while (at < end) {
    const before = at;
    const asked = { method: 'GET', path: `${path}${rangeIn({ start: at, end })}` } as const;
    try {
      const { bytes } = await accepted(caller, asked);
      for await (const chunk of bytes) {
        at += chunk.length;
        if (at > end) throw falseAnswer(caller.title, `more than ${end - start} bytes`);
        yield chunk;
      }
      if (at < end) throw falseAnswer(caller.title, `${at - start} of ${end - start} bytes`);
    } catch (error) {
      const isFalse = error instanceof HoldfastError && error.code === 'ANSWER_FALSE';
      if (isFalse || at === before) throw error;
    }
  }
}
