/** Calls between gateways: what is made of answers that are false, late or none, and of certificates that change. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { X509Certificate } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { equalBytes, integer } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { newGate } from '../../../gateway/src/between/gate.ts';
import type { newInnerApp } from '../../../gateway/src/between/inner-door.ts';
import type { KeyServer, Provider } from '../../../gateway/src/roles.ts';
import {
  newAuthorities,
  newInnerStage,
  type InnerStage,
  type InnerStageParts,
} from '../../support/inner-door.ts';
import { newKeyServer, testKeyServers } from '../../support/key-server.ts';
import { refusalOf, refusalOfAsync } from '../../support/refusal.ts';
import { joined, manyBytes } from '../../support/sealing.ts';
import express from 'express';

const ANNA = 'ab'.repeat(32);
const authorities = newAuthorities();
const [alders] = testKeyServers();
const cedar = newKeyServer('Cedar', alders.privateKey);
const honest: KeyServer = {
  mspId: 'Cedar',
  evaluate: async (_owner, _key, blinded) => blinded.map(cedar.raw),
};
const ELEMENTS = [integer(5n, 384), integer(6n, 384)];

let stage: InnerStage | undefined;
afterEach(async () => {
  await stage?.close();
  stage = undefined;
});
async function open(parts: Omit<InnerStageParts, 'authorities'> = {}): Promise<InnerStage> {
  const all = { keyServer: honest, announced: cedar.record, authorities: await authorities };
  stage = await newInnerStage({ ...all, ...parts });
  return stage;
}
const refusalFrom = async ({ keyServer }: InnerStage) =>
  refusalOfAsync(keyServer.evaluate(ANNA, 'key', ELEMENTS));

describe('a key server of another organisation', () => {
  it.each<[string, (blinded: readonly Uint8Array[]) => readonly Uint8Array[], string]>([
    [
      'evaluates falsely',
      (blinded) => [cedar.raw(blinded[0] ?? new Uint8Array()), integer(7n, 384)],
      'a false evaluation of element 1',
    ],
    ['answers what it was asked', (blinded) => blinded, 'a false evaluation of element 0'],
    ['leaves one out', (blinded) => blinded.slice(1).map(cedar.raw), '1 of 2 elements'],
    [
      'answers more than its modulus',
      (blinded) => blinded.map(() => new Uint8Array(384).fill(0xff)),
      'a false evaluation of element 0',
    ],
  ])('that %s is named', async (_, answer, what) => {
    const keyServer: KeyServer = {
      ...honest,
      evaluate: async (_o, _k, blinded) => answer(blinded),
    };
    expect(await refusalFrom(await open({ keyServer }))).toMatchObject({
      code: 'ANSWER_FALSE',
      detail: `key server Cedar answered ${what}`,
    });
  });

  it('is named where it fails, and tells nothing of why', async () => {
    const keyServer: KeyServer = { ...honest, evaluate: () => Promise.reject(new Error('secret')) };
    const refusal = await refusalFrom(await open({ keyServer }));
    expect(refusal).toMatchObject({
      code: 'INTERNAL',
      detail: 'key server Cedar: the gateway failed; its log says where',
    });
  });

  it('refuses as it would here', async () => {
    const refusal = new HoldfastError('STORE_FULL', 'no room for a line');
    const keyServer: KeyServer = { ...honest, evaluate: () => Promise.reject(refusal) };
    expect(await refusalFrom(await open({ keyServer }))).toMatchObject({
      code: 'STORE_FULL',
      detail: 'no room for a line',
    });
  });
});

describe('whoever answers instead', () => {
  const answering =
    (answer: express.RequestHandler): typeof newInnerApp =>
    () =>
      express().use(answer);

  it.each<[string, express.RequestHandler, string]>([
    ['no JSON', (_q, s) => void s.send('hello'), 'otherwise than it should'],
    ['another shape', (_q, s) => void s.json({ evaluated: 'x' }), 'otherwise than it should'],
    ['nothing', (_q, s) => void s.status(204).end(), 'nothing'],
    ['too much', (_q, s) => void s.end(Buffer.alloc(5_000_000, '1')), 'more than 4194304 bytes'],
    ['a refusal without a code', (_q, s) => void s.status(500).send('?'), 'a refusal that is none'],
    [
      'a code that nobody knows',
      (_q, s) => void s.status(418).json({ status: 418, code: 'TEAPOT', detail: 'short' }),
      'a refusal that is none',
    ],
    ['another address', (_q, s) => s.redirect('https://127.0.0.1:1/'), 'otherwise'],
  ])('with %s is named, and not believed', async (_, handler, what) => {
    const refusal = await refusalFrom(await open({ newInnerApp: answering(handler) }));
    expect(refusal.code).toBe('ANSWER_FALSE');
    expect(refusal.detail).toContain(`key server Cedar answered ${what}`);
  });

  it('is waited for as long as it says that it works, and no longer', async () => {
    const slow: KeyServer = {
      ...honest,
      async evaluate(_owner, _key, blinded) {
        await new Promise((resolve) => setTimeout(resolve, 900));
        return blinded.map(cedar.raw);
      },
    };
    const { keyServer } = await open({ keyServer: slow, silentMs: 400, aliveMs: 100 });
    expect(await keyServer.evaluate(ANNA, 'key', ELEMENTS)).toHaveLength(2);
    await stage?.close();
    const refusal = await refusalFrom(await open({ keyServer: slow, silentMs: 400 }));
    expect(refusal).toMatchObject({
      code: 'KEY_SERVER_UNREACHABLE',
      detail: 'key server Cedar does not answer: silent for 0.4 s',
    });
  });

  it('by no TLS at all is not spoken to', async () => {
    const opened = await open();
    await opened.stop();
    const plain = createServer((socket) => socket.on('error', () => undefined).end('HTTP/1.1 200'));
    plain.listen(Number(new URL(opened.url).port), '127.0.0.1');
    await once(plain, 'listening');
    expect((plain.address() as AddressInfo).port).toBe(Number(new URL(opened.url).port));
    expect((await refusalFrom(opened)).code).toBe('KEY_SERVER_UNREACHABLE');
    plain.close();
  });
});

describe('a part of a file from another organisation', () => {
  const SIZE = 300_000;
  const whole = manyBytes(SIZE, 7);
  /** Hands out what is asked for, until `fails` says otherwise. */
  const breaking = (fails: (at: number) => HoldfastError | undefined) => {
    const asked: number[] = [];
    const read: Provider['read'] = async (_file, _part, range) => {
      const { start, end } = range ?? { start: 0, end: SIZE };
      async function* bytes(): AsyncGenerator<Uint8Array> {
        asked.push(start);
        for (let at = start; at < end; at += 50_000) {
          const failure = fails(at);
          if (failure !== undefined) throw failure;
          yield whole.slice(at, Math.min(end, at + 50_000));
        }
      }
      return { size: SIZE, bytes: bytes() };
    };
    return { asked, provider: { providerId: 'Birch', read } as unknown as Provider };
  };
  const fetched = async ({ provider }: InnerStage) =>
    joined((await provider.read({ fileId: ANNA }, 'content')).bytes);

  it('that breaks off is asked for again from where it stood', async () => {
    let left = 1;
    const { provider, asked } = breaking((at) =>
      at === 150_000 && left-- > 0 ? new HoldfastError('INTERNAL', 'a disk') : undefined,
    );
    expect(equalBytes(await fetched(await open({ provider })), whole)).toBe(true);
    expect(asked).toEqual([0, 150_000]);
  });

  it('that is lost is said to be lost, as it would be here', async () => {
    const { provider } = breaking((at) =>
      at === 150_000 ? new HoldfastError('FILE_LOST', 'block 3 is lost') : undefined,
    );
    const refusal = await refusalOfAsync(fetched(await open({ provider })));
    expect(refusal).toMatchObject({ code: 'FILE_LOST', detail: 'block 3 is lost' });
  });

  it('is not begun before somebody reads it', async () => {
    const { provider, asked } = breaking(() => undefined);
    const { size } = await (await open({ provider })).provider.read({ fileId: ANNA }, 'content');
    expect([size, asked]).toEqual([SIZE, []]);
  });
});

