/**
 * Calls that key servers take, and the one that every gateway takes: who can be called here.
 *
 * @module
 */
import { z } from 'zod';
import { base64url, fromBase64url } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { name } from '@holdfast/protocol/schema.js';
import type { RoleIdentity } from '../ledger/ledger.ts';
import type { KeyServer } from '../roles.ts';
import { evaluated, evaluation, presence } from './calls.ts';
import type { InnerRoute } from './inner-door.ts';
import { addressOf, answerJson, jsonIn } from './inner-routes.ts';
import type { ExpectOwner } from './owners-of.ts';

export const presenceCall = (roles: readonly RoleIdentity[]): InnerRoute => ({
  method: 'get',
  path: '/v1/roles',
  callers: ['agent', 'delegate'],
  async handle(_request, response) {
    answerJson(response, presence, { roles: roles.map(({ role }) => role) });
  },
});

/** (Key server) */
export const keyServerCall = (
  keyServers: ReadonlyMap<string, KeyServer>,
  expectOwner: ExpectOwner,
): InnerRoute => ({
  method: 'post',
  path: '/v1/key-servers/:mspId/evaluations',
  callers: ['agent'],
  async handle(request, response, caller) {
    const { mspId } = addressOf(request, z.strictObject({ mspId: name }));
    const keyServer = keyServers.get(mspId);
    if (keyServer === undefined) {
      throw new HoldfastError('NOT_FOUND', `no key server ${mspId} here`, {
        pointer: '/keyServer',
      });
    }
    const { ownerId, key, blinded } = await jsonIn(request, response, evaluation);
    await expectOwner(caller, ownerId);
    const elements = blinded.map((element) => fromBase64url(element));
    const answer = await keyServer.evaluate(ownerId, key, elements, caller.mspId);
    answerJson(response, evaluated, { evaluated: answer.map(base64url) });
  },
});
