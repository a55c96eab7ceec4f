/**
 * Which roles this process plays: those that it is told to, for which it holds identities, and which the consortium grants.
 *
 * @module
 */
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { Config } from '@holdfast/protocol/consortium-records.js';
import type { Role } from '@holdfast/protocol/schema.js';
import type { Played } from './config.ts';
import type { Connection } from './ledger/connection.ts';
import type { RoleIdentity } from './ledger/ledger.ts';

export interface Parties {
  readonly agent: RoleIdentity;
  readonly keyServers: readonly RoleIdentity[];
  readonly provider: RoleIdentity;
  readonly delegates: readonly RoleIdentity[];
  /** One identity of each organisation we tick for. */
  readonly clocks: readonly RoleIdentity[];
}

const ROLE_OF: Readonly<Record<Played, Role>> = {
  agent: 'agent',
  'key-server': 'key-server',
  provider: 'provider',
  auditor: 'delegate',
};

/**
 * @throws `NOT_ALLOWED` where a role that a gateway cannot do without is missing: roles of other gateways cannot be
 *   reached yet.
 */
export function partiesOf(
  played: readonly Played[],
  connection: Connection,
  config: Config,
): Parties {
  const holders = (role: Role): RoleIdentity[] =>
    connection.organisations
      .filter(({ mspId, identities }) => {
        const granted = config.organisations.find((each) => each.mspId === mspId);
        return identities[role] !== undefined && granted?.roles.includes(role) === true;
      })
      .map(({ mspId }) => ({ mspId, role }));
  const playing = (name: Played): RoleIdentity[] =>
    played.includes(name) ? holders(ROLE_OF[name]) : [];
  const auditors = playing('auditor');
  const providers = playing('provider');
  const [agent] = playing('agent');
  const [provider] = providers;
  if (agent === undefined || provider === undefined) {
    const missing = agent === undefined ? 'agent' : 'provider';
    throw new HoldfastError('NOT_ALLOWED', `no identity here plays the role ${missing}`);
  }
  return {
    agent,
    keyServers: playing('key-server'),
    provider,
    delegates: auditors,
    clocks: [...auditors, ...providers].filter(
      ({ mspId }, i, all) => all.findIndex((other) => other.mspId === mspId) === i,
    ),
  };
}
