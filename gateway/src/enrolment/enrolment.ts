/**
 * How an owner comes to a certificate: its own key, its own request, the organisation's authority.
 *
 * @module
 */
import 'reflect-metadata';
import { createHmac, X509Certificate, type webcrypto } from 'node:crypto';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import { hex } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { ownerId as ownerIdOf } from '@holdfast/protocol/ids.js';
import { rebuilt } from '@holdfast/protocol/owner/rebuilt.js';
import { signerId } from '@holdfast/protocol/signer.js';
import type { AccountAnswer } from '@holdfast/protocol/network-messages.js';
import { certify, type Registrar } from './certificate-authority.ts';
import { answered } from '../ledger/answered.ts';
import type { LedgerSession } from '../ledger/ledger.ts';
import { pause } from '../pause.ts';
import { findAccount, keyIdOf, type Owners } from './owners.ts';
import type { Table } from '../store.ts';

/** What a new owner gets, one note for each of its four lanes, base units. */
const WELCOME = ['250', '250', '250', '250'] as const;
/** The agent's own lane that pays for it. */
const LANE = 0;

export interface EnrolmentParts {
  /** As it is at the time: its certificate is renewed. */
  readonly registrar: () => Registrar;
  readonly agent: LedgerSession;
  readonly owners: Owners;
  /** Owner id -> credit notes transferred to it. */
  readonly granted: Table<readonly string[]>;
  /** 32 bytes, from which the secrets of identities at the authority come. */
  readonly enrolmentKey: Uint8Array;
}

export type Enrol = (csr: string) => Promise<AccountAnswer>;

/**
 * (Agent) Enrols owners; enrolling the same key again renews its certificate and grants nothing more. A key whose
 * certificate is revoked gets no other one.
 */
export function newEnrolment(parts: EnrolmentParts): Enrol {
  const { agent, owners, registrar, enrolmentKey } = parts;
  const welcome = newWelcome(parts);
  return async (csr) => {
    const spki = await keyOf(csr);
    const keyId = hex(signerId(spki));
    await owners.signatoryOf(keyId);
    const secret = createHmac('sha256', enrolmentKey).update(keyId).digest('hex');
    const certificate = await certify(registrar(), { id: keyId, secret, role: 'owner', csr });
    if (keyIdOf(new X509Certificate(certificate)) !== keyId) {
      throw new HoldfastError('INTERNAL', 'the authority certified another key');
    }
    const account = await findAccount(agent, keyId);
    const ownerId = account?.ownerId ?? hex(ownerIdOf(agent.mspId, spki));
    await owners.enrol(keyId, { ownerId, mspId: agent.mspId, certificate });
    const credits = account === undefined ? await welcome(ownerId) : [];
    return { ownerId, mspId: agent.mspId, certificate, credits: [...credits] };
  };
}

/** Whose request it is: SHA-256 of its key's SPKI, hex. @throws `INPUT_INVALID`, pointer /csr. */
export const requesterOf = async (csr: string): Promise<string> => hex(signerId(await keyOf(csr)));

/** SPKI of a request whose signature proves that its sender holds the key. @throws `INPUT_INVALID`, pointer /csr. */
async function keyOf(csr: string): Promise<Uint8Array> {
  try {
    const request = new Pkcs10CertificateRequest(csr);
    const { name, namedCurve } = request.publicKey.algorithm as webcrypto.EcKeyAlgorithm;
    if (name !== 'ECDSA' || namedCurve !== 'P-256') throw new Error(`not P-256: ${name}`);
    if (!(await request.verify())) throw new Error('its signature does not hold');
    return new Uint8Array(request.publicKey.rawData);
  } catch (cause) {
    throw new HoldfastError('INPUT_INVALID', 'expected a certificate request of a P-256 key', {
      cause,
      pointer: '/csr',
    });
  }
}

/**
 * Transfers the notes once an owner, one transfer at a time: they share a lane. Whoever waits for a transfer that found no
 * ledger has found none either.
 */
function newWelcome({ agent, granted }: EnrolmentParts) {
  let last: Promise<unknown> = Promise.resolve();

  async function grant(ownerId: string): Promise<readonly string[]> {
    const before = await granted.get(ownerId);
    if (before !== undefined) return before;
    const credits = await rebuilt(() => transfer(agent, ownerId), pause);
    await granted.put(ownerId, credits);
    return credits;
  }

  return (ownerId: string): Promise<readonly string[]> => {
    const granting = last.then(() => grant(ownerId));
    const turn = granting.then(
      () => undefined,
      (error: unknown) => {
        if (isUnreached(error) && last !== turn) throw error;
      },
    );
    last = turn;
    return granting;
  };
}

const isUnreached = (error: unknown): boolean =>
  error instanceof HoldfastError && error.code === 'LEDGER_UNREACHABLE';

/**
 * The notes are looked for once the transfer is endorsed, not before: an earlier one whose fate was unknown is found, or it
 * comes later and changes the lane that this one has read, which is then in conflict.
 */
async function transfer(agent: LedgerSession, to: string): Promise<readonly string[]> {
  const args = { to, amounts: [...WELCOME], lane: LANE };
  let before: readonly string[] = [];
  try {
    const { result } = await answered('accounts:transfer', (signal) =>
      agent.submit('accounts:transfer', args, signal, async () => {
        before = await notesOf(agent, to, signal);
        if (before.length > 0) throw new HoldfastError('ALREADY_EXISTS', 'it has its notes');
      }),
    );
    return result.credits;
  } catch (error) {
    if (before.length === 0) throw error;
    return before;
  }
}

/** Notes that were transferred before our own record of it was written. */
async function notesOf(
  agent: LedgerSession,
  ownerId: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { credits } = await agent.evaluate('accounts:purse', { ownerId }, signal);
  return credits.items.map(({ creditId }) => creditId);
}
