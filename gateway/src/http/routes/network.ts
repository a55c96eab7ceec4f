/**
 * Which consortium this gateway belongs to, and how one becomes an owner there.
 *
 * @module
 */
import { Router } from 'express';
import { newAccountRequest } from '@holdfast/protocol/custody-messages.js';
import type { Network } from '@holdfast/protocol/network-messages.js';
import type { Enrol } from '../../enrolment/enrolment.ts';
import type { Custody } from '../../managed/custody.ts';
import { takesJson, type RequestParts } from '../requests.ts';

export interface NetworkParts extends RequestParts {
  readonly network: Network;
  readonly enrol: Enrol;
  readonly custody: Custody;
}

/** Neither is signed: nobody has a certificate yet, and the request for one proves that its sender holds the key; in
 * managed custody the agent makes key and request. */
export function networkRoutes(parts: NetworkParts): Router {
  const router = Router();
  router.get('/network', (_request, response) => {
    response.json(parts.network);
  });
  router.post(
    '/accounts',
    takesJson(parts, newAccountRequest, async ({ body, response }) => {
      response.set('Holdfast-Custody', body.custody);
      return {
        status: 201,
        body:
          body.custody === 'owner'
            ? await parts.enrol(body.csr)
            : await parts.custody.open(body.name, body.password),
      };
    }),
  );
  return router;
}
