/** A certificate authority that refuses, answers nonsense, or does not answer. */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { certify } from '../../gateway/src/enrolment/certificate-authority.ts';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const enrolment = { id: 'owner-1', secret: 'secret', role: 'owner', csr: 'a request' } as const;

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  if (server?.listening === true) await once(server.close(), 'close');
});

/** Asks an authority that answers one request after the other, and tells what it was asked. */
async function ask(...answers: readonly (object | string)[]) {
  const asked: { path: string; authorization: string }[] = [];
  server = createServer((request, response) => {
    const { url = '', headers } = request;
    const answer = answers[asked.length];
    asked.push({ path: url, authorization: headers.authorization ?? '' });
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const caUrl = `http://127.0.0.1:${port}/Alder/`;
  const registrar = { caUrl, tlsRootCert: null, cert: 'a certificate', key };
  return { asked, certificate: () => certify(registrar, enrolment) };
}

const done = { success: true, result: {} };
const refused = (code: number, message: string) => ({
  success: false,
  result: null,
  errors: [{ code, message }],
});
const issued = { success: true, result: { Cert: Buffer.from('PEM').toString('base64') } };

describe('a certificate', () => {
  it('is asked for with the registrar’s token, then with the owner’s secret', async () => {
    const { asked, certificate } = await ask(done, issued);
    expect(await certificate()).toBe('PEM');
    expect(asked.map(({ path }) => path)).toEqual([
      '/Alder/api/v1/register',
      '/Alder/api/v1/enroll',
    ]);
    expect(asked[0]?.authorization).toMatch(/^[A-Za-z0-9+/=]+\.[A-Za-z0-9+/=]+$/);
    expect(asked[1]?.authorization).toBe(
      `Basic ${Buffer.from('owner-1:secret').toString('base64')}`,
    );
  });

  it('is renewed for an identity that is registered already', async () => {
    const { certificate } = await ask(refused(74, 'already registered'), issued);
    expect(await certificate()).toBe('PEM');
  });

  it('is not had where the authority does not register', async () => {
    const { certificate } = await ask(refused(71, 'not a registrar'));
    await expect(certificate()).rejects.toMatchObject({
      code: 'INTERNAL',
      detail: 'the authority does not register: not a registrar',
    });
  });

  it.each([
    [refused(9002, 'bad request'), 'bad request'],
    [{ success: false, result: null, errors: [] }, 'no reason given'],
    [{ success: false, result: null, errors: null }, 'no reason given'],
  ])('is refused with the authority’s reason: %#', async (answer, reason) => {
    const { certificate } = await ask(done, answer);
    await expect(certificate()).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      pointer: '/csr',
      detail: `the authority refuses the request: ${reason}`,
    });
  });

  it('is none that the authority does not give', async () => {
    const { certificate } = await ask(done, done);
    await expect(certificate()).rejects.toMatchObject({
      code: 'LEDGER_UNREACHABLE',
      detail: 'the certificate authority gives no certificate',
    });
  });

  it.each(['<html>', '{"success":"yes"}', ''])('takes %j for no answer', async (answer) => {
    const { certificate } = await ask(answer);
    await expect(certificate()).rejects.toMatchObject({
      code: 'LEDGER_UNREACHABLE',
      detail: 'the certificate authority does not answer',
    });
  });
});
