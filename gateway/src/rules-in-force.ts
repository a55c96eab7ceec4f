/**
 * The rules a gateway starts under, and who it is when it reads.
 *
 * @module
 */
import type { Config } from '@holdfast/protocol/consortium-records.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { configured, EMBEDDED, isEmbedded } from './consortium.ts';
import type { Connection } from './ledger/connection.ts';
import { newFabricLedger } from './ledger/fabric-ledger.ts';
import type { LedgerLink } from './ledger/ledger-link.ts';
import type { RoleIdentity } from './ledger/ledger.ts';
import { heldOf } from './parties.ts';
import { patiently } from './patiently.ts';

export interface RulesInForce {
  readonly rules: Config;
  /** The first identity we hold that the consortium knows. */
  readonly reader: RoleIdentity;
}

/**
 * The configuration; of the embedded consortium the gateway that holds its first organisation's operator writes it, and the
 * others wait for that.
 *
 * @throws `NOT_FOUND` on another network that nobody has configured yet; `NOT_ALLOWED` where it knows none of us.
 */
export async function rulesInForce(
  link: LedgerLink,
  connection: Connection,
): Promise<RulesInForce> {
  const names = connection.organisations.map(({ mspId }) => mspId);
  const waits = isEmbedded(names) && !holdsFirstOperator(connection);
  const codes = ['LEDGER_UNREACHABLE', ...(waits ? ['NOT_FOUND' as const] : [])] as const;
  let refusal: unknown;
  for (const reader of heldOf(connection)) {
    const ledger = newFabricLedger(link, reader);
    try {
      const rules = await patiently(
        () => configured(ledger, waits ? [] : names, ledger.as(reader)),
        codes,
      );
      return { rules, reader };
    } catch (error) {
      // a role that its organisation has not been granted reads nothing
      if (!(error instanceof HoldfastError && error.code === 'NOT_ALLOWED')) throw error;
      refusal = error;
    }
  }
  throw refusal;
}

function holdsFirstOperator({ organisations }: Connection): boolean {
  const [first] = EMBEDDED.organisations;
  return organisations.some(
    ({ mspId, identities }) => mspId === first?.mspId && identities.operator !== undefined,
  );
}
