/** Bad bodies and addresses at every route of a whole gateway: a problem document that names the field, and nothing changed. */
import {
  newBadInputStage,
  type BadInputStage,
  id,
  JSON_ROUTES,
  JSON_TYPE,
  OWNERS_ROUTES,
  PART,
  random,
} from '../support/bad-input-stage.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { base64url } from '@holdfast/protocol/bytes.js';
import { newProposal, serializeIdentity } from '../../client/src/ledger-proposal.ts';
import {
  exchangeRaw,
  pointerOf,
  refusalIn,
  withoutMembers,
  withWrongMembers,
} from '../support/bad-requests.ts';

let bad: BadInputStage;
beforeAll(async () => {
  bad = await newBadInputStage();
}, 120_000);
afterAll(() => bad.close());

beforeEach(() => bad.remember());
afterEach(() => bad.expectUnchanged());

describe.each(JSON_ROUTES)('POST %s', (route) => {
  it('refuses what is not a JSON object', async () => {
    for (const body of ['', '{', '{"a":1}{}', '\ufeff{}', '\0', '[[[['.repeat(50_000)]) {
      expect((await refusalIn(await bad.post(bad.at(route), body))).code).toBe('INPUT_INVALID');
    }
    for (const body of ['null', '[]', '"x"', '1e400', 'true']) {
      expect((await refusalIn(await bad.post(bad.at(route), body))).code).toBe('INPUT_INVALID');
    }
    const broken = { body: Uint8Array.of(0x22, 0xff, 0x22), headers: JSON_TYPE };
    const refusal = await refusalIn(await bad.anna.send('POST', bad.at(route), broken));
    expect(refusal).toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('refuses a field that it does not know, and names it', async () => {
    const sample = bad.sample(route);
    const surplus = await refusalIn(
      await bad.post(bad.at(route), JSON.stringify({ ...sample, 'a/~': 1 })),
    );
    expect([surplus.code, pointerOf(surplus)]).toEqual(['INPUT_INVALID', '/a~1~0']);
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const text = JSON.stringify(sample).replace('{', `{"${name}":{"x":1},`);
      const refusal = await refusalIn(await bad.post(bad.at(route), text));
      expect([name, refusal.code, pointerOf(refusal)]).toEqual([name, 'INPUT_INVALID', `/${name}`]);
    }
  });

  it('refuses a member of another kind wherever it stands, and names it', async () => {
    for (const wrong of [{ wrong: ['kind'] }, null, 1.5, 'ü'.repeat(10), -1, '\ud800', ['']]) {
      for (const [body, pointer] of withWrongMembers(bad.sample(route), wrong)) {
        const text = JSON.stringify(body);
        const refusal = await refusalIn(await bad.post(bad.at(route), text), text);
        const named = `${pointerOf(refusal)}/`.startsWith(`${pointer}/`);
        expect([text, refusal.code, pointerOf(refusal), named]).toEqual([
          text,
          expect.stringMatching(/^(INPUT_INVALID|NOT_FOUND)$/),
          expect.any(String),
          true,
        ]);
      }
    }
  });

  it('refuses a body without a field that it needs', async () => {
    for (const [body, pointer] of withoutMembers(bad.sample(route))) {
      if (route.endsWith('challenges')) continue; // both are optional
      const refusal = await refusalIn(await bad.post(bad.at(route), JSON.stringify(body)));
      expect([refusal.code, pointerOf(refusal)]).toEqual(['INPUT_INVALID', pointer]);
    }
  });

  it('refuses another content type, and an encoding', async () => {
    const text = JSON.stringify(bad.sample(route));
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'nonsense', '']) {
      const refusal = await refusalIn(
        await bad.post(bad.at(route), text, { 'content-type': type }),
      );
      expect([refusal.status, pointerOf(refusal)]).toEqual([415, '/Content-Type']);
    }
    const zipped = { ...JSON_TYPE, 'content-encoding': 'gzip' };
    const refusal = await refusalIn(await bad.post(bad.at(route), text, zipped));
    expect([refusal.status, pointerOf(refusal)]).toEqual([415, '/Content-Encoding']);
  });

  it('refuses a body that is too large as soon as it is announced', async () => {
    const body = new Uint8Array(2 * 1024 * 1024 + 1);
    const path = bad.at(route);
    const head = await bad.head({ method: 'POST', path, headers: JSON_TYPE, body });
    const answer = await exchangeRaw(bad.url, head);
    expect(answer).toMatch(/^HTTP\/1.1 413 [^]*"code":"TOO_LARGE"[^]*"\/Content-Length"/);
  });
});

