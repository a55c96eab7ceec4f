/** How the bytes of a stored file come over HTTP: whole, in ranges, by part, as an archive. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { CarReader } from '@ipld/car';
import { hex } from '@holdfast/protocol/bytes.js';
import { decodeLeaves } from '@holdfast/protocol/leaf-list.js';
import type { StoredFile } from '../../client/src/put-request.ts';
import type { FullOwner } from '../support/gateway-owner.ts';

export interface StoredSubject {
  readonly anna: FullOwner;
  readonly file: StoredFile;
  readonly plaintext: Uint8Array;
}

const bytesOf = async (answer: Response) => new Uint8Array(await answer.arrayBuffer());

export function describeFileBytes(subject: () => StoredSubject): void {
  const send: FullOwner['send'] = (method, path, request) =>
    subject().anna.send(method, path, request);
  const path = (rest = '') => `/v1/files/${subject().file.fileId}${rest}`;
  const etag = () => `"${subject().file.root}.1"`;

  describe('the bytes of a file', () => {
    it('come whole, with an ETag of the version', async () => {
      const answer = await send('GET', path());
      expect(answer.status).toBe(200);
      expect(answer.headers.get('etag')).toBe(etag());
      expect(answer.headers.get('accept-ranges')).toBe('bytes');
      const body = await bytesOf(answer);
      expect(body).toHaveLength(Number(answer.headers.get('content-length')));
      expect(Buffer.from(body).includes(Buffer.from(subject().plaintext.subarray(0, 32)))).toBe(
        false,
      );
    });

    it('come in ranges that say where they lie', async () => {
      const whole = await bytesOf(await send('GET', path()));
      const size = whole.length;
      const cases: readonly [string, number, number][] = [
        ['bytes=0-0', 0, 1],
        ['bytes=65530-65545', 65_530, 65_546],
        ['bytes=-5', size - 5, size],
        [`bytes=${size - 1}-${size + 9}`, size - 1, size],
        ['bytes=7-', 7, size],
      ];
      for (const [range, start, end] of cases) {
        const answer = await send('GET', path(), { headers: { range } });
        expect(answer.status).toBe(206);
        expect(answer.headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/${size}`);
        expect(await bytesOf(answer)).toEqual(whole.subarray(start, end));
      }
    });

    it('come whole where the range is of another version, or of several pieces', async () => {
      const stale = { range: 'bytes=0-0', 'if-range': '"old"' };
      expect((await send('GET', path(), { headers: stale })).status).toBe(200);
      const several = { range: 'bytes=0-0,5-6' };
      expect((await send('GET', path(), { headers: several })).status).toBe(200);
      const fresh = { range: 'bytes=0-0', 'if-range': etag() };
      expect((await send('GET', path(), { headers: fresh })).status).toBe(206);
    });

    it('are not sent again where one has them', async () => {
      const headers = { 'if-none-match': etag() };
      expect((await send('GET', path(), { headers })).status).toBe(304);
    });

    it('are refused in a range beyond their end', async () => {
      const answer = await send('GET', path(), { headers: { range: 'bytes=99999999-' } });
      expect(answer.status).toBe(416);
      expect(answer.headers.get('content-range')).toMatch(/^bytes \*\/\d+$/);
    });

    it('are described by HEAD without being sent', async () => {
      const answer = await send('HEAD', path());
      expect(answer.status).toBe(200);
      expect(Number(answer.headers.get('content-length'))).toBeGreaterThan(
        subject().plaintext.length,
      );
      expect(await bytesOf(answer)).toHaveLength(0);
    });

    it('hash to their leaves, block by block, manifest last', async () => {
      const leaves = decodeLeaves(await bytesOf(await send('GET', path('/leaves'))));
      const content = await bytesOf(await send('GET', path()));
      const manifest = await bytesOf(await send('GET', path('/manifest')));
      const all = Buffer.concat([content, manifest]);
      let at = 0;
      for (const { length, digest } of leaves) {
        const block = all.subarray(at, at + length);
        expect(createHash('sha256').update(block).digest()).toEqual(Buffer.from(digest));
        at += length;
      }
      expect(at).toBe(all.length);
      const tags = await bytesOf(await send('GET', path('/tags')));
      expect(tags).toHaveLength(48 * leaves.length);
      expect(await bytesOf(await send('GET', path('/card')))).toHaveLength(512);
    });

    it('come as an archive under the CID that the owner computed', async () => {
      const answer = await send('GET', path('/car'));
      expect(answer.headers.get('content-type')).toMatch('application/vnd.ipld.car');
      const car = await CarReader.fromBytes(await bytesOf(answer));
      expect((await car.getRoots()).map(String)).toEqual([subject().file.cid]);
      let blocks = 0;
      for await (const { cid, bytes } of car.blocks()) {
        const digest = createHash('sha256').update(bytes).digest();
        expect(hex(cid.multihash.digest)).toBe(hex(digest));
        blocks++;
      }
      expect(blocks).toBeGreaterThan(subject().file.blocks);
    });
  });
}
