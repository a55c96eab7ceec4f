import { newGatewayStage, type GatewayStage } from '../support/gateway-stage.ts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { base64url, fromHex, hex } from '@holdfast/protocol/bytes.js';
import { fileId as fileIdOf } from '@holdfast/protocol/ids.js';
import { problem } from '@holdfast/protocol/network-messages.js';
import {
  acceptanceAnswer,
  uploadAnswer,
  type UploadRequest,
} from '@holdfast/protocol/upload-messages.js';
import {
  newBareOwner,
  newFullOwner,
  type BareOwner,
  type FullOwner,
} from '../support/gateway-owner.ts';
import { describeRelay } from '../suites/relay-suite.ts';
import { seededRandom } from '../support/property.ts';

const BLOCK = 65_536;
const TUS = { 'tus-resumable': '1.0.0' };
const random = seededRandom(7);

let stage: GatewayStage;
let anna: FullOwner;
let ben: BareOwner;
let tagKeyId: string;
beforeAll(async () => {
  stage = await newGatewayStage();
  anna = await newFullOwner(stage.url());
  ben = await newBareOwner(stage.url(), 2);
  const agent = { mspId: 'Alder', role: 'agent' } as const;
  const contract = stage.link
    .gatewayAs(agent)
    .getNetwork(stage.link.channel)
    .getContract(stage.link.chaincode);
  const args = JSON.stringify({ ownerId: anna.owner.ownerId });
  const account = await contract.evaluateTransaction('accounts:get', args);
  ({ tagKeyId } = JSON.parse(Buffer.from(account).toString()) as { tagKeyId: string });
}, 120_000);
afterAll(() => stage.close());

/** A first upload of two blocks of content and one of manifest. */
function newRequest(changes: Partial<UploadRequest> = {}): UploadRequest & { nonce: Uint8Array } {
  const nonce = random(32);
  return {
    fileId: hex(fileIdOf(fromHex(anna.owner.ownerId), nonce)),
    tagKeyId,
    blockSize: BLOCK,
    paddedSize: 2 * BLOCK,
    manifestSize: 100,
    firstUid: 0,
    taggedAt: 1,
    padding: true,
    ...changes,
    nonce,
  };
}

const LENGTH = 2 * BLOCK + 100;

async function opened(): Promise<{ uploadId: string; request: UploadRequest }> {
  const { nonce: _, ...request } = newRequest();
  const { status, body } = await anna.json('POST', '/v1/uploads', request);
  expect(status).toBe(201);
  const { uploadId, terms } = uploadAnswer.parse(body);
  expect(terms).toMatchObject({ providerId: 'Birch', pricePerEpoch: '0', bond: '0' });
  return { uploadId, request };
}

const path = (uploadId: string, rest = '') => `/v1/uploads/${uploadId}${rest}`;

const patch = (uploadId: string, offset: number, body: Uint8Array, sent = body) =>
  anna.send('PATCH', path(uploadId), {
    body,
    sent,
    headers: {
      ...TUS,
      'content-type': 'application/offset+octet-stream',
      'upload-offset': String(offset),
    },
  });

const offsetOf = async (uploadId: string): Promise<number> => {
  const answer = await anna.send('HEAD', path(uploadId), { headers: TUS });
  expect(answer.headers.get('upload-length')).toBe(String(LENGTH));
  return Number(answer.headers.get('upload-offset'));
};

const refusalOf = async (answer: Response) => ({
  status: answer.status,
  problem: problem.parse(await answer.json()),
});

