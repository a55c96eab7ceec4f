/** Problem documents of a gateway that is not honest. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { tellError } from '../../client/src/cli/output.ts';
import { newGatewayApi } from '../../client/src/gateway-api.ts';

const honestFetch = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = honestFetch;
});

/** Moves the cursor up, clears the line, writes over it; then right-to-left. */
const DETAIL = 'no\u001b[1A\u001b[2K\rstored \u009b31m\u202eelif';

/** How a client takes a refusal with this code. */
async function refusal(code: string): Promise<unknown> {
  const document = { type: '/problems/x', title: 'x', status: 404, code, detail: DETAIL };
  globalThis.fetch = async () => Response.json(document, { status: 404 });
  const api = newGatewayApi({
    url: 'http://127.0.0.1:1',
    random: (n) => new Uint8Array(n),
    nowMs: Date.now,
  });
  return api.request('GET', '/v1/network').catch((error: unknown) => error);
}

describe('a refusal whose detail is meant for the terminal', () => {
  it('is shown without anything that a terminal obeys', async () => {
    const error = await refusal('NOT_FOUND');
    // the control: it arrives as it was sent
    expect(error).toMatchObject({ code: 'NOT_FOUND', detail: DETAIL });
    expect(tellError(error).detail).toBe('No_[1A_[2K_stored _31m_elif.');
  });
});

describe('a refusal whose code is none of ours', () => {
  it.each(['toString', 'constructor', '__proto__', 'NO_SUCH_CODE'])(
    '%s is told as one',
    async (code) => {
      const error = await refusal(code);
      expect(error).toBeInstanceOf(HoldfastError);
      expect(tellError(error).code).toBe('NOT_FOUND');
    },
  );
});
