/**
 * Key servers and providers as this gateway's roles use them: those that it plays itself, and those of other gateways.
 *
 * @module
 */
import type { Config } from '@holdfast/protocol/consortium-records.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { Reach, Reached } from './between/reached.ts';
import type { Ledger, RoleIdentity } from './ledger/ledger.ts';
import { providersOf, type Parties } from './parties.ts';
import type { KeyServer, Provider } from './roles.ts';

export interface RolesReachedParts {
  readonly parties: Parties;
  readonly rules: Config;
  readonly ledger: Ledger;
  readonly reach: Reach;
  /** Played here. */
  readonly keyServers: ReadonlyMap<string, KeyServer>;
  readonly provider: Provider | undefined;
}

export interface RolesReached {
  /** undefined where no agent is played here. */
  readonly forAgent:
    | { readonly keyServers: ReadonlyMap<string, KeyServer>; readonly provider: Provider }
    | undefined;
  /** Whose nodes are asked after: the agent's provider, or the one played here. */
  readonly provider: Provider | undefined;
  readonly providersFor: (delegate: RoleIdentity) => ReadonlyMap<string, Provider>;
  /** What the agent needs of other gateways, and whether it answers; throws where it does not. */
  readonly elsewhere: readonly (() => Promise<void>)[];
}

/** @throws `NOT_ALLOWED` naming the organisation whose gateway has no address. */
export function rolesReached(parts: RolesReachedParts): RolesReached {
  const { parties, rules, reach, provider: own } = parts;
  const elsewhere: (() => Promise<void>)[] = [];
  const taken = <T>({ role, presence }: Reached<T>): T => {
    elsewhere.push(presence);
    return role;
  };
  const forAgent = parties.agent && reachedByAgent(parts, parties.agent, taken);
  return {
    forAgent,
    provider: forAgent?.provider ?? own,
    providersFor: (delegate) =>
      new Map(
        providersOf(rules, parties.provider).map((mspId) => [
          mspId,
          own?.providerId === mspId ? own : reach.provider(mspId, delegate).role,
        ]),
      ),
    elsewhere,
  };
}

function reachedByAgent(
  { rules, ledger, reach, parties, keyServers, provider }: RolesReachedParts,
  agent: RoleIdentity,
  taken: <T>(reached: Reached<T>) => T,
) {
  const session = ledger.as(agent);
  const [nearest] = providersOf(rules, parties.provider);
  if (nearest === undefined) {
    throw new HoldfastError('NOT_ALLOWED', 'the consortium has granted nobody the role provider');
  }
  return {
    keyServers: new Map(
      rules.keyServers.map((mspId) => [
        mspId,
        keyServers.get(mspId) ?? taken(reach.keyServer(mspId, session)),
      ]),
    ),
    provider: provider ?? taken(reach.provider(nearest, agent)),
  };
}
