/**
 * Whose key it is: certificates that we had issued, and accounts of the ledger.
 *
 * @module
 */
import { X509Certificate } from 'node:crypto';
import { hex } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { signerId } from '@holdfast/protocol/signer.js';
import type { Revocations } from '../identity/revocations.ts';
import { answered } from '../ledger/answered.ts';
import type { LedgerSession } from '../ledger/ledger.ts';
import type { Signatory } from '../http/signature-auth.ts';
import type { Table } from '../store.ts';

/** How long an answer is held, milliseconds. */
const HELD_MS = 300_000;
/** Owners that are held at once: the oldest is forgotten first. */
const MOST_HELD = 10_000;

/** The key's id: SHA-256 of its SPKI, hex. */
export const keyIdOf = (certificate: X509Certificate): string =>
  hex(signerId(certificate.publicKey.export({ type: 'spki', format: 'der' })));

export interface OwnersParts {
  readonly agent: LedgerSession;
  /** Key id -> who was enrolled with it. */
  readonly enrolled: Table<Signatory>;
  readonly revocations: Pick<Revocations, 'expectUnrevoked'>;
  readonly nowMs: () => number;
}

export interface Owners {
  /** undefined where nobody we know has the key, or its certificate has expired. @throws `NOT_ALLOWED` where it is revoked. */
  signatoryOf(keyId: string): Promise<Signatory | undefined>;
  /** Remembers a certificate that was just issued. */
  enrol(keyId: string, signatory: Signatory): Promise<void>;
}

interface Held {
  readonly signatory: Signatory;
  readonly certificate: X509Certificate;
  readonly until: number;
}

/** (Agent) Finds owners by their keys. */
export function newOwners({ agent, enrolled, revocations, nowMs }: OwnersParts): Owners {
  const held = new Map<string, Held>();

  async function find(keyId: string): Promise<Signatory | undefined> {
    const issued = await enrolled.get(keyId);
    if (issued !== undefined) return issued;
    const account = await findAccount(agent, keyId);
    if (account === undefined || account.state !== 'open') return undefined;
    const { ownerId, mspId, certificate } = account;
    return { ownerId, mspId, certificate };
  }

  // whoever answered cannot pass off another key's certificate
  const isUsable = (keyId: string, certificate: X509Certificate): boolean =>
    keyIdOf(certificate) === keyId && Date.parse(certificate.validTo) > nowMs();

  async function heldOf(keyId: string): Promise<Held | undefined> {
    const known = held.get(keyId);
    if (known !== undefined && known.until > nowMs()) return known;
    const signatory = await find(keyId);
    if (signatory === undefined) return undefined;
    const certificate = new X509Certificate(signatory.certificate);
    if (!isUsable(keyId, certificate)) return undefined;
    const found = { signatory, certificate, until: nowMs() + HELD_MS };
    held.set(keyId, found);
    const [oldest] = held.keys();
    if (held.size > MOST_HELD && oldest !== undefined) held.delete(oldest);
    return found;
  }

  return {
    async signatoryOf(keyId) {
      const known = await heldOf(keyId);
      if (known === undefined) return undefined;
      revocations.expectUnrevoked(known.signatory.mspId, known.certificate);
      return known.signatory;
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
    return await answered('accounts:bySigner', (signal) =>
      agent.evaluate('accounts:bySigner', { signer: keyId }, signal),
    );
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}
