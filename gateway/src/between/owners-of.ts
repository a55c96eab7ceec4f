/**
 * Whether an agent asks for an owner of its own organisation: another could use up its quota, or drop its uploads.
 *
 * @module
 */
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { LedgerSession, RoleIdentity } from '../ledger/ledger.ts';
import { titleOf } from './names.ts';

/** Owners whose organisation is remembered: it never changes. */
const REMEMBERED = 10_000;

/** @throws `NOT_ALLOWED` where the owner has no account, or one of another organisation. */
export type ExpectOwner = (caller: RoleIdentity, ownerId: string) => Promise<void>;

/** (Key server, Provider) */
export function newExpectOwner(session: LedgerSession, signal: AbortSignal): ExpectOwner {
  const known = new Map<string, string>();

  async function organisationOf(ownerId: string): Promise<string> {
    const held = known.get(ownerId);
    if (held !== undefined) return held;
    const { mspId } = await session.evaluate('accounts:get', { ownerId }, signal);
    const [oldest] = known.keys();
    if (known.size >= REMEMBERED && oldest !== undefined) known.delete(oldest);
    known.set(ownerId, mspId);
    return mspId;
  }

  return async (caller, ownerId) => {
    const mspId = await organisationOf(ownerId).catch((error: unknown) => {
      if (!(error instanceof HoldfastError && error.code === 'NOT_FOUND')) throw error;
      throw new HoldfastError('NOT_ALLOWED', `owner ${ownerId} has no account`, { cause: error });
    });
    if (mspId === caller.mspId) return;
    throw new HoldfastError('NOT_ALLOWED', `owner ${ownerId} is not of ${titleOf(caller)}`);
  };
}
