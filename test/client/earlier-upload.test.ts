/** What an earlier try of a `put` left on this device, and what the provider still has of it. */
import { describe, expect, it } from '@jest/globals';
import { hex } from '@holdfast/protocol/bytes.js';
import { fileId as fileIdOf } from '@holdfast/protocol/ids.js';
import type { Parties } from '@holdfast/protocol/owner/parties.js';
import { findUpload, newUploadState } from '../../client/src/open-upload.ts';
import { silent } from '../../client/src/progress.ts';
import { readUploadState, uploadStatePath } from '../../client/src/upload-state.ts';
import type { Answers } from '../support/answering-ledger.ts';
import { threeOrganisations } from '../support/audit-records.ts';
import { gatewayThat, refusal, answeredSession } from './answered-session.ts';

const config = threeOrganisations();
const beacon = { epoch: 9, value: 'ee'.repeat(32), delegate: 'Alder', signature: null };
const now: Answers = { 'accounts:config': () => config, 'beacons:current': () => beacon };

const { session, home } = answeredSession();

describe('an upload that an earlier try began', () => {
  const terms = (expiryEpoch: number) => ({
    providerId: 'Birch',
    nodes: ['birch-1', 'birch-2'],
    pricePerEpoch: '0',
    bond: '0',
    couponId: '0'.repeat(64),
    expiryEpoch,
  });
  const source = { size: 10, modifiedAt: 5, key: 'letter', open: () => [] as never };
  const request = {
    name: 'letter',
    source,
    blockSize: 65_536 as const,
    report: silent,
    acknowledge: () => undefined,
  };
  const parties = { provider: { padding: true } } as Parties;

  /** Opens it under terms that end in an epoch, then asks again; `head` is what the gateway says of it by then. */
  async function twice(expiryEpoch: number, head: () => Response) {
    let opened = 0;
    gatewayThat(({ method }) =>
      method === 'HEAD'
        ? head()
        : Response.json({ uploadId: `u${++opened}`, terms: terms(expiryEpoch) }),
    );
    const own = session(now);
    const path = uploadStatePath(home(), own.deviceKey, source);
    expect(await findUpload(own, path)).toBeUndefined();
    const first = await newUploadState(own, parties, request, path);
    expect(first).toMatchObject({ uploadId: 'u1' });
    const nonce = Buffer.from(first.fileNonce, 'base64url');
    expect(first.request.fileId).toBe(hex(fileIdOf(own.ownerId, nonce)));
    expect(await readUploadState(path)).toEqual(first);
    const found = await findUpload(own, path);
    const anew = await newUploadState(own, parties, request, path);
    expect(anew.request.fileId).not.toBe(first.request.fileId);
    return { first, found };
  }
  const at = (offset: string) => new Response(null, { headers: { 'upload-offset': offset } });

  it('goes on where the provider has it', async () => {
    const { first, found } = await twice(9, () => at('64'));
    expect(found).toEqual({ state: first, from: 64 });
  });

  it.each<[string, number, () => Response]>([
    ['is gone', 9, () => new Response(null, { status: 404 })],
    ['has terms that are over', 8, () => at('64')],
  ])('has no bytes to go on from where it %s', async (_, expiry, head) => {
    const { first, found } = await twice(expiry, head);
    expect(found).toEqual({ state: first, from: undefined });
  });

  it.each<[string, string, () => Response]>([
    ['refuses to tell', 'NOT_ALLOWED', () => refusal('NOT_ALLOWED', 403)],
    ['names no offset', 'ANSWER_FALSE', () => new Response(null)],
    ['names an offset that is none', 'ANSWER_FALSE', () => at('-1')],
  ])('is not begun anew where the gateway %s', async (_, code, head) => {
    await expect(twice(9, head)).rejects.toMatchObject({ code });
  });
});
