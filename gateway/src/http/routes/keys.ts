/**
 * Keys: evaluations of the key servers, and the public table of an owner's tag key.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { base64url, fromBase64url } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { digest } from '@holdfast/protocol/schema.js';
import { oprfAnswer, oprfRequest } from '@holdfast/protocol/upload-messages.js';
import { takesBytes } from '../byte-route.ts';
import { readWhole } from '../content-digest.ts';
import { takesJson } from '../json-route.ts';
import type { LedgerSession } from '../../ledger/ledger.ts';
import { callerOf, signalOf, type RequestParts } from '../requests.ts';
import type { KeyServer, Provider } from '../../roles.ts';
import type { Route } from '../route.ts';
import type { TableCopies } from '../../auditor/table-copies.ts';

/** Bytes of the largest table: 8,457 points. */
const TABLE_LIMIT = 8_457 * 48;

export interface KeysParts extends RequestParts {
  readonly agent: LedgerSession;
  readonly keyServers: ReadonlyMap<string, KeyServer>;
  readonly provider: Provider;
  readonly tables: TableCopies;
}

export const keysRoutes = (parts: KeysParts): Route[] => [evaluation(parts), table(parts)];

function evaluation(parts: KeysParts): Route {
  // The key server remembers its answers itself: an answer in our records would outlive its quota.
  const once: RequestParts['once'] = (_caller, _key, _request, answer) => answer();
  return takesJson(
    { ...parts, once },
    {
      method: 'post',
      path: '/v1/oprf',
      who: 'owner',
      summary: 'Have blinded elements evaluated by one key server',
      body: oprfRequest,
      status: 200,
      answer: oprfAnswer,
      problems: ['NOT_FOUND', 'RATE_LIMITED'],
    },
    async ({ body, response, key }) => {
      const keyServer = parts.keyServers.get(body.keyServer);
      if (keyServer === undefined) {
        throw new HoldfastError('NOT_FOUND', `no key server ${body.keyServer} here`, {
          pointer: '/keyServer',
        });
      }
      const blinded = body.blinded.map((element) => fromBase64url(element));
      const { ownerId } = callerOf(response);
      const evaluated = await keyServer.evaluate(ownerId, key ?? randomUUID(), blinded);
      return {
        body: { keyServer: body.keyServer, evaluated: evaluated.map(base64url) },
      };
    },
  );
}

function table(parts: KeysParts): Route {
  const { agent, provider, tables } = parts;
  return takesBytes(
    parts,
    {
      method: 'put',
      path: '/v1/tag-keys/:tagKeyId',
      who: 'owner',
      summary: 'Bring the public table of a tag key, 48 bytes a point, once',
      params: z.strictObject({ tagKeyId: digest }),
      type: 'application/octet-stream',
      most: TABLE_LIMIT,
      status: 204,
      answer: null,
      problems: ['NOT_FOUND', 'KEY_INVALID'],
    },
    async ({ params: { tagKeyId }, response, open }) => {
      const record = await agent.evaluate('accounts:tagKey', { tagKeyId }, signalOf(response));
      if (record.ownerId !== callerOf(response).ownerId) {
        throw new HoldfastError('NOT_ALLOWED', `tag key ${tagKeyId} is another owner's`);
      }
      const bytes = await readWhole(open(TABLE_LIMIT));
      await provider.tagKey(tagKeyId, Readable.from([bytes]));
      await tables.keep(tagKeyId, bytes);
      return {};
    },
  );
}
