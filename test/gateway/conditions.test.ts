/** Conditions, ranges, types and methods, as RFC 9110 has them, on routes of every kind. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { problem } from '@holdfast/protocol/network-messages.js';
import { ETAG, newSurface, type Surface } from '../support/surface.ts';

let surface: Surface;
beforeAll(async () => {
  surface = await newSurface();
});
afterAll(() => surface.close());
beforeEach(() => void surface.effects.splice(0));

const pointerIn = async (answer: Response): Promise<string | undefined> =>
  problem.parse(await answer.json()).errors?.[0]?.pointer;
const ask: Surface['ask'] = (...given) => surface.ask(...given);
const say: Surface['say'] = (...given) => surface.say(...given);
const keep: Surface['keep'] = (...given) => surface.keep(...given);

describe('conditions (RFC 9110 section 13)', () => {
  const cases: readonly [string, Record<string, string>, number, string][] = [
    ['nothing', {}, 200, '0123456789'],
    ['its version', { 'if-match': ETAG }, 200, '0123456789'],
    ['any version', { 'if-match': '*' }, 200, '0123456789'],
    ['one of several', { 'if-match': `"a", ${ETAG}` }, 200, '0123456789'],
    ['its version, weakly', { 'if-match': `W/${ETAG}` }, 412, ''],
    ['another version', { 'if-match': '"root.2"' }, 412, ''],
    ['that it is held', { 'if-none-match': ETAG }, 304, ''],
    ['that it is held, weakly', { 'if-none-match': `"a", W/${ETAG}` }, 304, ''],
    ['that any is held', { 'if-none-match': '*' }, 304, ''],
    ['that another is held', { 'if-none-match': '"root.2"' }, 200, '0123456789'],
    ['first a match, then none', { 'if-match': '"x"', 'if-none-match': ETAG }, 412, ''],
    [
      'no time: there is none',
      { 'if-modified-since': 'Sat, 01 Jan 2050 00:00:00 GMT' },
      200,
      '0123456789',
    ],
    ['nothing of a range that is held', { 'if-none-match': ETAG, range: 'bytes=0-1' }, 304, ''],
  ];
  it.each(cases)('ask for %s', async (_, headers, status, text) => {
    const answer = await ask('/v1/bytes', headers);
    const body = await answer.text();
    expect([answer.status, status === 412 ? '' : body]).toEqual([status, text]);
    expect(answer.headers.get('etag')).toBe(ETAG);
    const head = await ask('/v1/bytes', headers, 'HEAD');
    expect([head.status, await head.text()]).toEqual([status, '']);
  });

  it('name the header that does not hold', async () => {
    expect(await pointerIn(await ask('/v1/bytes', { 'if-match': '"x"' }))).toBe('/If-Match');
  });

  it('hold for JSON and for bytes without a length as well', async () => {
    const etag = (await ask('/v1/facts')).headers.get('etag') ?? '';
    expect((await ask('/v1/facts', { 'if-none-match': etag })).status).toBe(304);
    expect((await ask('/v1/facts', { 'if-match': '"x"' })).status).toBe(412);
    const head = await ask('/v1/facts', {}, 'HEAD');
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '14']);
    expect((await ask('/v1/open', { 'if-none-match': ETAG })).status).toBe(304);
    const open = await ask('/v1/open', { range: 'bytes=0-1' });
    expect([open.status, open.headers.get('accept-ranges')]).toEqual([200, 'none']);
    await open.text();
  });

  it('keep a request from having its effect', async () => {
    expect((await say('x', { 'if-match': '*' })).status).toBe(412);
    expect((await keep('x', { 'if-match': '"a"' })).status).toBe(412);
    expect(surface.effects).toEqual([]);
    expect((await say('x', { 'if-none-match': '*' })).status).toBe(201);
  });
});

describe('ranges (RFC 9110 section 14)', () => {
  const cases: readonly [string, number, string, string | null][] = [
    ['bytes=0-0', 206, '0', 'bytes 0-0/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=-99', 206, '0123456789', 'bytes 0-9/10'],
    ['bytes=5-99', 206, '56789', 'bytes 5-9/10'],
    ['BYTES=5-5', 206, '5', 'bytes 5-5/10'],
    ['bytes=10-', 416, '', 'bytes */10'],
    ['bytes=-0', 416, '', 'bytes */10'],
    // what is not well-formed, of another unit, or more than one is ignored
    ['bytes=5-2', 200, '0123456789', null],
    ['bytes=-', 200, '0123456789', null],
    ['bytes=a-b', 200, '0123456789', null],
    ['lines=99-', 200, '0123456789', null],
    ['bytes=0-0,2-2', 200, '0123456789', null],
  ];
  it.each(cases)('%s', async (range, status, text, lies) => {
    const answer = await ask('/v1/bytes', { range });
    expect([answer.status, answer.headers.get('content-range')]).toEqual([status, lies]);
    const body = await answer.text();
    expect(status === 416 ? '' : body).toBe(text);
    const head = await ask('/v1/bytes', { range }, 'HEAD');
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '10']);
  });

  it.each([
    [ETAG, 206],
    [`W/${ETAG}`, 200],
    ['"root.2"', 200],
    ['Sat, 01 Jan 2050 00:00:00 GMT', 200],
  ])('of version %s', async (condition, status) => {
    const answer = await ask('/v1/bytes', { range: 'bytes=99-', 'if-range': condition });
    // beyond the end of the version that one has
    expect(answer.status).toBe(status === 206 ? 416 : 200);
    const within = await ask('/v1/bytes', { range: 'bytes=1-2', 'if-range': condition });
    expect(within.status).toBe(status);
    await Promise.all([answer.text(), within.text()]);
  });
});

describe('what a client takes and sends', () => {
  it('is refused by type and by method', async () => {
    const csv = await ask('/v1/facts', { accept: 'text/csv' });
    expect([csv.status, await pointerIn(csv)]).toEqual([406, '/Accept']);
    expect((await ask('/v1/facts', { accept: 'text/csv, */*;q=0.1' })).status).toBe(200);
    expect((await ask('/v1/bytes', { accept: 'text/html' })).status).toBe(406);
    expect((await say('x', { accept: 'text/csv' })).status).toBe(406);
    expect(surface.effects).toEqual([]);
    const other = await ask('/v1/say', {}, 'DELETE');
    expect([other.status, other.headers.get('allow')]).toEqual([405, 'OPTIONS, POST']);
    const options = await ask('/v1/facts', {}, 'OPTIONS');
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS']);
  });
});
