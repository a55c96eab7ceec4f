/**
 * The key servers by way of a gateway.
 *
 * @module
 */
import { base64url, fromBase64url } from '@holdfast/protocol/bytes.js';
import { oprfAnswer } from '@holdfast/protocol/upload-messages.js';
import type { Oprf } from '@holdfast/protocol/oprf-set.js';
import type { GatewayApi } from './gateway-api.ts';

/** (Owner) What passes is blinded, what returns is checked by the caller. */
export const oprfThrough =
  (api: GatewayApi): Oprf =>
  async (mspId, blinded) => {
    const { evaluated } = await api.call('POST', '/v1/oprf', oprfAnswer, {
      json: { keyServer: mspId, blinded: blinded.map(base64url) },
    });
    return evaluated.map((element) => fromBase64url(element));
  };
