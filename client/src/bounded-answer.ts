/**
 * Answers of a gateway that nobody need trust: plain, and no longer than what they can be.
 *
 * @module
 */
import { concatAll } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';

/**
 * An answer as it came over the line. `fetch` inflates what says that it is encoded, a thousand bytes from one.
 *
 * @throws `ANSWER_FALSE` where it is encoded, which nobody has asked for.
 */
export async function plainAnswer(response: Response, what: string): Promise<Response> {
  const encoding = response.headers.get('content-encoding') ?? 'identity';
  if (encoding.toLowerCase() === 'identity') return response;
  await response.body?.cancel();
  throw new HoldfastError('ANSWER_FALSE', `${what}: the answer is encoded as ${encoding}`);
}

/** The whole body. @throws `ANSWER_FALSE` where it has more than `most` bytes; `GATEWAY_UNREACHABLE` where it breaks off. */
export async function boundedBytes(response: Response, most: number): Promise<Uint8Array> {
  const reader = response.body?.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const step = await reader?.read().catch(brokenOff);
      if (step === undefined || step.done) break;
      const part = step.value as Uint8Array;
      length += part.length;
      if (length > most) {
        throw new HoldfastError('ANSWER_FALSE', `an answer of more than ${most} bytes`);
      }
      parts.push(part);
    }
    return concatAll(parts);
  } finally {
    await reader?.cancel().catch(() => undefined);
  }
}

function brokenOff(cause: unknown): never {
  throw new HoldfastError('GATEWAY_UNREACHABLE', 'the answer broke off', { cause });
}

export const boundedText = async (response: Response, most: number): Promise<string> =>
  new TextDecoder().decode(await boundedBytes(response, most));
