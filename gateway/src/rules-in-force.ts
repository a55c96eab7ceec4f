/**
 * The rules a gateway starts under.
 *
 * @module
 */
import type { Config } from '@holdfast/protocol/consortium-records.js';
import { configured, EMBEDDED, isEmbedded } from './consortium.ts';
import type { Connection } from './ledger/connection.ts';
import type { Ledger, LedgerSession } from './ledger/ledger.ts';
import { patiently } from './patiently.ts';

/**
 * The configuration; of the embedded consortium the gateway that holds its first organisation's operator writes it, and the
 * others wait for that.
 *
 * @throws `NOT_FOUND` on another network that nobody has configured yet.
 */
export function rulesInForce(
  ledger: Ledger,
  { organisations }: Connection,
  reader: LedgerSession,
): Promise<Config> {
  const names = organisations.map(({ mspId }) => mspId);
  const [first] = EMBEDDED.organisations;
  const writes = organisations.some(
    ({ mspId, identities }) => mspId === first?.mspId && identities.operator !== undefined,
  );
  if (writes || !isEmbedded(names)) return patiently(() => configured(ledger, names, reader));
  return patiently(() => configured(ledger, [], reader), ['LEDGER_UNREACHABLE', 'NOT_FOUND']);
}
