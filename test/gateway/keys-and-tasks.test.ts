/** Requests that are sent again, and requests that take long. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { problem } from '@holdfast/protocol/network-messages.js';
import { task } from '@holdfast/protocol/task-messages.js';
import { AT_ONCE, newSurface, type Surface } from '../support/surface.ts';

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

describe('a request under its key', () => {
  const key = (name: string) => ({ 'idempotency-key': `key-of-${name}` });

  it('has one effect, and one answer; another body is refused, another owner is not', async () => {
    const first = await say('hello', key('a'));
    const again = await say('hello', key('a'));
    expect([again.status, await again.text()]).toEqual([first.status, await first.text()]);
    expect(again.headers.get('location')).toBe('/v1/facts');
    const other = await say('hallo', key('a'));
    expect([other.status, await pointerIn(other)]).toEqual([422, '/Idempotency-Key']);
    expect((await say('hello', { ...key('a'), 'x-owner': 'ben' })).status).toBe(201);
    expect(surface.effects).toEqual(['hello', 'hello']);
  });

  it('has its effect again where it was refused', async () => {
    expect([(await say('no', key('b'))).status, (await say('no', key('b'))).status]).toEqual([
      409, 409,
    ]);
    expect(surface.effects).toEqual(['no', 'no']);
  });

  it('is known by its bytes where nobody has said their digest', async () => {
    const streamed = (text: string) => new Blob([text]).stream();
    expect((await keep('same', key('c'))).status).toBe(204);
    expect((await keep('same', key('c'))).status).toBe(204);
    const type = { 'content-type': 'text/plain;charset=UTF-8' };
    expect((await keep(streamed('same'), { ...key('c'), ...type })).status).toBe(204);
    const other = await keep('else', key('c'));
    expect([other.status, await pointerIn(other)]).toEqual([422, '/Idempotency-Key']);
    expect(surface.effects).toEqual(['same']);
  });

  it('waits for no other that may not be the same', async () => {
    surface.hold();
    const first = keep('slow', key('d'));
    while (!surface.effects.includes('slow')) await new Promise((next) => setTimeout(next, 5));
    const other = await keep('slow', key('d'));
    expect([other.status, other.headers.get('retry-after')]).toEqual([409, '2']);
    surface.release();
    await first;
  });

  it('that takes long is a task: asked again the same one, and once it has ended the answer', async () => {
    surface.hold();
    const [first, again] = [await say('long', key('e')), await say('long', key('e'))];
    expect([first.status, again.status]).toEqual([202, 202]);
    expect(first.headers.get('retry-after')).toBe('2');
    const address = first.headers.get('location') ?? '';
    expect(again.headers.get('location')).toBe(address);
    const told = async () => task.parse(await (await ask(address)).json());
    expect(await told()).toMatchObject({ state: 'running' });
    expect((await ask(address, { 'x-owner': 'ben' })).status).toBe(404);
    surface.release();
    while ((await told()).state === 'running') await new Promise((next) => setTimeout(next, 5));
    const done = {
      state: 'done',
      status: 201,
      headers: { Location: '/v1/facts' },
      answer: { said: 'long' },
    };
    expect(await told()).toMatchObject(done);
    expect((await say('long', key('e'))).status).toBe(201);
    expect(surface.effects).toEqual(['long']);
  });

  it.each(['was told that it takes long', 'has left'])(
    'counts among those of its owner until it has ended, also where who sent it %s',
    async (what) => {
      const ben = { 'x-owner': what.replaceAll(' ', '-') };
      surface.hold();
      for (let i = 0; i < AT_ONCE; i++) {
        const leaving = new AbortController();
        const sent = say('long', ben, leaving.signal).catch(() => undefined);
        while (surface.effects.length <= i) await new Promise((next) => setTimeout(next, 5));
        if (what === 'has left') leaving.abort();
        expect((await sent)?.status).toBe(what === 'has left' ? undefined : 202);
      }
      const more = await say('more', ben);
      expect([more.status, more.headers.get('retry-after')]).toEqual([429, '1']);
      // others, and who only reads, do not wait for it
      expect((await ask('/v1/facts', ben)).status).toBe(200);
      expect((await say('other')).status).toBe(202);
      surface.release();
      while ((await say('again', ben)).status !== 201);
      expect(surface.effects).not.toContain('more');
    },
  );

  it('that takes long and is refused says why', async () => {
    surface.hold();
    const address = (await say('no')).headers.get('location') ?? '';
    surface.release();
    const told = async () => task.parse(await (await ask(address)).json());
    while ((await told()).state === 'running') await new Promise((next) => setTimeout(next, 5));
    expect(await told()).toMatchObject({
      state: 'refused',
      problem: { code: 'NOT_DUE', status: 409 },
    });
  });
});