describe('an upload', () => {
  it('is described to any client', async () => {
    const answer = await fetch(`${stage.url()}/v1/uploads`, { method: 'OPTIONS' });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('tus-version')).toBe('1.0.0');
    expect(answer.headers.get('tus-extension')).toBe('creation,termination');
  });

  it('goes on where it stood, part by part', async () => {
    const { uploadId } = await opened();
    expect(await offsetOf(uploadId)).toBe(0);
    const content = random(LENGTH);
    const first = await patch(uploadId, 0, content.subarray(0, 70_000));
    expect([first.status, first.headers.get('upload-offset')]).toEqual([204, '70000']);
    expect(await offsetOf(uploadId)).toBe(70_000);
    const second = await patch(uploadId, 70_000, content.subarray(70_000));
    expect(second.status).toBe(204);
    expect(await offsetOf(uploadId)).toBe(LENGTH);
  });

  it('counts nothing of a part that is not what was signed', async () => {
    const { uploadId } = await opened();
    const bytes = random(80_000);
    const other = bytes.map((byte) => byte ^ 1);
    const refusal = await refusalOf(await patch(uploadId, 0, bytes, other));
    expect(refusal).toMatchObject({ status: 400, problem: { code: 'INPUT_INVALID' } });
    expect(await offsetOf(uploadId)).toBe(0);
    expect((await patch(uploadId, 0, bytes)).status).toBe(204);
    expect(await offsetOf(uploadId)).toBe(80_000);
  });

  it('is refused a part that begins elsewhere, as tus wants it', async () => {
    const { uploadId } = await opened();
    const refusal = await refusalOf(await patch(uploadId, 1, random(10)));
    expect(refusal).toMatchObject({ status: 409, problem: { code: 'CONFLICT' } });
    expect(refusal.problem.errors?.[0]?.pointer).toBe('/Upload-Offset');
  });

  it.each([
    ['upload-offset', '-1', 400, '/Upload-Offset'],
    ['upload-offset', '0x0', 400, '/Upload-Offset'],
    ['content-type', 'text/plain', 415, '/Content-Type'],
  ])('is refused a part with %s %s', async (name, value, status, pointer) => {
    const { uploadId } = await opened();
    const headers = {
      ...TUS,
      'content-type': 'application/offset+octet-stream',
      'upload-offset': '0',
      [name]: value,
    };
    const answer = await anna.send('PATCH', path(uploadId), { body: random(10), headers });
    const refusal = await refusalOf(answer);
    expect(refusal.status).toBe(status);
    expect(refusal.problem.errors?.[0]?.pointer).toBe(pointer);
  });

  it('is refused in another version of tus', async () => {
    const { uploadId } = await opened();
    const answer = await anna.send('HEAD', path(uploadId), { headers: { 'tus-resumable': '0.2' } });
    expect([answer.status, answer.headers.get('tus-version')]).toEqual([412, '1.0.0']);
  });

  it('takes no more than was announced', async () => {
    const { uploadId } = await opened();
    const refusal = await refusalOf(await patch(uploadId, 0, random(LENGTH + 1)));
    expect(refusal).toMatchObject({ status: 413, problem: { code: 'TOO_LARGE' } });
    expect(await offsetOf(uploadId)).toBe(0);
  });

  it('can be given up', async () => {
    const { uploadId } = await opened();
    const gone = await anna.send('DELETE', path(uploadId), { headers: TUS });
    expect(gone.status).toBe(204);
    const answer = await anna.send('HEAD', path(uploadId), { headers: TUS });
    expect(answer.status).toBe(404);
  });

  it("is nobody else's", async () => {
    const { uploadId } = await opened();
    for (const [method, rest] of [
      ['HEAD', ''],
      ['DELETE', ''],
      ['PATCH', ''],
      ['PUT', '/tags'],
      ['PUT', '/card'],
    ] as const) {
      const body = method === 'PATCH' || method === 'PUT' ? { body: random(10) } : {};
      const answer = await ben.send(method, path(uploadId, rest), { headers: TUS, ...body });
      expect([method, answer.status]).toEqual([method, 403]);
    }
    expect(await offsetOf(uploadId)).toBe(0);
  });

  it('wants tags and card of the right size', async () => {
    const { uploadId } = await opened();
    const put = async (rest: string, length: number) =>
      (await anna.send('PUT', path(uploadId, rest), { body: random(length) })).status;
    expect(await put('/tags', 3 * 48 + 1)).toBe(413);
    expect(await put('/tags', 3 * 48 - 1)).toBe(400);
    expect(await put('/tags', 3 * 48)).toBe(204);
    expect(await put('/card', 511)).toBe(400);
    expect(await put('/card', 512)).toBe(204);
  });

  it('is not accepted with tags that are not those of its blocks', async () => {
    const { nonce: fileNonce, ...request } = newRequest();
    const { body } = await anna.json('POST', '/v1/uploads', request);
    const { uploadId } = uploadAnswer.parse(body);
    await patch(uploadId, 0, random(LENGTH));
    await anna.send('PUT', path(uploadId, '/card'), { body: random(512) });
    const infinity = Uint8Array.of(0xc0, ...new Uint8Array(47));
    const tags = Buffer.concat([infinity, infinity, infinity]);
    await anna.send('PUT', path(uploadId, '/tags'), { body: tags });
    const refusal = await anna.json('POST', path(uploadId, '/acceptance'), {
      nonce: base64url(random(16)),
      salt: base64url(random(32)),
      root: hex(random(32)),
      fileNonce: base64url(fileNonce),
    });
    expect(acceptanceAnswer.safeParse(refusal.body).success).toBe(false);
    expect(refusal.status).toBeGreaterThanOrEqual(400);
    expect(refusal.status).toBeLessThan(500);
  });
});

