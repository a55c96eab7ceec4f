/** The contracts on records laid out by hand: what a rule refuses, a row of a table for each, without the way there. */
// First: it silences what fabric-shim installs when it is imported.
import { type Called, type Caller, newContractCalls } from './contract-calls.ts';
import { createHash, createPublicKey } from 'node:crypto';
import { hex } from '@holdfast/protocol/bytes.js';
import { ownerId } from '@holdfast/protocol/ids.js';
import type { Evaluate, Submit } from '@holdfast/protocol/ledger-transactions.js';
import { CertificateAuthority } from '../../network/devpeer/src/certificate-authority.ts';
import { CONFIG } from './consortium.ts';

/** Records by key with `/` between its parts. */
export type Records = Readonly<Record<string, unknown>>;

export interface Signing extends Caller {
  /** Of the account that its key opens, hex. */
  readonly ownerId: string;
  /** SHA-256 of the key's SPKI, hex. */
  readonly signer: string;
}

/** Someone with a certificate of the organisation; without a role where that is null. */
export async function newCaller(mspId: string, role: string | null): Promise<Signing> {
  const authority = await CertificateAuthority.create(mspId);
  const attributes: Record<string, string> = role === null ? {} : { role };
  const { certificatePem } = await authority.newCredentials('caller', 'client', attributes);
  const key = createPublicKey(certificatePem).export({ type: 'spki', format: 'der' });
  const spki = new Uint8Array(key);
  return {
    mspId,
    certificatePem,
    ownerId: hex(ownerId(mspId, spki)),
    signer: createHash('sha256').update(spki).digest('hex'),
  };
}

/** What one call on these records comes to; null stands for a record that is not there. */
export function callOn(records: Records, by: Caller, name: Submit | Evaluate, args: unknown) {
  const present = Object.entries({ config: CONFIG, ...records }).filter(([, it]) => it !== null);
  return newContractCalls(new Map(present))(by, name, JSON.stringify(args));
}

/** As {@link callOn}, of a call that must not be refused. */
export async function taken(...call: Parameters<typeof callOn>): Promise<Called> {
  const called = await callOn(...call);
  if (called.status !== 200) throw new Error(called.message);
  return called;
}

/** Code and sentence with which it is refused, nothing being written. */
export async function refusal(...call: Parameters<typeof callOn>): Promise<string> {
  const { status, message, writes, event } = await callOn(...call);
  if (status === 200) throw new Error(`${call[2]} was not refused`);
  if (event !== undefined) throw new Error(`${call[2]} told of what it refused`);
  return writes.size === 0 ? message : `${message}, after it wrote`;
}
