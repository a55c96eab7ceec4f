import { newGatewayStage, type GatewayStage } from '../support/gateway-stage.ts';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { organisationAccountId } from '@holdfast/protocol/ids.js';
import { base64url, hex } from '@holdfast/protocol/bytes.js';
import { accountAnswer, network, nodeList, problem } from '@holdfast/protocol/network-messages.js';
import { newCertificateRequest } from '../../client/src/certificate.ts';
import { newFabricLedger } from '../../gateway/src/ledger/fabric-ledger.ts';
import { signRequest } from '../../client/src/request-signature.ts';
import { newBareOwner, type BareOwner } from '../support/gateway-owner.ts';

let stage: GatewayStage;
let anna: BareOwner;
beforeAll(async () => {
  stage = await newGatewayStage();
  anna = await newBareOwner(stage.url(), 1);
}, 60_000);
afterAll(() => stage.close());

const get = async (path: string, init?: RequestInit) => {
  const answer = await fetch(`${stage.url()}${path}`, init);
  return { status: answer.status, body: (await answer.json()) as unknown };
};
const post = (path: string, body: string) =>
  get(path, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
const { signal } = new AbortController();
const agentSession = () => {
  const agent = { mspId: 'Alder', role: 'agent' } as const;
  return newFabricLedger(stage.link, agent).as(agent);
};

describe('a gateway of the embedded consortium', () => {
  it('is alive and ready', async () => {
    expect((await get('/healthz')).body).toEqual({ alive: true });
    expect(await get('/readyz')).toMatchObject({ status: 200, body: { ready: true, missing: [] } });
  });

  it('counts requests by route, not by path', async () => {
    const address = 'ab'.repeat(32);
    await get(`/v1/ledger/transactions/${address}`);
    const text = await (await fetch(`${stage.url()}/metrics`)).text();
    expect(text).toMatch(
      /duration_seconds_count\{.*route="\/v1\/ledger\/transactions\/:transactionId"/,
    );
    expect(text).not.toContain(address);
    expect(text).toContain('holdfast_node_free_bytes{node="birch-3"}');
  });

  it('says what to pin', async () => {
    const { body } = await get('/v1/network');
    expect(network.parse(body)).toMatchObject({ agent: 'Alder', development: true });
  });

  it('shows three nodes', async () => {
    const { items } = nodeList.parse((await get('/v1/nodes')).body);
    expect(items.map(({ node }) => node)).toEqual(['birch-1', 'birch-2', 'birch-3']);
  });

  it('has announced every role, with the names that the ledger lists', async () => {
    const { items } = await agentSession().evaluate('accounts:organisations', {}, signal);
    expect(items.map(({ mspId, role }) => `${mspId} ${role}`)).toEqual([
      'Alder delegate',
      'Alder key-server',
      'Birch provider',
      'Cedar delegate',
      'Cedar key-server',
    ]);
  });

  it('answers a path that it does not have with a problem document', async () => {
    const { status, body } = await get('/v1/nothing');
    expect(status).toBe(403);
    expect((await get('/nothing')).status).toBe(404);
    expect(problem.parse(body).code).toBe('NOT_ALLOWED');
  });
});

describe('an enrolment', () => {
  it('transfers four credit notes to a new owner, and nothing more at its renewal', async () => {
    const before = await agentSession().evaluate('accounts:purse', purseOfAgent(), signal);
    const csr = await newCertificateRequest(anna.key);
    const again = await post('/v1/accounts', JSON.stringify({ custody: 'owner', csr }));
    expect(again.status).toBe(201);
    const renewed = accountAnswer.parse(again.body);
    expect(renewed.ownerId).toBe(anna.ownerId);
    expect(renewed.certificate).not.toBe(anna.certificate);
    const { credits } = await agentSession().evaluate(
      'accounts:purse',
      { ownerId: anna.ownerId },
      signal,
    );
    expect(credits.items.map(({ amount }) => amount)).toEqual(['250', '250', '250', '250']);
    expect(renewed.credits.toSorted()).toEqual(credits.items.map(({ creditId }) => creditId));
    expect(await agentSession().evaluate('accounts:purse', purseOfAgent(), signal)).toEqual(before);
  });

  it('accepts requests under either certificate of the key', async () => {
    expect((await anna.json('GET', '/v1/files')).status).toBe(200);
  });

  const bodies: readonly [string, string, string | undefined][] = [
    ['no JSON', '{', undefined],
    ['no request', '{"custody":"owner"}', '/csr'],
    ['a custody that nobody offers', '{"custody":"bank","csr":"x"}', '/custody'],
    ['an account by name without one', '{"custody":"agent","password":"x"}', '/name'],
    ['what is no request', '{"custody":"owner","csr":"x"}', '/csr'],
    ['an unknown field', '{"custody":"owner","csr":"x","role":"operator"}', '/role'],
    [
      'a request that is too long',
      JSON.stringify({ custody: 'owner', csr: 'x'.repeat(8_193) }),
      '/csr',
    ],
  ];
  it.each(bodies)('refuses %s and names the field', async (_, body, pointer) => {
    const refusal = await post('/v1/accounts', body);
    expect(refusal.status).toBe(400);
    expect(problem.parse(refusal.body)).toMatchObject({ code: 'INPUT_INVALID' });
    expect(problem.parse(refusal.body).errors?.[0]?.pointer).toBe(pointer);
  });

  it('refuses a request whose signature does not hold', async () => {
    const csr = await newCertificateRequest(anna.key);
    const lines = csr.trim().split('\n');
    const der = Buffer.from(lines.slice(1, -1).join(''), 'base64');
    der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
    const forged = `${lines[0]}\n${der.toString('base64')}\n${lines.at(-1)}\n`;
    const refusal = await post('/v1/accounts', JSON.stringify({ custody: 'owner', csr: forged }));
    expect(problem.parse(refusal.body).errors?.[0]?.pointer).toBe('/csr');
  });
});

describe('evaluations', () => {
  const element = (fill: number) => base64url(new Uint8Array(384).fill(fill, 300));
  it('go to the key server that is named', async () => {
    const asked = { keyServer: 'Cedar', blinded: [element(1), element(2)] };
    const { status, body } = await anna.json('POST', '/v1/oprf', asked);
    expect(status).toBe(200);
    expect(body).toMatchObject({ keyServer: 'Cedar', evaluated: { length: 2 } });
  });

  it.each([
    [{ keyServer: 'Dogwood', blinded: [element(1)] }, 404, '/keyServer'],
    [{ keyServer: 'Cedar', blinded: [] }, 400, '/blinded'],
    [{ keyServer: 'Cedar', blinded: ['AAAA'] }, 400, '/blinded/0'],
    [{ keyServer: 'Cedar', blinded: [element(1), element(0)] }, 400, '/blinded/1'],
    [{ keyServer: 'Cedar', blinded: Array(65).fill(element(1)) }, 400, '/blinded'],
    [{ keyServer: 7, blinded: [element(1)] }, 400, '/keyServer'],
    [{ keyServer: 'Cedar', blinded: [element(1)], tau: 'x' }, 400, '/tau'],
  ])('refuse what is wrong with it: %#', async (asked, status, pointer) => {
    const refusal = await anna.json('POST', '/v1/oprf', asked);
    expect(refusal.status).toBe(status);
    expect(problem.parse(refusal.body).errors?.[0]?.pointer).toBe(pointer);
  });
});

describe('a request', () => {
  it('is refused unsigned', async () => {
    expect((await get('/v1/files')).status).toBe(403);
  });

  it('is refused where it was signed for another gateway, whatever its Host says', async () => {
    const headers = await signRequest(
      { method: 'GET', url: new URL('http://example.org/v1/files'), headers: {} },
      anna.key,
      Date.now(),
      (length) => crypto.getRandomValues(new Uint8Array(length)),
    );
    const { port } = new URL(stage.url());
    const statusOf = async (host: string): Promise<number | undefined> => {
      const sent = request({
        host: '127.0.0.1',
        port,
        path: '/v1/files',
        headers: { ...headers, host },
      });
      const [answer] = (await once(sent.end(), 'response')) as [IncomingMessage];
      answer.resume();
      return answer.statusCode;
    };
    expect(await statusOf('example.org')).toBe(403);
    expect(await statusOf(`127.0.0.1:${port}`)).toBe(403);
    expect((await anna.json('GET', '/v1/files')).status).toBe(200);
  });

  it('is refused where another body comes than was signed', async () => {
    const body = JSON.stringify({ keyServer: 'Cedar', blinded: [] });
    const refusal = await anna.send('POST', '/v1/oprf', { body, sent: body.replace('C', 'B') });
    expect(refusal.status).toBe(400);
    expect(problem.parse(await refusal.json()).errors?.[0]?.pointer).toBe('/Content-Digest');
  });

  it('is refused where it is too large, before it has been sent', async () => {
    const refusal = await anna.send('POST', '/v1/oprf', { body: 'x'.repeat(2_097_153) });
    expect(refusal.status).toBe(413);
    expect(problem.parse(await refusal.json()).code).toBe('TOO_LARGE');
  });
});

describe('a gateway that starts again', () => {
  it('does nothing twice', async () => {
    const session = agentSession();
    const before = {
      organisations: await session.evaluate('accounts:organisations', {}, signal),
      purse: await session.evaluate('accounts:purse', purseOfAgent(), signal),
    };
    await stage.stop();
    await stage.start();
    expect(await session.evaluate('accounts:organisations', {}, signal)).toEqual(
      before.organisations,
    );
    expect(await session.evaluate('accounts:purse', purseOfAgent(), signal)).toEqual(before.purse);
    expect((await get('/readyz')).status).toBe(200);
  });
});

const purseOfAgent = () => ({ ownerId: hex(organisationAccountId('Alder')) });