describe('a route', () => {
  it('has no other methods than its own', async () => {
    const all: typeof OWNERS_ROUTES = [
      ...JSON_ROUTES.map((r) => [r, ['POST']] as const),
      ...OWNERS_ROUTES,
    ];
    for (const [path, methods] of all) {
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND']) {
        const isListed = path === '/v1/uploads/UPLOAD' || path === '/v1/files';
        if (methods.includes(method) || (method === 'GET' && isListed)) continue;
        const expected = refusedAs(method, path, methods);
        expect([method, path, ...(await refusal(method, path, methods))]).toEqual([
          method,
          path,
          ...expected,
        ]);
      }
    }
  });
});

/** Status, pointer, and those of the route's own methods and of this one that it says are allowed. */
async function refusal(method: string, path: string, own: readonly string[]) {
  const request = ['GET', 'DELETE', 'PROPFIND'].includes(method) ? {} : { body: '{}' };
  const answer = await bad.anna.send(method, bad.at(path), request);
  const allowed = answer.headers.get('allow')?.split(', ');
  const { status, errors } = await refusalIn(answer);
  const named = allowed?.filter((each) => own.includes(each) || each === method);
  return [status, errors?.[0]?.pointer, named];
}

/** An owner whose keys the agent keeps has two methods more. */
function refusedAs(method: string, path: string, own: readonly string[]) {
  const isElsewhere = path === '/v1/files/FILE' && ['PUT', 'DELETE'].includes(method);
  return isElsewhere ? [403, undefined, undefined] : [405, '/method', own.toSorted()];
}

