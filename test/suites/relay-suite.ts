/** What the relay to the ledger refuses, whoever asks. */
import { describe, expect, it } from '@jest/globals';
import { base64url } from '@holdfast/protocol/bytes.js';
import { problem } from '@holdfast/protocol/network-messages.js';
import type { BareOwner, FullOwner } from '../support/gateway-owner.ts';

const bodyText = (init: RequestInit | undefined): string =>
  new TextDecoder().decode(init?.body as Uint8Array);

export function describeRelay(subject: () => { anna: FullOwner; ben: BareOwner }): void {
  describe('the relay', () => {
    const proposal = base64url(new Uint8Array(40).fill(0xff));
    it.each([
      [{ proposal, signature: 'AA' }, '/proposal'],
      [{ proposal: '+/', signature: 'AA' }, '/proposal'],
      [{ proposal }, '/signature'],
      [{ proposal, signature: 'AA', wait: true }, '/wait'],
    ])('refuses %j', async (body, pointer) => {
      const refusal = await subject().anna.json('POST', '/v1/ledger/proposals', body);
      expect(refusal.status).toBe(400);
      expect(problem.parse(refusal.body).errors?.[0]?.pointer).toBe(pointer);
    });

    it('passes on nothing that its sender has not made', async () => {
      const seen: string[] = [];
      const spy = async (...[input, init]: Parameters<typeof fetch>) => {
        if (input instanceof URL && input.pathname.endsWith('/ledger/proposals'))
          seen.push(bodyText(init));
        return real(input, init);
      };
      const real = globalThis.fetch;
      globalThis.fetch = spy;
      await subject()
        .anna.owner.config()
        .finally(() => {
          globalThis.fetch = real;
        });
      const [made = ''] = seen;
      const refusal = await subject().ben.json(
        'POST',
        '/v1/ledger/proposals',
        JSON.parse(made) as object,
      );
      expect(refusal.status).toBe(403);
      const own = await subject().anna.json(
        'POST',
        '/v1/ledger/proposals',
        JSON.parse(made) as object,
      );
      expect(own.status).toBe(200);
    });
  });
}
