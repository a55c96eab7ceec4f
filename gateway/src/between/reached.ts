/**
 * Roles that other organisations' gateways play, as this one reaches them.
 *
 * @module
 */
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { Connection } from '../ledger/connection.ts';
import type { LedgerSession, RoleIdentity } from '../ledger/ledger.ts';
import type { KeyServer, Provider } from '../roles.ts';
import { jsonOf } from './answers.ts';
import { newCaller, type Caller, type CallerParts } from './caller.ts';
import { presence } from './calls.ts';
import { newRemoteKeyServer } from './remote-key-server.ts';
import { newRemoteProvider } from './remote-provider.ts';

export interface Reached<T> {
  readonly role: T;
  /** @throws where it does not answer. */
  readonly presence: () => Promise<void>;
}

export interface Reach {
  keyServer(mspId: string, session: LedgerSession): Reached<KeyServer>;
  provider(mspId: string, as: RoleIdentity): Reached<Provider>;
}

export type ReachParts = Omit<CallerParts, 'as' | 'to' | 'code'>;

/** @throws `NOT_ALLOWED` where the connection file does not say where an organisation's gateway is. */
export function newReach(parts: ReachParts): Reach {
  const { signal } = parts;

  function callerOf(rest: Pick<CallerParts, 'as' | 'to' | 'code'>): Caller {
    expectAddress(parts.connection(), rest.to);
    return newCaller({ ...parts, ...rest });
  }

  return {
    keyServer(mspId, session) {
      const to = { mspId, role: 'key-server' as const };
      const caller = callerOf({ as: session, to, code: 'KEY_SERVER_UNREACHABLE' });
      return {
        role: newRemoteKeyServer({ mspId, caller, session, signal }),
        presence: presenceOf(caller),
      };
    },
    provider(mspId, as) {
      const to = { mspId, role: 'provider' as const };
      const caller = callerOf({ as, to, code: 'STORAGE_UNREACHABLE' });
      return { role: newRemoteProvider(mspId, caller), presence: presenceOf(caller) };
    },
  };
}

const presenceOf = (caller: Caller) => async (): Promise<void> => {
  await jsonOf(caller, { method: 'GET', path: '/v1/roles' }, presence);
};

function expectAddress({ organisations }: Connection, { mspId, role }: RoleIdentity): void {
  const url = organisations.find((each) => each.mspId === mspId)?.gatewayUrl;
  if (typeof url === 'string') return;
  throw new HoldfastError(
    'NOT_ALLOWED',
    `the ${role} of ${mspId} is not played here, and the connection file has no gatewayUrl of ${mspId}`,
  );
}