describe('an address', () => {
  const ODD = [
    '..%2f..%2fowner',
    '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
    '..%5c..%5c',
    '%00',
    `${id}%00`,
    `${id}/`.replace('/', '%2F'),
    id.toUpperCase(),
    id.slice(1),
    `${id}0`,
    '-1',
    '9007199254740993',
    '__proto__',
    '%F0%9F%98%80',
    'x'.repeat(4096),
    "'%20or%20'1'%3D'1",
    '%7B%22a%22%3A1%7D',
    '*',
  ];
  it('names nothing but ids: no path, no other spelling', async () => {
    for (const [path, [method = 'GET']] of OWNERS_ROUTES) {
      if (!/FILE|UPLOAD|tag-keys/.test(path)) continue;
      for (const odd of ODD) {
        const address = path.replace('UPLOAD', odd).replace('FILE', odd).replace(id, odd);
        const request = method === 'GET' || method === 'DELETE' ? {} : { body: 'x' };
        const refusal = await refusalIn(
          await bad.anna.send(method, address, { ...request, headers: PART }),
        );
        const named = [
          refusal.status,
          pointerOf(refusal)?.replace(/(file|upload|tagKey)Id|file/, 'id'),
        ];
        expect([
          [400, '/id'],
          [404, undefined],
        ]).toContainEqual(named);
      }
    }
  });

  it('of the ledger likewise, for anybody', async () => {
    const lists = { transactions: 'transactionId', blocks: 'number' };
    for (const odd of ODD) {
      for (const [list, name] of Object.entries(lists)) {
        const refusal = await refusalIn(await fetch(`${bad.url}/v1/ledger/${list}/${odd}`));
        expect([
          [400, `/${name}`],
          [404, undefined],
        ]).toContainEqual([refusal.status, pointerOf(refusal)]);
      }
    }
  });

  const LISTS = [
    '/v1/files',
    '/v1/files/FILE/audits',
    '/v1/files/FILE/blocks',
    '/v1/alerts',
    '/v1/nodes',
  ];
  it('has a query with known fields only, each once', async () => {
    const queries = ['limit=x', 'limit=1&limit=2', 'limit[]=1', 'cursor=%00', 'x=1'];
    for (const query of [...queries, '__proto__=1', `cursor=${'x'.repeat(600)}`, 'cursor=']) {
      for (const path of LISTS) {
        const field = query.split(/[=[]/)[0] ?? '';
        const answer = await bad.anna.send('GET', `${bad.at(path)}?${query}`);
        const refusal = await refusalIn(answer, `${path}?${query}`);
        expect([path, query, refusal.code, pointerOf(refusal)?.replace('[]', '')]).toEqual([
          path,
          query,
          'INPUT_INVALID',
          `/${field}`,
        ]);
      }
    }
  });
});

describe('certificate requests that are none', () => {
  it('are refused, whatever they are', async () => {
    const { privateKey, publicKey } = await crypto.subtle.generateKey(
      { name: 'ECDSA', namedCurve: 'P-384' },
      true,
      ['sign', 'verify'],
    );
    const spki = Buffer.from(await crypto.subtle.exportKey('spki', publicKey)).toString('base64');
    const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', privateKey)).toString(
      'base64',
    );
    const block = (name: string, text: string) =>
      `-----BEGIN ${name}-----\n${text}\n-----END ${name}-----\n`;
    for (const csr of [
      bad.ben.certificate,
      block('CERTIFICATE REQUEST', ''),
      block('CERTIFICATE REQUEST', 'MAA='),
      block('CERTIFICATE REQUEST', 'MIIBAA=='),
      block('CERTIFICATE REQUEST', spki),
      block('PRIVATE KEY', pkcs8),
      'MAA=',
      '\0',
      'ü'.repeat(100),
    ]) {
      const refusal = await refusalIn(
        await bad.post('/v1/accounts', JSON.stringify({ custody: 'owner', csr })),
      );
      expect([csr.slice(0, 30), refusal.code, pointerOf(refusal)]).toEqual([
        csr.slice(0, 30),
        'INPUT_INVALID',
        '/csr',
      ]);
    }
  });
});

describe('a relayed proposal', () => {
  it('to call what is not there is the fault of who signed it', async () => {
    const { channel, chaincode } = bad.stage.link;
    const creator = serializeIdentity('Alder', bad.ben.certificate);
    for (const name of ['x:y', 'nobody', 'files:steal', '']) {
      const read = { function: name as 'files:get', args: { fileId: id }, nowMs: Date.now() };
      const proposal = await newProposal({ channel, chaincode, creator, random, ...read });
      const signature = base64url(await bad.ben.key.signDer(proposal.bytes));
      const body = JSON.stringify({ proposal: base64url(proposal.bytes), signature });
      const refusal = await refusalIn(await bad.ben.send('POST', '/v1/ledger/proposals', { body }));
      expect([name, refusal.code]).toEqual([name, 'INPUT_INVALID']);
    }
  });

  it('has one spelling', async () => {
    for (const [field, other] of [
      ['proposal', 'signature'],
      ['signature', 'proposal'],
    ] as const) {
      for (const odd of ['A', '__proto__', 'AB', 'AA==', '+/']) {
        const body = JSON.stringify({ [field]: odd, [other]: 'AA' });
        const refusal = await refusalIn(await bad.post('/v1/ledger/proposals', body));
        expect([odd, refusal.code, pointerOf(refusal)]).toEqual([
          odd,
          'INPUT_INVALID',
          `/${field}`,
        ]);
      }
    }
  });
});
