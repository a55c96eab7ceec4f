/**
 * An owner whose keys are here: the agent sees its plaintext and signs in its name, by the owner's choice
 * (constructions, section 13). Nothing of this is ever written.
 *
 * @module
 */
import 'reflect-metadata'; // @peculiar/x509 needs it, and needs it first
import { createPrivateKey, createPublicKey, webcrypto } from 'node:crypto';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { hex } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { deriveKey } from '@holdfast/protocol/hash.js';
import { ownerId as ownerIdOf } from '@holdfast/protocol/ids.js';
import {
  ownTagKeyId,
  type ActingOwner,
  type OwnerLedger,
} from '@holdfast/protocol/owner/acting-owner.js';
import { newLanes, type Lanes } from '@holdfast/protocol/owner/lanes.js';
import { rebuilt } from '@holdfast/protocol/owner/rebuilt.js';
import type { FileFacts } from '@holdfast/protocol/owner/stored-file.js';
import {
  ownerSecrets,
  signingKeyDer,
  type OwnerSecrets,
} from '@holdfast/protocol/owner-secrets.js';
import type { Pool } from '@holdfast/protocol/pool.js';
import { signerId } from '@holdfast/protocol/signer.js';
import type { Signer } from '../http/signature-auth.ts';
import { answered } from '../ledger/answered.ts';
import type { Ledger, LedgerSession } from '../ledger/ledger.ts';
import { newSigner, type Sign } from '../ledger/signer.ts';
import { pause } from '../pause.ts';

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export interface ManagedOwner extends ActingOwner {
  /** Its account's name here. */
  readonly name: string;
  /** Whose files a route may touch. */
  readonly signer: Signer;
  readonly lanes: Lanes;
  /** What the owner's own device would keep under: secrets that are the same in every try of an upload. */
  readonly deviceKey: Uint8Array;
  /** Names and sizes that were opened already, by file id. */
  readonly facts: Map<string, FileFacts>;
}

/** The keys of a managed owner before it has a certificate. */
export interface ManagedKeys {
  readonly secrets: OwnerSecrets;
  readonly deviceKey: Uint8Array;
  readonly ownerId: Uint8Array;
  /** SHA-256 of the SPKI, hex. */
  readonly keyId: string;
  readonly sign: Sign;
  /** PKCS #10, PEM: the authority decides on the name. */
  readonly newRequest: () => Promise<string>;
}

/** (Agent) @param mspId - the agent's organisation, which is the owner's. */
export async function openKeys(seed: Uint8Array, mspId: string): Promise<ManagedKeys> {
  const secrets = await ownerSecrets(seed);
  const der = signingKeyDer(secrets.signingKey);
  const key = createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' });
  const spki = new Uint8Array(createPublicKey(key).export({ type: 'spki', format: 'der' }));
  return {
    secrets,
    deviceKey: deriveKey(seed, 'device'),
    ownerId: ownerIdOf(mspId, spki),
    keyId: hex(signerId(spki)),
    sign: newSigner(key),
    async newRequest() {
      const { subtle } = webcrypto;
      const keys = {
        privateKey: await subtle.importKey('pkcs8', der, P256, false, ['sign']),
        publicKey: await subtle.importKey('spki', spki, P256, true, ['verify']),
      };
      const request = { name: `CN=${hex(signerId(spki))}`, keys, signingAlgorithm: P256 };
      return (await Pkcs10CertificateRequestGenerator.create(request)).toString('pem');
    },
  };
}

export interface ManagedOwnerParts {
  readonly name: string;
  readonly mspId: string;
  readonly certificate: string;
  readonly channel: string;
  readonly ledger: Ledger;
  readonly pool: Pool;
  readonly random: (length: number) => Uint8Array;
}

/** (Agent) The owner at work. */
export function newManagedOwner(
  { secrets, deviceKey, ownerId, keyId, sign }: ManagedKeys,
  { name, mspId, certificate, channel, ledger, pool, random }: ManagedOwnerParts,
): ManagedOwner {
  const id = hex(ownerId);
  return {
    name,
    ownerId,
    custody: mspId,
    channel,
    secrets,
    tagKeyId: ownTagKeyId(id, secrets),
    ledger: ownerLedger(ledger.asOwner({ mspId, certificate, sign })),
    random,
    pool,
    signer: { ownerId: id, mspId, certificate, keyId },
    lanes: newLanes(),
    deviceKey,
    facts: new Map(),
  };
}

/** Reads are not attested: an owner that trusts its agent trusts the peer that the agent asks. */
const ownerLedger = (session: LedgerSession): OwnerLedger => ({
  async read(name, args, expected = () => true) {
    const result = await answered(name, (signal) => session.evaluate(name, args, signal));
    return as(result, expected(result), name);
  },
  submit: (name, build, expected) =>
    answered(name, (signal) =>
      rebuilt(async () => {
        const committed = await session.submit(name, await build(), signal);
        return as(committed, expected(committed.result), name);
      }, pause),
    ),
});

function as<T>(value: T, isExpected: boolean, name: string): T {
  if (isExpected) return value;
  throw new HoldfastError('ANSWER_FALSE', `${name}: the result is not the one expected`);
}