describe('an upload that is opened', () => {
  it.each([
    [{ blockSize: 65_535 }, '/blockSize'],
    [{ paddedSize: 63 }, '/paddedSize'],
    [{ firstUid: 1 }, '/firstUid'],
    [{ padding: 'yes' }, '/padding'],
    [{ fileId: 'AB' }, '/fileId'],
    [{ name: 'letter' }, '/name'],
    [{ paddedSize: 70_001 }, '/paddedSize'],
  ])('names what is wrong: %j', async (change, pointer) => {
    const { nonce: _, ...request } = newRequest();
    const refusal = await anna.json('POST', '/v1/uploads', { ...request, ...change });
    expect(refusal.status).toBe(400);
    expect(problem.parse(refusal.body).errors?.[0]?.pointer).toBe(pointer);
  });

  it('must have the length that its body says', async () => {
    const { nonce: _, ...request } = newRequest();
    const answer = await anna.send('POST', '/v1/uploads', {
      body: JSON.stringify(request),
      headers: { 'upload-length': '7' },
    });
    const refusal = await refusalOf(answer);
    expect(refusal.problem.errors?.[0]?.pointer).toBe('/Upload-Length');
  });

  it('is refused to whose tag key it is not', async () => {
    const { nonce: _, ...request } = newRequest();
    const refusal = await ben.json('POST', '/v1/uploads', request);
    expect(refusal.status).toBe(403);
  });
});

describe('a request with an Idempotency-Key', () => {
  it('has one answer however often it is sent', async () => {
    const { nonce: _, ...request } = newRequest();
    const headers = { 'idempotency-key': hex(random(16)) };
    const body = JSON.stringify(request);
    const first = await anna.send('POST', '/v1/uploads', { body, headers });
    const again = await anna.send('POST', '/v1/uploads', { body, headers });
    expect([again.status, await again.text()]).toEqual([first.status, await first.text()]);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
  });

  it('has one answer also while it is being answered', async () => {
    const { nonce: _, ...request } = newRequest();
    const headers = { 'idempotency-key': hex(random(16)) };
    const body = JSON.stringify(request);
    const send = async () => (await anna.send('POST', '/v1/uploads', { body, headers })).text();
    const [first, second] = await Promise.all([send(), send()]);
    expect(second).toBe(first);
  });

  it('is refused for another body, and open to another owner', async () => {
    const headers = { 'idempotency-key': hex(random(16)) };
    const { nonce: _, ...request } = newRequest();
    await anna.send('POST', '/v1/uploads', { body: JSON.stringify(request), headers });
    const { nonce: __, ...other } = newRequest();
    const body = JSON.stringify(other);
    const refusal = await refusalOf(await anna.send('POST', '/v1/uploads', { body, headers }));
    expect(refusal.status).toBe(422);
    expect(refusal.problem.errors?.[0]?.pointer).toBe('/Idempotency-Key');
    expect((await ben.send('POST', '/v1/uploads', { body, headers })).status).toBe(403);
  });

  it.each(['short', 'with space', 'x'.repeat(129)])('is refused for the key %j', async (key) => {
    const headers = { 'idempotency-key': key };
    const answer = await anna.send('POST', '/v1/uploads', { body: '{}', headers });
    expect(answer.status).toBe(400);
  });
});

describeRelay(() => ({ anna, ben }));
