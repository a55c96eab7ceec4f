/**
 * An owner at work: its secrets in memory, its gateway, its ledger.
 *
 * @module
 */
import { fromHex, integer } from '@holdfast/protocol/bytes.js';
import { deriveKey } from '@holdfast/protocol/hash.js';
import { ready } from '@holdfast/protocol/curve.js';
import type { Pool } from '@holdfast/protocol/pool.js';
import { ownerSecrets, type OwnerSecrets } from '@holdfast/protocol/owner-secrets.js';
import { ownTagKeyId, type ActingOwner } from '@holdfast/protocol/owner/acting-owner.js';
import type { Device } from './device-file.ts';
import { newGatewayApi, type GatewayApi } from './gateway-api.ts';
import { newOwnerLedger } from './owner-ledger.ts';
import { newSigningKey, type SigningKey } from './signing-key.ts';

export interface Session extends ActingOwner {
  /** Folder of what this device keeps. */
  readonly home: string;
  readonly device: Device;
  /** Key of what only this owner's devices keep. */
  readonly deviceKey: Uint8Array;
  readonly api: GatewayApi;
  readonly nowMs: () => number;
}

export interface OwnerKeys {
  readonly secrets: OwnerSecrets;
  readonly key: SigningKey;
  /** Key of what only this owner's devices keep. */
  readonly deviceKey: Uint8Array;
}

export const random = (length: number): Uint8Array =>
  crypto.getRandomValues(new Uint8Array(length));
export const nowMs = (): number => Date.now();

/** (Owner) The keys of a seed, ready to use. */
export async function openKeys(seed: Uint8Array): Promise<OwnerKeys> {
  await ready();
  const secrets = await ownerSecrets(seed);
  return {
    secrets,
    key: await newSigningKey(integer(secrets.signingKey, 32)),
    deviceKey: deriveKey(seed, 'device'),
  };
}

/** (Owner) Connects an owner whose seed is open; nothing is sent yet. */
export function newSession(
  home: string,
  device: Device,
  { secrets, key, deviceKey }: OwnerKeys,
  pool: Pool | undefined,
): Session {
  const api = newGatewayApi({ url: device.gateway, key, random, nowMs });
  const { consortium, mspId, certificate } = device;
  const ledger = newOwnerLedger({ api, consortium, mspId, certificate, key, random, nowMs });
  return {
    home,
    device,
    ownerId: fromHex(device.ownerId),
    custody: 'owner',
    channel: consortium.channel,
    secrets,
    deviceKey,
    tagKeyId: ownTagKeyId(device.ownerId, secrets),
    api,
    ledger,
    pool,
    random,
    nowMs,
  };
}
