/**
 * Whose key it is: certificates that we had issued, and accounts of the ledger.
 *
 * @module
 */
import { X509Certificate } from 'node:crypto';
import { hex } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { signerId } from '@holdfast/protocol/signer.js';
import type { LedgerSession } from '../ledger/ledger.ts';
import type { Signatory } from '../http/signature-auth.ts';
import type { Table } from '../store.ts';

/** How long an answer is held, milliseconds. */
const HELD_MS = 300_000;

/** The key's id: SHA-256 of its SPKI, hex. */
export const keyIdOf = (certificate: X509Certificate): string =>
  hex(signerId(certificate.publicKey.export({ type: 'spki', format: 'der' })));

export interface OwnersParts {
  readonly agent: LedgerSession;
  /** Key id -> who was enrolled with it. */
  readonly enrolled: Table<Signatory>;
  readonly nowMs: () => number;
}

export interface Owners {
  /** undefined where nobody we know has the key, or its certificate has expired. */
  signatoryOf(keyId: string): Promise<Signatory | undefined>;
  /** Remembers a certificate that was just issued. */
  enrol(keyId: string, signatory: Signatory): Promise<void>;
}

/** (Agent) Finds owners by their keys. */
export function newOwners({ agent, enrolled, nowMs }: OwnersParts): Owners {
  const held = new Map<string, { readonly signatory: Signatory; readonly until: number }>();

  async function find(keyId: string): Promise<Signatory | undefined> {
    const issued = await enrolled.get(keyId);
    if (issued !== undefined) return issued;
    const account = await findAccount(agent, keyId);
    if (account === undefined || account.state !== 'open') return undefined;
    const { ownerId, mspId, certificate } = account;
    return { ownerId, mspId, certificate };
  }

  function isUsable(keyId: string, { certificate }: Signatory): boolean {
    const parsed = new X509Certificate(certificate);
    // whoever answered cannot pass off another key's certificate
    return keyIdOf(parsed) === keyId && Date.parse(parsed.validTo) > nowMs();
  }

  return {
    async signatoryOf(keyId) {
      const known = held.get(keyId);
      if (known !== undefined && known.until > nowMs()) return known.signatory;
      const signatory = await find(keyId);
      if (signatory === undefined || !isUsable(keyId, signatory)) return undefined;
      held.set(keyId, { signatory, until: nowMs() + HELD_MS });
      return signatory;
    },
    async enrol(keyId, signatory) {
      await enrolled.put(keyId, signatory);
      held.delete(keyId);
    },
  };
}

/** The account that a key opened, where it opened one. */
export async function findAccount(agent: LedgerSession, keyId: string) {
  try {
    return await agent.evaluate(
      'accounts:bySigner',
      { signer: keyId },
      AbortSignal.timeout(30_000),
    );
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}
