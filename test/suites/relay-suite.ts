/** What the relay to the ledger refuses, whoever asks. */
import { describe, expect, it } from '@jest/globals';
import { base64url } from '@holdfast/protocol/bytes.js';
import { problem } from '@holdfast/protocol/network-messages.js';
import { answerHonestly, answerWith } from '../support/forged-answers.ts';
import type { BareOwner, FullOwner } from '../support/gateway-owner.ts';

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
      answerWith(async ({ path, body }) => {
        if (path.endsWith('/ledger/proposals')) seen.push(new TextDecoder().decode(body));
        return undefined;
      });
      await subject().anna.owner.config().finally(answerHonestly);
      const [made = ''] = seen;
      const proposed = JSON.parse(made) as object;
      const { anna, ben } = subject();
      expect((await ben.json('POST', '/v1/ledger/proposals', proposed)).status).toBe(403);
      expect((await anna.json('POST', '/v1/ledger/proposals', proposed)).status).toBe(200);
    });
  });
}
