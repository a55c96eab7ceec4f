/**
 * Which consortium this gateway belongs to, and how one becomes an owner there.
 *
 * @module
 */
import { z } from 'zod';
import { managedAccountAnswer, newAccountRequest } from '@holdfast/protocol/custody-messages.js';
import { accountAnswer, network, type Network } from '@holdfast/protocol/network-messages.js';
import { requesterOf, type Enrol } from '../../enrolment/enrolment.ts';
import type { Custody } from '../../managed/custody.ts';
import { reads, takesJson } from '../json-route.ts';
import type { RequestParts } from '../requests.ts';
import type { Route } from '../route.ts';

export interface NetworkParts extends RequestParts {
  readonly network: Network;
  readonly enrol: Enrol;
  readonly custody: Custody;
}

/** Neither is signed: nobody has a certificate yet, and the request for one proves that its sender holds the key; in
 * managed custody the agent makes key and request. */
export function networkRoutes(parts: NetworkParts): Route[] {
  return [
    reads(
      {
        path: '/v1/network',
        who: 'anybody',
        summary: 'What a client must pin before it trusts an endorsement',
        answer: network,
      },
      () => parts.network,
    ),
    takesJson(
      parts,
      {
        method: 'post',
        path: '/v1/accounts',
        who: 'anybody',
        summary:
          'Open an account: a certificate for a key of one’s own, or a name and a password under which the agent keeps ' +
          'the keys',
        body: newAccountRequest,
        status: 201,
        answer: z.union([accountAnswer, managedAccountAnswer]),
        problems: ['ALREADY_EXISTS', 'LEDGER_UNREACHABLE'],
        // never a task, however long it takes: what custody answers has the phrase in it, which is kept nowhere, and
        // nobody has shown yet whose task it would be. Who is cut off asks again: custody knows the request itself
        scope: async (body) => (body.custody === 'owner' ? requesterOf(body.csr) : undefined),
      },
      async ({ body, response, key }) => {
        response.set('Holdfast-Custody', body.custody);
        return {
          body:
            body.custody === 'owner'
              ? await parts.enrol(body.csr)
              : await parts.custody.open(body.name, body.password, key),
        };
      },
    ),
  ];
}
