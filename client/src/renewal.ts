/**
 * The owner's certificate lasts as long as the owner comes by: one that ends soon is renewed, for the same key.
 *
 * @module
 */
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { certificateEnd } from './certificate.ts';
import { meetAgain } from './consortium.ts';
import { writeDevice, type Device } from './device-file.ts';
import { enrol } from './enrolment.ts';
import { newGatewayApi } from './gateway-api.ts';
import { nowMs, random } from './session.ts';
import type { SigningKey } from './signing-key.ts';

/** A certificate that ends this soon is renewed, milliseconds. */
const RENEW_MS = 30 * 86_400_000;

/**
 * (Owner) The device with a certificate that lasts, written; where none is to be had, the old one serves while it can.
 *
 * @param gateway - to ask; the one that the device keeps stays.
 * @throws where the old one has ended and no new one is to be had: `NOT_ALLOWED` from a gateway of another organisation.
 */
export async function renewed(
  home: string,
  device: Device,
  gateway: string,
  key: SigningKey,
): Promise<Device> {
  const end = certificateEnd(device.certificate);
  if (end > nowMs() + RENEW_MS) return device;
  try {
    const next = { ...device, certificate: await certificateFrom(gateway, device, key) };
    await writeDevice(home, next);
    return next;
  } catch (error) {
    if (error instanceof HoldfastError && end > nowMs()) return device;
    throw error;
  }
}

/** Another organisation's would make the same key another owner, and its certificate is none for this one. */
async function certificateFrom(
  gateway: string,
  { consortium, mspId, ownerId }: Device,
  key: SigningKey,
): Promise<string> {
  const api = newGatewayApi({ url: gateway, random, nowMs });
  const { agent } = await meetAgain(api, consortium);
  if (agent !== mspId) {
    const whose = `this is the gateway of ${agent}`;
    throw new HoldfastError('NOT_ALLOWED', `${whose}: certificates of ${mspId} come from its own`);
  }
  const { certificate, ownerId: enrolled } = await enrol(api, key, consortium, nowMs());
  if (enrolled === ownerId) return certificate;
  throw new HoldfastError('ANSWER_FALSE', 'the gateway enrolled another owner');
}
