/**
 * Organisations that joined the consortium after the account was made: their endorsements count for nothing until the
 * owner pins their roots, one by one, by the fingerprint that their operators told.
 *
 * A gateway tells which there are, and its word pins nothing: the fingerprint comes from elsewhere.
 *
 * @module
 */
import { hex } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { certificateBytes } from './certificate.ts';
import { meetAgain, numberOf, type Consortium, type Organisation } from './consortium.ts';
import { needDevice, writeDevice } from './device-file.ts';
import { newGatewayApi } from './gateway-api.ts';
import { nowMs, random } from './session.ts';
import { sha256 } from './signing-key.ts';

/** An organisation and what people compare of it. */
export interface Fingerprint {
  readonly mspId: string;
  /** SHA-256 of the root certificate's DER, hex: what `openssl x509 -fingerprint -sha256` prints, without its colons. */
  readonly fingerprint: string;
}

export interface Pins {
  readonly consortium: Consortium;
  /** What the owner goes by. */
  readonly pinned: readonly Fingerprint[];
  /** What the gateway tells of others: its word alone. */
  readonly joined: readonly Fingerprint[];
}

export interface PinOptions {
  /** Folder of what this device keeps. */
  readonly home: string;
  /** Another gateway of the same consortium. */
  readonly gateway?: string;
}

/** (Owner) What is pinned, and who has joined since as a gateway tells it; nothing is changed. */
export async function readPins({ home, gateway }: PinOptions): Promise<Pins> {
  const { consortium, joined } = await meet(home, gateway);
  return pinsOf(consortium, joined);
}

/**
 * (Owner) Pins the root of an organisation that joined since. One that is pinned already stays as it is.
 *
 * @param fingerprint - as the organisation's operator told it; colons and capitals do not matter.
 * @throws `INPUT_INVALID` where it is none; `NOT_FOUND` where the gateway knows no such organisation; `ANSWER_FALSE` where
 *   the root that the gateway tells has another fingerprint.
 */
export async function pinOrganisation(
  options: PinOptions,
  mspId: string,
  fingerprint: string,
): Promise<Pins> {
  const wanted = parseFingerprint(fingerprint);
  const { device, consortium, joined } = await meet(options.home, options.gateway);
  const known = [...consortium.organisations, ...joined];
  const added = known.find((organisation) => organisation.mspId === mspId);
  if (added === undefined) {
    const names = known.map((organisation) => organisation.mspId).join(', ');
    throw new HoldfastError('NOT_FOUND', `no organisation ${mspId}; there are ${names}`);
  }
  mustBe(await fingerprintOf(added), wanted);
  if (!joined.includes(added)) return pinsOf(consortium, joined);
  const organisations = [...consortium.organisations, added];
  const number = numberOf(consortium.channel, organisations);
  const next = { ...consortium, organisations, consortium: number };
  await writeDevice(options.home, { ...device, consortium: next });
  return pinsOf(
    next,
    joined.filter((organisation) => organisation !== added),
  );
}

function mustBe({ mspId, fingerprint }: Fingerprint, wanted: string): void {
  if (fingerprint === wanted) return;
  throw new HoldfastError(
    'ANSWER_FALSE',
    `the root of ${mspId} has fingerprint ${fingerprint} here, not ${wanted}`,
  );
}

async function meet(home: string, gateway: string | undefined) {
  const device = await needDevice(home);
  const api = newGatewayApi({ url: gateway ?? device.gateway, random, nowMs });
  const { joined } = await meetAgain(api, device.consortium);
  return { device, consortium: device.consortium, joined };
}

async function pinsOf(consortium: Consortium, joined: readonly Organisation[]): Promise<Pins> {
  const [pinned, others] = await Promise.all(
    [consortium.organisations, joined].map((each) => Promise.all(each.map(fingerprintOf))),
  );
  return { consortium, pinned: pinned ?? [], joined: others ?? [] };
}

async function fingerprintOf({ mspId, rootCertificate }: Organisation): Promise<Fingerprint> {
  return { mspId, fingerprint: hex(await sha256(certificateBytes(rootCertificate))) };
}

function parseFingerprint(text: string): string {
  const digits = text.trim().replaceAll(':', '').toLowerCase();
  if (/^[0-9a-f]{64}$/.test(digits)) return digits;
  throw new HoldfastError(
    'INPUT_INVALID',
    'the fingerprint: expected 64 hex digits, SHA-256 of the root certificate',
  );
}
