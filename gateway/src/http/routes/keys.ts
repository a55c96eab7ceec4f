/**
 * Keys: evaluations of the key servers, and the public table of an owner's tag key.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { Router } from 'express';
import { z } from 'zod';
import { base64url, fromBase64url } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { oprfRequest } from '@holdfast/protocol/upload-messages.js';
import { digest } from '@holdfast/protocol/schema.js';
import { bodyOf, readWhole } from '../content-digest.ts';
import type { LedgerSession } from '../../ledger/ledger.ts';
import { callerOf, parameters, signalOf, takesJson, type RequestParts } from '../requests.ts';
import type { KeyServer, Provider } from '../../roles.ts';
import type { TableCopies } from '../../auditor/table-copies.ts';

/** Bytes of the largest table: 8,457 points. */
const TABLE_LIMIT = 8_457 * 48;

const tagKeyAddress = z.strictObject({ tagKeyId: digest });

export interface KeysParts extends RequestParts {
  readonly agent: LedgerSession;
  readonly keyServers: ReadonlyMap<string, KeyServer>;
  readonly provider: Provider;
  readonly tables: TableCopies;
}

export function keysRoutes(parts: KeysParts): Router {
  const { agent, keyServers, provider, tables } = parts;
  const router = Router();

  // The key server remembers its answers itself: an answer in our records would outlive its quota.
  const unremembered: RequestParts = {
    ...parts,
    once: (_caller, _key, _request, answer) => answer(),
  };
  router.post(
    '/oprf',
    takesJson(unremembered, oprfRequest, async ({ body, response, key }) => {
      const keyServer = keyServers.get(body.keyServer);
      if (keyServer === undefined) {
        throw new HoldfastError('NOT_FOUND', `no key server ${body.keyServer} here`, {
          pointer: '/keyServer',
        });
      }
      const blinded = body.blinded.map((element) => fromBase64url(element));
      const { ownerId } = callerOf(response);
      const evaluated = await keyServer.evaluate(ownerId, key ?? randomUUID(), blinded);
      return { body: { keyServer: body.keyServer, evaluated: evaluated.map(base64url) } };
    }),
  );

  router.put('/tag-keys/:tagKeyId', async (request, response) => {
    const { tagKeyId } = parameters(tagKeyAddress, request.params);
    const record = await agent.evaluate('accounts:tagKey', { tagKeyId }, signalOf(response));
    if (record.ownerId !== callerOf(response).ownerId) {
      throw new HoldfastError('NOT_ALLOWED', `tag key ${tagKeyId} is another owner's`);
    }
    const table = await readWhole(bodyOf(request, response, TABLE_LIMIT));
    await provider.tagKey(tagKeyId, Readable.from([table]));
    await tables.keep(tagKeyId, table);
    response.status(204).end();
  });
  return router;
}
