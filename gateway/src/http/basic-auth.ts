/**
 * Who sends a request: an owner whose keys are its own signs it (RFC 9421), an owner in managed custody sends name and
 * password (RFC 7617).
 *
 * @module
 */
import { X509Certificate } from 'node:crypto';
import type { RequestHandler, Response } from 'express';
import { fromUtf8 } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { managedAccountRequest } from '@holdfast/protocol/custody-messages.js';
import { parse } from '@holdfast/protocol/schema.js';
import type { Revocations } from '../identity/revocations.ts';
import type { Custody } from '../managed/custody.ts';
import type { ManagedOwner } from '../managed/managed-owner.ts';
import { signed, type RequestParts } from './requests.ts';

const SCHEME = 'basic ';
const credentials = managedAccountRequest.pick({ name: true, password: true });

export interface Credentials {
  readonly name: string;
  readonly password: string;
}

/** @returns undefined where there are none. @throws `INPUT_INVALID` where they are not well-formed. */
export function basicCredentials(header: string | undefined): Credentials | undefined {
  if (header?.slice(0, SCHEME.length).toLowerCase() !== SCHEME) return undefined;
  try {
    const pair = fromUtf8(Buffer.from(header.slice(SCHEME.length).trim(), 'base64'));
    const [, name, password] = /^([^:]*):([^]*)$/.exec(pair) ?? [];
    return parse(credentials, { name, password }, 'the credentials');
  } catch (cause) {
    throw new HoldfastError('INPUT_INVALID', 'expected Authorization: Basic with name:password', {
      cause,
      pointer: '/Authorization',
    });
  }
}

export interface AuthenticationParts extends RequestParts {
  readonly custody: Custody;
  readonly revocations: Pick<Revocations, 'expectUnrevoked'>;
}

/** Lets pass whose password or signature holds; {@link managedOf} says whose keys are here. */
export function authenticated(parts: AuthenticationParts): RequestHandler {
  const expectSignature = signed(parts);
  return async (request, response, next) => {
    const basic = basicCredentials(request.get('authorization'));
    if (basic === undefined) {
      await expectSignature(request, response, next);
      return;
    }
    response.set('Holdfast-Custody', 'agent');
    const owner = await parts.custody.unlock(basic.name, basic.password);
    const { mspId, certificate } = owner.signer;
    parts.revocations.expectUnrevoked(mspId, new X509Certificate(certificate));
    response.locals['caller'] = owner.signer;
    response.locals['managed'] = owner;
    next();
  };
}

/** undefined: the caller's keys are its own. */
export const managedOf = (response: Response): ManagedOwner | undefined =>
  response.locals['managed'] as ManagedOwner | undefined;
