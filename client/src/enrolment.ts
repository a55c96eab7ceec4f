/**
 * The owner's certificate: a gateway's authority signs it, the key never leaves the owner.
 *
 * @module
 */
import { equalBytes, hex } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { ownerId } from '@holdfast/protocol/ids.js';
import { accountAnswer, type AccountAnswer } from '@holdfast/protocol/network-messages.js';
import { newCertificateRequest, verifyCertificate } from './certificate.ts';
import { pinnedRoot, type Consortium } from './consortium.ts';
import type { GatewayApi } from './gateway-api.ts';
import type { SigningKey } from './signing-key.ts';

/**
 * (Owner) A certificate for the owner's key. Asking again for the same key is a renewal.
 *
 * @throws `ANSWER_FALSE` where the certificate is for another key or not of the pinned consortium, or the owner is another.
 */
export async function enrol(
  api: GatewayApi,
  key: SigningKey,
  consortium: Consortium,
  nowMs: number,
): Promise<AccountAnswer> {
  const answer = await api.call('POST', '/v1/accounts', accountAnswer, {
    json: { custody: 'owner', csr: await newCertificateRequest(key) },
  });
  const root = pinnedRoot(consortium, answer.mspId);
  const certified = await verifyCertificate(answer.certificate, root, nowMs);
  if (!equalBytes(certified.spki, key.spki)) {
    throw new HoldfastError('ANSWER_FALSE', 'the certificate is for another key');
  }
  if (answer.ownerId !== hex(ownerId(answer.mspId, key.spki))) {
    throw new HoldfastError('ANSWER_FALSE', 'the gateway enrolled another owner');
  }
  return answer;
}
