/** Calls between gateways: what is made of answers that are false, late or none, and of certificates that change. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { X509Certificate } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { base64url, integer } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { parse } from '@holdfast/protocol/schema.js';
import { combinationWanted } from '../../../gateway/src/between/calls.ts';
import type { newInnerApp } from '../../../gateway/src/between/inner-door.ts';
import { serverNameOf } from '../../../gateway/src/between/names.ts';
import type { KeyServer } from '../../../gateway/src/roles.ts';
import {
  newAuthorities,
  newInnerStage,
  type InnerStage,
  type InnerStageParts,
} from '../../support/inner-door.ts';
import { newKeyServer, testKeyServers } from '../../support/key-server.ts';
import { refusalOf, refusalOfAsync } from '../../support/refusal.ts';
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
    const { keyServer } = await open({ keyServer: slow, waits: { silentMs: 400 }, aliveMs: 100 });
    expect(await keyServer.evaluate(ANNA, 'key', ELEMENTS)).toHaveLength(2);
    await stage?.close();
    const refusal = await refusalFrom(await open({ keyServer: slow, waits: { silentMs: 400 } }));
    expect(refusal).toMatchObject({
      code: 'KEY_SERVER_UNREACHABLE',
      detail: 'key server Cedar does not answer: silent for 0.4 s',
    });
    await stage?.close();
    const waits = { silentMs: 5_000, longestMs: 700 };
    const lively = await open({ keyServer: slow, waits, aliveMs: 100 });
    expect((await refusalFrom(lively)).detail).toBe(
      'key server Cedar does not answer: busy for 0.7 s',
    );
  });

  it('with an answer that stops in the middle is left', async () => {
    const opened = await open({
      newInnerApp: answering((_q, s) => void s.write('{"evaluated":')),
      waits: { silentMs: 1_000 },
    });
    expect(await refusalFrom(opened)).toMatchObject({
      code: 'KEY_SERVER_UNREACHABLE',
      detail: expect.stringContaining('the body does not come, or comes too slowly'),
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

describe('what a provider is asked to combine', () => {
  const refused = (uids: readonly number[], coefficients: readonly bigint[]) => {
    const written = coefficients.map((each) => base64url(integer(each, 32)));
    const wanted = { node: 'birch-1', uids, coefficients: written };
    return refusalOf(() => parse(combinationWanted, wanted, 'it'));
  };

  it('is weighed by one number below 2^128 for each block, or refused naming the field', () => {
    const most = 2n ** 128n - 1n;
    expect(refused([0, 1], [most, most + 1n])).toMatchObject({ pointer: '/coefficients/1' });
    expect(refused([0], [2n ** 255n])).toMatchObject({ pointer: '/coefficients/0' });
    expect(refused([0, 1], [most])).toMatchObject({ pointer: '/coefficients' });
    expect(refused([0], [most, most])).toMatchObject({ pointer: '/coefficients' });
    expect(() => refused([0, 1], [0n, most])).toThrow('nothing was refused');
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

  it('are asked for, and whoever shows none keeps no connection', async () => {
    const { url } = await open();
    const servername = serverNameOf({ mspId: 'Cedar', role: 'key-server' });
    const agent = new Agent({ keepAlive: true, rejectUnauthorized: false, servername });
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const asked = request(`${url}/v1/roles`, { agent });
      asked.once('response', resolve).once('error', reject).end();
    });
    expect([answer.statusCode, answer.headers.connection]).toEqual([403, 'close']);
    answer.resume();
    await once(answer, 'end');
    agent.destroy();
  });

  it('that have ended are refused, on kept connections too', async () => {
    let nowMs = Date.now();
    const opened = await open({ nowMs: () => nowMs });
    await opened.keyServer.evaluate(ANNA, 'key', ELEMENTS);
    nowMs += 400 * 86_400_000;
    expect((await refusalFrom(opened)).detail).toContain('the certificate is for the time from');
  });
});
