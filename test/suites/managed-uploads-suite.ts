/** Uploads of an owner in managed custody: streamed, empty, repeated, refused, ended. */
import { readdir } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { managedFileAnswer, managedFileList } from '@holdfast/protocol/custody-messages.js';
import type { Asked } from '../support/managed-owner.ts';

export interface ManagedSubject {
  readonly ask: (path: string, asked?: Asked) => Promise<Response>;
  readonly plaintext: Uint8Array;
  /** Where the agent measures bodies of unknown length. */
  readonly measuring: string;
}

const bytesOf = async (answer: Response) => new Uint8Array(await answer.arrayBuffer());

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 50_000) yield bytes.subarray(at, at + 50_000);
}

export function describeManagedUploads(subject: () => ManagedSubject): void {
  describe('an upload', () => {
    const put = async (name: string, body: Asked['body'], headers = {}) =>
      subject().ask(`/v1/files/${name}`, {
        method: 'PUT',
        headers,
        ...(body === undefined ? {} : { body }),
      });

    it('may leave its length open', async () => {
      const { plaintext, measuring } = subject();
      const bytes = plaintext.subarray(0, 300_001);
      const body = ReadableStream.from(pieces(bytes)) as ReadableStream;
      const stored = managedFileAnswer.parse(await (await put('streamed', body)).json());
      expect(stored.size).toBe(bytes.length);
      const back = await bytesOf(await subject().ask(`/v1/files/${stored.fileId}`));
      expect(Buffer.from(back).equals(bytes)).toBe(true);
      expect(await readdir(measuring)).toEqual([]);
    });

    it('may be empty, and deduplicates with what is sealed alike', async () => {
      const first = managedFileAnswer.parse(await (await put('empty', undefined)).json());
      const second = managedFileAnswer.parse(await (await put('empty', new Uint8Array())).json());
      expect([first.size, second.size]).toEqual([0, 0]);
      expect(second.cid).toBe(first.cid);
      const empty = await subject().ask(`/v1/files/${first.fileId}`);
      expect([empty.status, await bytesOf(empty)]).toEqual([200, new Uint8Array()]);
    });

    it('that is sent again under its key is stored once', async () => {
      const headers = { 'idempotency-key': 'one-and-the-same' };
      const [a, b] = [await put('once', 'hello', headers), await put('once', 'hello', headers)];
      expect(await b.json()).toEqual(await a.json());
      expect((await put('other', 'hello', headers)).status).toBe(422);
    });

    it.each(['..', 'a%2Fb', 'a%00b', 'x'.repeat(300)])('is refused the name %s', async (name) => {
      const answer = await put(name, 'hello');
      expect([400, 404]).toContain(answer.status);
      await answer.arrayBuffer();
    });

    it('whose bytes are not those it claims is not stored', async () => {
      const digest = `sha-256=:${Buffer.alloc(32).toString('base64')}:`;
      const refused = await put('false', 'hello', { 'content-digest': digest });
      expect(refused.status).toBe(400);
      const { items } = managedFileList.parse(await (await subject().ask('/v1/files')).json());
      expect(items.map(({ name }) => name)).not.toContain('false');
    });

    it('ends where its owner says', async () => {
      const stored = managedFileAnswer.parse(await (await put('short-lived', 'hello')).json());
      const retired = await subject().ask(`/v1/files/${stored.fileId}`, { method: 'DELETE' });
      expect(await retired.json()).toMatchObject({ fileId: stored.fileId, state: 'retired' });
      expect((await subject().ask(`/v1/files/${stored.fileId}`)).status).toBe(404);
      const { items } = managedFileList.parse(await (await subject().ask('/v1/files')).json());
      expect(items.map(({ fileId }) => fileId)).not.toContain(stored.fileId);
    });
  });
}
