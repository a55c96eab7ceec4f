/** A request that is sent again under its Idempotency-Key has one effect, on every route that has one. */
import { describe, expect, it } from '@jest/globals';
import { base64url, fromHex, hex } from '@holdfast/protocol/bytes.js';
import { managedAccountAnswer } from '@holdfast/protocol/custody-messages.js';
import { fileId as fileIdOf } from '@holdfast/protocol/ids.js';
import { accountAnswer, problem } from '@holdfast/protocol/network-messages.js';
import { uploadAnswer } from '@holdfast/protocol/upload-messages.js';
import { newCertificateRequest } from '../../client/src/certificate.ts';
import type { FullOwner } from '../support/gateway-owner.ts';
import { newBasicSender } from '../support/managed-owner.ts';
import { seededRandom } from '../support/property.ts';

const PASSWORD = 'granite-otter-walnut-velvet-orbit-lemon-tide';
const OTHER = 'pepper-cobalt-hazel-lantern-quartz-mango-ridge';
const random = seededRandom(17);

export interface KeyedSubject {
  readonly url: string;
  readonly anna: FullOwner;
  readonly tagKeyId: string;
}

export function describeKeys(subject: () => KeyedSubject): void {
  let password = PASSWORD;
  const { ask } = newBasicSender(
    () => subject().url,
    () => ({ name: 'cleo', password }),
  );
  const named = () => ({ 'idempotency-key': hex(random(16)) });
  const typed = { 'content-type': 'application/json' };
  const post = (body: object, headers: Record<string, string>) =>
    fetch(`${subject().url}/v1/accounts`, {
      method: 'POST',
      headers: { ...typed, ...headers },
      body: JSON.stringify(body),
    });
  const refusal = async (answer: Response) => {
    const { status, errors } = problem.parse(await answer.json());
    return [status, errors?.[0]?.pointer];
  };
  const USED = [422, '/Idempotency-Key'];

  describe('a request under a key', () => {
    it('for an account whose keys the agent keeps shows the phrase again, to who has key and password', async () => {
      const key = named();
      const account = { custody: 'agent', name: 'cleo', password: PASSWORD };
      const first = managedAccountAnswer.parse(await (await post(account, key)).json());
      const again = await post(account, key);
      expect(again.status).toBe(201);
      expect(managedAccountAnswer.parse(await again.json())).toEqual(first);
      expect(await refusal(await post({ ...account, password: OTHER }, key))).toEqual(USED);
      expect((await refusal(await post(account, named())))[0]).toBe(409);
    }, 120_000);

    it('for a certificate gives the same one; another request of the same owner is refused', async () => {
      const key = named();
      const csr = await newCertificateRequest(subject().anna.key);
      const enrol = (given: string) => post({ custody: 'owner', csr: given }, key);
      const first = accountAnswer.parse(await (await enrol(csr)).json());
      expect(accountAnswer.parse(await (await enrol(csr)).json())).toEqual(first);
      const other = await newCertificateRequest(subject().anna.key);
      expect(await refusal(await enrol(other))).toEqual(USED);
    });

    it('changes a password once', async () => {
      const key = named();
      const change = (to: string) =>
        ask('/v1/accounts/password', {
          method: 'PUT',
          body: JSON.stringify({ password: to }),
          headers: { ...typed, ...key },
        });
      expect((await change(OTHER)).status).toBe(204);
      // the answer was lost, and the old password opens nothing
      expect((await change(OTHER)).status).toBe(401);
      password = OTHER;
      expect((await change(OTHER)).status).toBe(204);
      expect(await refusal(await change(PASSWORD))).toEqual(USED);
      expect((await ask('/v1/files')).status).toBe(200);
    }, 120_000);

    it('stores a file once, whether or not its digest is claimed', async () => {
      const key = named();
      const put = async (body: string) =>
        ask('/v1/files/once', { method: 'PUT', body, headers: key });
      const [first, again] = [await put('hello'), await put('hello')];
      expect(await again.json()).toEqual(await first.json());
      expect(await refusal(await put('hallo'))).toEqual(USED);
    });

    it('has its elements evaluated once', async () => {
      const headers = named();
      const blinded = [base64url(new Uint8Array(384).fill(1, 300))];
      const evaluate = (body: object) =>
        subject().anna.send('POST', '/v1/oprf', { body: JSON.stringify(body), headers });
      const first = await evaluate({ keyServer: 'Cedar', blinded });
      const again = await evaluate({ keyServer: 'Cedar', blinded });
      expect([again.status, await again.json()]).toEqual([200, await first.json()]);
      const other = [base64url(new Uint8Array(384).fill(2, 300))];
      expect(await refusal(await evaluate({ keyServer: 'Cedar', blinded: other }))).toEqual(USED);
    });

    it('brings the parts of an upload once', async () => {
      const { anna, tagKeyId } = subject();
      const fileId = hex(fileIdOf(fromHex(anna.owner.ownerId), random(32)));
      const sizes = { blockSize: 65_536, paddedSize: 65_536, manifestSize: 100 };
      const request = { fileId, tagKeyId, ...sizes, firstUid: 0, taggedAt: 1, padding: true };
      const opened = await anna.json('POST', '/v1/uploads', request);
      const { uploadId } = uploadAnswer.parse(opened.body);
      for (const [part, length] of [
        ['tags', 96],
        ['card', 512],
      ] as const) {
        const headers = named();
        const bytes = random(length);
        const put = (body: Uint8Array) =>
          anna.send('PUT', `/v1/uploads/${uploadId}/${part}`, { body, headers });
        expect([(await put(bytes)).status, (await put(bytes)).status]).toEqual([204, 204]);
        expect(await refusal(await put(random(length)))).toEqual(USED);
      }
    });
  });
}
