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
  readonly agent: RoleIdentity | undefined;
  readonly keyServers: readonly RoleIdentity[];
  readonly provider: RoleIdentity | undefined;
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

/** @throws `NOT_ALLOWED` where there is nothing to play. */
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
  const keyServers = playing('key-server');
  if ([agent, provider, ...keyServers, ...auditors].every((one) => one === undefined)) {
    const wanted = played.join(', ');
    throw new HoldfastError('NOT_ALLOWED', `no identity here plays one of the roles ${wanted}`);
  }
  return {
    agent,
    keyServers,
    provider,
    delegates: auditors,
    clocks: [...auditors, ...providers].filter(
      ({ mspId }, i, all) => all.findIndex((other) => other.mspId === mspId) === i,
    ),
  };
}

/** Identities that we hold: the agent's first. @throws `NOT_ALLOWED` where there is none. */
export function heldOf({ organisations }: Connection): RoleIdentity[] {
  const held = (['agent', 'provider', 'delegate', 'key-server'] as const).flatMap((role) =>
    organisations
      .filter(({ identities }) => identities[role] !== undefined)
      .map(({ mspId }) => ({ mspId, role })),
  );
  if (held.length > 0) return held;
  throw new HoldfastError('NOT_ALLOWED', 'the connection file holds no identity of a role');
}

/** Organisations that provide, ours first. */
export const providersOf = ({ organisations }: Config, own: RoleIdentity | undefined): string[] =>
  organisations
    .filter(({ roles }) => roles.includes('provider'))
    .map(({ mspId }) => mspId)
    .toSorted((a, b) => Number(b === own?.mspId) - Number(a === own?.mspId));