describe('certificates', () => {
  const serialOf = (pem: string) => new X509Certificate(pem).serialNumber;

  it('are refused from the next call on where they are revoked, on either side', async () => {
    const revoked = new Set<string>();
    const opened = await open({ revoked });
    const { keyServer, held } = opened;
    await keyServer.evaluate(ANNA, 'key', ELEMENTS);
    revoked.add(serialOf(held.get('Alder/agent')?.cert ?? ''));
    opened.revokedMore();
    expect(await refusalFrom(opened)).toMatchObject({
      code: 'NOT_ALLOWED',
      detail: 'Alder has revoked the certificate',
    });
    held.set('Alder/agent', await (await authorities).certified('Alder', 'agent'));
    await keyServer.evaluate(ANNA, 'key', ELEMENTS);
    revoked.add(serialOf(held.get('Cedar/key-server')?.cert ?? ''));
    opened.revokedMore();
    expect(await refusalFrom(opened)).toMatchObject({
      code: 'KEY_SERVER_UNREACHABLE',
      detail: 'key server Cedar does not answer: Cedar has revoked the certificate',
    });
    held.set('Cedar/key-server', await (await authorities).certified('Cedar', 'key-server'));
    await keyServer.evaluate(ANNA, 'key', ELEMENTS);
  });

  it('that have ended are refused, on kept connections too', async () => {
    let nowMs = Date.now();
    const opened = await open({ nowMs: () => nowMs });
    await opened.keyServer.evaluate(ANNA, 'key', ELEMENTS);
    nowMs += 400 * 86_400_000;
    expect((await refusalFrom(opened)).detail).toContain('the certificate is for the time from');
  });
});

describe('a gate', () => {
  it('closes after three failures, tries once a while, and opens with an answer', () => {
    let now = 0;
    const code = 'STORAGE_UNREACHABLE';
    const gate = newGate({ title: 'provider Birch', code, most: 2, monotonicMs: () => now });
    const closed = () => refusalOf(() => gate.enter());
    for (let i = 0; i < 3; i++) gate.enter()(false);
    expect(closed()).toMatchObject({
      code,
      detail: 'provider Birch did not answer 3 times in a row',
    });
    now = 1_000;
    const trial = gate.enter();
    expect(closed().code).toBe(code); // one tries, the others are told at once
    trial(false);
    now = 2_999;
    expect(closed().code).toBe(code);
    now = 3_000;
    gate.enter()(true);
    const [one, two] = [gate.enter(), gate.enter()];
    expect(closed().detail).toBe('provider Birch has 2 calls to answer');
    one(true);
    one(true); // counts once
    const three = gate.enter();
    expect(closed().code).toBe(code);
    two(true);
    three(true);
  });

  it('never rests longer than eight seconds', () => {
    let now = 0;
    const gate = newGate({
      title: 'provider Birch',
      code: 'STORAGE_UNREACHABLE',
      most: 1,
      monotonicMs: () => now,
    });
    for (let i = 0; i < 20; i++) {
      gate.enter()(false);
      now += 8_000;
    }
    const last = gate.enter();
    expect(refusalOf(() => gate.enter()).detail).toContain('20 times in a row');
    last(true);
  });
});
