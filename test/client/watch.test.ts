import { describe, expect, it } from '@jest/globals';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { Alert } from '@holdfast/protocol/alert-messages.js';
import type { GatewayApi, RequestOptions } from '../../client/src/gateway-api.ts';
import { eventTexts, watchAlerts } from '../../client/src/watch.ts';

async function* chunks(...parts: string[]) {
  yield* parts;
}

async function dataOf(...parts: string[]): Promise<string[]> {
  const found: string[] = [];
  for await (const data of eventTexts(chunks(...parts))) found.push(data);
  return found;
}

describe('a stream of events', () => {
  const stream = 'id: 1.0\nevent: A\ndata: {"a":1}\n\n:\n\ndata: {"b":\ndata: 2}\n\ndata: cut';

  it('gives the data of each event, over comments and several lines, without what is cut short', async () => {
    expect(await dataOf(stream)).toEqual(['{"a":1}', '{"b":\n2}']);
  });

  it('does not depend on where it is cut into chunks', async () => {
    for (let at = 0; at <= stream.length; at++) {
      expect(await dataOf(stream.slice(0, at), stream.slice(at))).toEqual(await dataOf(stream));
    }
  });
});

describe('a stream without end', () => {
  it.each([
    ['in one line', () => 'data: x'.padEnd(10_000, 'x')],
    ['in one event', () => 'data: x\n'],
  ])('%s is given up', async (_, part) => {
    let taken = 0;
    async function* endless() {
      for (; taken < 1_000; taken++) yield part();
    }
    const reading = (async () => {
      for await (const data of eventTexts(endless())) expect(data).toBe('never');
    })();
    await expect(reading).rejects.toMatchObject({ code: 'ANSWER_FALSE' });
    expect(taken).toBeLessThan(100);
  });
});

const alertOf = (id: string): Alert => ({
  id,
  event: 'FileRetired',
  fileId: 'ab'.repeat(32),
  transactionId: 'cd'.repeat(32),
  at: '2027-01-01T00:00:00.000Z',
});
const eventOf = (id: string): string => `id: ${id}\ndata: ${JSON.stringify(alertOf(id))}\n\n`;

/** A gateway that answers one connection after the other, and what it was asked each time. */
function gatewayOf(...answers: (() => Response)[]) {
  const asked: (string | undefined)[] = [];
  const request = async (_method: string, _path: string, options: RequestOptions = {}) => {
    asked.push(options.headers?.['last-event-id']);
    const answer = answers.shift();
    if (answer === undefined) throw new Error('asked once more than expected');
    return answer();
  };
  return { api: { request } as unknown as GatewayApi, asked };
}

/** A stream of these texts, which then ends or breaks. */
function streamOf(texts: readonly string[], isBroken = false): Response {
  const left = texts.map((text) => new TextEncoder().encode(text));
  return new Response(
    new ReadableStream({
      pull(controller) {
        const next = left.shift();
        if (next !== undefined) controller.enqueue(next);
        else if (isBroken) controller.error(new TypeError('terminated'));
        else controller.close();
      },
    }),
  );
}

describe('alerts', () => {
  it('go on after the last one over connections that break, and end when nobody listens', async () => {
    const { api, asked } = gatewayOf(
      () => streamOf([eventOf('1.0'), eventOf('2.0')], true),
      () => streamOf([eventOf('3.0')]),
    );
    const listening = new AbortController();
    const seen: string[] = [];
    for await (const { id } of watchAlerts(api, '0.0', listening.signal)) {
      seen.push(id);
      if (id === '3.0') listening.abort();
    }
    expect(seen).toEqual(['1.0', '2.0', '3.0']);
    expect(asked).toEqual(['0.0', '2.0']);
  });

  it('are asked for from the beginning where none was handled', async () => {
    const { api, asked } = gatewayOf(() => streamOf([eventOf('1.0')]));
    const listening = new AbortController();
    for await (const { id } of watchAlerts(api, undefined, listening.signal)) {
      expect(id).toBe('1.0');
      listening.abort();
    }
    expect(asked).toEqual([undefined]);
  });

  it('end quietly where the listener went while the gateway was asked', async () => {
    const listening = new AbortController();
    const { api } = gatewayOf(() => {
      listening.abort();
      throw new HoldfastError('NOT_ALLOWED', 'too late to matter');
    });
    const next = await watchAlerts(api, undefined, listening.signal).next();
    expect(next).toEqual({ done: true, value: undefined });
  });

  it('end with a refusal of the gateway, and with what is no alert', async () => {
    const { signal } = new AbortController();
    const refusing = gatewayOf(() => {
      throw new HoldfastError('NOT_ALLOWED', 'no such owner');
    });
    await expect(watchAlerts(refusing.api, undefined, signal).next()).rejects.toMatchObject({
      code: 'NOT_ALLOWED',
    });
    const babbling = gatewayOf(() => streamOf(['data: {"id":7}\n\n']));
    await expect(watchAlerts(babbling.api, undefined, signal).next()).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });
});
