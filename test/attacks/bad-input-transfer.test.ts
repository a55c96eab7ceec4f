/** Parts, ranges, lengths and framing that are wrong, and the smallest files. */
import {
  newBadInputStage,
  type BadInputStage,
  BLOCK,
  PADDED,
  PART,
  sourceOf,
  TUS,
} from '../support/bad-input-stage.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { exchangeRaw, pointerOf, refusalIn } from '../support/bad-requests.ts';

let bad: BadInputStage;
beforeAll(async () => {
  bad = await newBadInputStage();
}, 120_000);
afterAll(() => bad.close());

beforeEach(() => bad.remember());
afterEach(() => bad.expectUnchanged());

describe('a part of an upload', () => {
  const upload = (method: string, offset: string | undefined, body: Uint8Array, more = {}) =>
    bad.anna.send(method, bad.at('/v1/uploads/UPLOAD'), {
      body,
      headers: { ...PART, ...(offset === undefined ? {} : { 'upload-offset': offset }), ...more },
    });

  it.each([
    ['an offset ahead', '1', 409],
    ['an offset far ahead', '9007199254740993', 409],
    ['no offset', undefined, 400],
    ['a negative offset', '-1', 400],
    ['an offset in other digits', '0x0', 400],
    ['an offset with a zero before', '00', 400],
    ['an offset that is none', 'NaN', 400],
  ])('is refused with %s', async (_, offset, status) => {
    const refusal = await refusalIn(await upload('PATCH', offset, new Uint8Array(10)));
    expect([refusal.status, pointerOf(refusal)]).toEqual([status, '/Upload-Offset']);
  });

  it('is refused with another version of tus, another type, an encoding', async () => {
    const cases: readonly [header: string, value: string, status: number][] = [
      ['Tus-Resumable', '0.2.2', 412],
      ['Content-Type', 'application/octet-stream', 415],
      ['Content-Encoding', 'gzip', 415],
    ];
    for (const [header, value, status] of cases) {
      const more = { [header.toLowerCase()]: value };
      const refusal = await refusalIn(await upload('PATCH', '0', new Uint8Array(10), more));
      expect([refusal.status, pointerOf(refusal)]).toEqual([status, `/${header}`]);
    }
  });

  it('is refused where it leads beyond the length that was announced', async () => {
    for (const size of [BLOCK + 101, BLOCK + 100_000]) {
      const refusal = await refusalIn(await upload('PATCH', '0', new Uint8Array(size)));
      expect([refusal.code, pointerOf(refusal)]).toEqual(['TOO_LARGE', '/Content-Length']);
    }
  });

  const atStart = { ...PART, 'upload-offset': '0' };

  it('counts for nothing where it breaks off', async () => {
    const path = bad.at('/v1/uploads/UPLOAD');
    const body = new Uint8Array(60_000);
    const head = await bad.head({ method: 'PATCH', path, headers: atStart, body });
    const begun = Buffer.concat([Buffer.from(head), body.subarray(0, 30_000)]);
    expect(await exchangeRaw(bad.url, begun, { end: true })).not.toMatch(/^HTTP\/1.1 [25]/);
    const where = await bad.anna.send('HEAD', path, { headers: TUS });
    expect(where.headers.get('upload-offset')).toBe('0');
  });

  it('is refused without a length: nobody could have signed it', async () => {
    const path = bad.at('/v1/uploads/UPLOAD');
    const more = { 'Transfer-Encoding': 'chunked' };
    const head = await bad.head({ method: 'PATCH', path, headers: atStart, more });
    const answer = await exchangeRaw(bad.url, `${head}5\r\nhello\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 403 [^]*"code":"NOT_ALLOWED"/);
  });

  it('of tags or of the card has exactly its size', async () => {
    for (const [part, sizes] of [
      ['tags', [0, 1, 95, 97]],
      ['card', [0, 511, 513]],
    ] as const) {
      for (const size of sizes) {
        const body = new Uint8Array(size);
        const answer = await bad.anna.send('PUT', bad.at(`/v1/uploads/UPLOAD/${part}`), { body });
        expect(pointerOf(await refusalIn(answer))).toBe('/Content-Length');
      }
    }
  });

  it('is accepted only when all of it has come', async () => {
    const route = '/v1/uploads/UPLOAD/acceptance';
    const body = JSON.stringify(bad.sample(route));
    const { code, detail } = await refusalIn(await bad.post(bad.at(route), body));
    expect([code, detail]).toEqual(['INPUT_INVALID', 'content: 0 of 65636 bytes have come']);
  });
});

describe('a range', () => {
  it.each(['bytes=a-b', 'octets=0-1', 'bytes=', 'bytes', 'bytes=9-5', ''])(
    'that is none, %j, brings the whole',
    async (range) => {
      const answer = await bad.anna.send('GET', bad.at('/v1/files/FILE'), { headers: { range } });
      expect([answer.status, (await answer.arrayBuffer()).byteLength]).toEqual([200, PADDED]);
    },
  );

  it('of a thousand pieces brings the whole, once', async () => {
    const range = `bytes=${Array.from({ length: 1000 }, () => '0-').join(',')}`;
    const answer = await bad.anna.send('GET', bad.at('/v1/files/FILE'), { headers: { range } });
    expect([answer.status, (await answer.arrayBuffer()).byteLength]).toEqual([200, PADDED]);
  });

  it('beyond the end is refused by name', async () => {
    for (const range of ['bytes=1024-', 'bytes=99999999999999999999-']) {
      const answer = await bad.anna.send('GET', bad.at('/v1/files/FILE'), { headers: { range } });
      const refusal = await refusalIn(answer);
      expect([refusal.status, pointerOf(refusal)]).toEqual([416, '/Range']);
    }
  });
});

describe('what is no request', () => {
  it.each([
    ['noise', '\x16\x03\x01\0\xff\r\n\r\n', 400],
    [
      'a length twice',
      'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      400,
    ],
    [
      'a length and chunks',
      'POST /v1/accounts HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['a length that is none', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1x\r\n\r\n', 400],
    ['a bare line feed in a header', 'GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n', 400],
    ['headers without end', `GET / HTTP/1.1\r\nHost: x\r\nA: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ])('is refused: %s', async (_, text, status) => {
    const answer = await exchangeRaw(bad.url, Buffer.from(text, 'latin1'));
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*"code":"INPUT_INVALID"`));
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });

  it('or is addressed to nobody here, is refused as well', async () => {
    for (const target of [
      '*',
      'http://example.org/v1/files',
      '//v1/files',
      '/v1//files',
      '/v1/%',
    ]) {
      const text = `GET ${target} HTTP/1.1\r\nHost: ${new URL(bad.url).host}\r\nConnection: close\r\n\r\n`;
      const answer = await exchangeRaw(bad.url, text);
      expect(answer).toMatch(
        /^HTTP\/1\.1 4\d\d [^]*"code":"(INPUT_INVALID|NOT_FOUND|NOT_ALLOWED)"/,
      );
    }
  });
});

describe('the smallest files', () => {
  it.each([0, 1])('of %i bytes are stored and come back', async (size) => {
    const bytes = new Uint8Array(size).fill(7);
    const { fileId } = await bad.anna.owner.put(`${size} bytes`, sourceOf(bytes), {
      blockSize: BLOCK,
    });
    const got: Uint8Array[] = [];
    for await (const chunk of bad.anna.owner.get(fileId)) got.push(chunk);
    expect(Buffer.concat(got)).toEqual(Buffer.from(bytes));
    await bad.remember();
  });
});
