/** Streams of a gateway: resumed without gap or repeat, over a restart too. */
import { describe, expect, it } from '@jest/globals';
import { newEventReader, type EventReader } from '../support/event-reader.ts';
import type { Operating } from '../support/operating.ts';

const STREAM = { accept: 'text/event-stream' };

export function eventStreamsSuite({ stage, ask, put }: Operating): void {
  describe('streams of a gateway', () => {
    const listen = async (path: string, after?: string): Promise<EventReader> => {
      const headers = { ...STREAM, ...(after === undefined ? {} : { 'last-event-id': after }) };
      return newEventReader(await ask(path, { headers }));
    };
    const has = (reader: EventReader, name: string, fileId: string) =>
      reader.until((events) =>
        events.some((event) => event.name === name && JSON.stringify(event.body).includes(fileId)),
      );

    it.each(['/v1/alerts', '/v1/ledger/events'])(
      '%s go on over a restart without gap or repeat, from wherever a reader stopped',
      async (path) => {
        const first = await listen(path);
        expect(first.answer.headers.get('content-type')).toBe('text/event-stream');
        const a = await put('a');
        await has(first, 'FileRegistered', a);
        await stage().stop();
        // what came before the end stays; the stream itself is over
        await expect(first.until(() => false)).rejects.toThrow('the stream has ended');
        await stage().start();
        const last = first.events.at(-1);
        const second = await listen(path, last?.id);
        const b = await put('b');
        await has(second, 'FileRegistered', b);
        await second.close();
        const ids = [...first.events, ...second.events].map(({ id }) => id);
        const [from = ''] = ids;
        const whole = await listen(path, from);
        await whole.until((events) => events.length >= ids.length - 1);
        await whole.close();
        expect(ids).toEqual([from, ...whole.events.slice(0, ids.length - 1).map(({ id }) => id)]);
        expect(new Set(ids).size).toBe(ids.length);
        // from each place between
        for (const [index, id] of ids.slice(0, -1).entries()) {
          const reader = await listen(path, id);
          await reader.until((events) => events.length > 0);
          await reader.close();
          expect(reader.events[0]?.id).toBe(ids[index + 1]);
        }
      },
      60_000,
    );

    it('tell of the ledger to anybody, in the words of its look-ups', async () => {
      const reader = newEventReader(
        await fetch(`${stage().url()}/v1/ledger/events`, { headers: { 'last-event-id': '0.0' } }),
      );
      await reader.until((events) => events.some(({ name }) => name === 'FileRegistered'));
      await reader.close();
      const { id, body } = reader.events.find(({ name }) => name === 'FileRegistered') ?? {};
      const { ledgerBlockNumber, transactionId } = body as {
        ledgerBlockNumber: number;
        transactionId: string;
      };
      expect(id).toMatch(new RegExp(`^${ledgerBlockNumber}\\.\\d+$`));
      const answer = await fetch(`${stage().url()}/v1/ledger/transactions/${transactionId}`);
      expect(await answer.json()).toMatchObject({ ledgerBlockNumber, function: 'register' });
    });

    it.each(['x', '1', '1.', '01.0', '-1.0', '1.2.3', `${'9'.repeat(16)}.0`])(
      'refuse to go on after %j',
      async (id) => {
        const answer = await fetch(`${stage().url()}/v1/ledger/events`, {
          headers: { 'last-event-id': id },
        });
        expect(answer.status).toBe(400);
        expect(await answer.json()).toMatchObject({ errors: [{ pointer: '/Last-Event-ID' }] });
      },
    );
  });
}
