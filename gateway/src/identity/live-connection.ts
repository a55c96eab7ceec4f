/**
 * The connection file while we run: identities are renewed in it, and gateways move.
 *
 * @module
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { ConnectedOrganisation, Connection } from '../ledger/connection.ts';
import type { Logger } from '../log.ts';
import { expectInForce, identityOf, rootsOf, type Roots } from './role-certificate.ts';

/** The connection as it is now. */
export type LiveConnection = () => Connection;

export interface RenewalParts {
  readonly first: Connection;
  readonly read: () => Promise<Connection>;
  readonly log: Logger;
  readonly nowMs: () => number;
}

export interface RenewedConnection {
  readonly current: LiveConnection;
  /** Takes renewed certificates and new addresses of gateways; what is wrong with the file leaves all as it was. */
  look(): Promise<void>;
}

export function newRenewedConnection({ first, read, log, nowMs }: RenewalParts): RenewedConnection {
  const roots = rootsOf(first.organisations);
  let current = first;
  let refused = '';

  return {
    current: () => current,
    async look() {
      try {
        const next = renewed(current, await read(), { roots, nowMs: nowMs() });
        for (const name of differences(current, next))
          log.info({ event: 'Renewed', identity: name });
        current = next;
        refused = '';
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        if (reason !== refused) log.warn({ event: 'RenewalRefused', reason });
        refused = reason;
      }
    },
  };
}

interface Rules {
  readonly roots: Roots;
  readonly nowMs: number;
}

/** What may change of a connection: certificates and keys of identities that we have, and where gateways are. */
function renewed(before: Connection, read: Connection, rules: Rules): Connection {
  return {
    ...before,
    organisations: before.organisations.map((old) => {
      const now = read.organisations.find(({ mspId }) => mspId === old.mspId);
      return now === undefined ? old : renewedOrganisation(old, now, rules);
    }),
  };
}

function renewedOrganisation(
  old: ConnectedOrganisation,
  now: ConnectedOrganisation,
  rules: Rules,
): ConnectedOrganisation {
  const identities = { ...old.identities };
  for (const [name, identity] of Object.entries(old.identities)) {
    const role = name as keyof typeof identities;
    const next = now.identities[role];
    if (next === undefined || (next.cert === identity.cert && next.key === identity.key)) continue;
    expectSame(old.mspId, role, next, rules);
    identities[role] = next;
  }
  return { ...old, gatewayUrl: now.gatewayUrl, identities };
}

/** A renewed certificate is of the same organisation and role, in force, and of the key beside it. */
function expectSame(
  mspId: string,
  role: string,
  { cert, key }: { readonly cert: string; readonly key: string },
  { roots, nowMs }: Rules,
): void {
  const certificate = new X509Certificate(cert);
  const found = identityOf(certificate, roots);
  expectInForce(certificate, nowMs);
  if (found.mspId !== mspId || found.role !== role) {
    const whose = `${found.mspId}/${found.role}`;
    throw new HoldfastError('NOT_ALLOWED', `the certificate of ${mspId}/${role} is ${whose}'s`);
  }
  if (!certificate.checkPrivateKey(createPrivateKey(key))) {
    throw new HoldfastError('KEY_INVALID', `the key of ${mspId}/${role} is not its certificate's`);
  }
}

/** `organisation/role` of what was renewed. */
function* differences(before: Connection, now: Connection): Generator<string> {
  for (const [i, { mspId, identities }] of now.organisations.entries()) {
    for (const [role, identity] of Object.entries(identities)) {
      const old = before.organisations[i]?.identities[role as keyof typeof identities];
      if (old?.cert !== identity.cert) yield `${mspId}/${role}`;
    }
  }
}
