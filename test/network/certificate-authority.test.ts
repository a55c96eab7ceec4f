import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRevocationList } from '../../gateway/src/identity/revocation-list.ts';
import { CaServer } from '../../network/devpeer/src/ca-server.ts';
import {
  CertificateAuthority,
  privateKeyPem,
} from '../../network/devpeer/src/certificate-authority.ts';
import { attributesOf } from '../../network/devpeer/src/enrolment.ts';
import { Organisations, serializeIdentity } from '../../network/devpeer/src/organisations.ts';
import { Register } from '../../network/devpeer/src/register.ts';
import { newSigner } from '../../network/devpeer/src/signature.ts';
import {
  callCa,
  certificateIn,
  enroll,
  newSigningRequest,
  type Registrar,
  token,
} from '../support/ca-client.ts';

describe('the development certificate authority', () => {
  let folder: string;
  let register: Register;
  let authorities: CertificateAuthority[];
  let organisations: Organisations;
  let server: CaServer;
  let alder: string;
  let agent: Registrar;

  const open = async (): Promise<void> => {
    register = await Register.open(folder);
    const isRevoked = (mspId: string, serial: string) => register.isRevoked(mspId, serial);
    organisations = new Organisations(authorities, isRevoked);
    server = await CaServer.listen(authorities, register, organisations, '127.0.0.1', 0);
    alder = `http://127.0.0.1:${server.port}/Alder`;
  };
  const close = async (): Promise<void> => {
    await server.close();
    await register.close();
  };
  const newRegistrar = async (
    authority: CertificateAuthority,
    role: string,
  ): Promise<Registrar> => {
    const { certificatePem, privateKey } = await authority.newCredentials(role, 'client', { role });
    return { cert: certificatePem, key: privateKeyPem(privateKey) };
  };
  const registerOwner = (id: string, extra: object = {}) =>
    callCa(
      alder,
      'register',
      {
        id,
        type: 'client',
        attrs: [
          { name: 'role', value: 'owner', ecert: true },
          { name: 'note', value: 'kept inside', ecert: false },
        ],
        ...extra,
      },
      agent,
    );
  const identityOf = (certificatePem: string) => serializeIdentity('Alder', certificatePem);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-ca-'));
    authorities = [
      await CertificateAuthority.create('Alder'),
      await CertificateAuthority.create('Birch'),
    ];
    const [first] = authorities;
    if (first === undefined) throw new Error('no authority');
    agent = await newRegistrar(first, 'agent');
    await open();
  });

  afterAll(async () => {
    await close();
    await rm(folder, { recursive: true, force: true });
  });

  it('registers, then certifies a key with the attributes that go into certificates', async () => {
    const registered = await registerOwner('ann');
    expect(registered).toMatchObject({ status: 200, success: true, errors: [] });
    const { csr, privateKey } = await newSigningRequest('ann');
    const enrolled = await enroll(alder, 'ann', String(registered.result['secret']), csr);
    expect(enrolled).toMatchObject({
      success: true,
      result: { ServerInfo: { CAName: 'ca.Alder' } },
    });
    const pem = certificateIn(enrolled);
    expect(attributesOf(pem)).toEqual({
      role: 'owner',
      'hf.EnrollmentID': 'ann',
      'hf.Type': 'client',
      'hf.Affiliation': '',
    });
    expect(new X509Certificate(pem).subject).toBe('CN=ann\nOU=client\nO=Alder');
    const message = Buffer.from('hello');
    const signature = newSigner(privateKey)(message);
    expect(organisations.verify(identityOf(pem), message, signature).mspId).toBe('Alder');
  });

  it('renews the certificate of a key that is enrolled again', async () => {
    await registerOwner('bob', { secret: 'pass' });
    const { csr } = await newSigningRequest('bob');
    const [first, second] = [
      new X509Certificate(certificateIn(await enroll(alder, 'bob', 'pass', csr))),
      new X509Certificate(certificateIn(await enroll(alder, 'bob', 'pass', csr))),
    ];
    expect(second.publicKey.equals(first.publicKey)).toBe(true);
    expect(second.serialNumber).not.toBe(first.serialNumber);
  });

  it('counts enrolments where a number was given', async () => {
    await registerOwner('once', { secret: 'pass', max_enrollments: 1 });
    const { csr } = await newSigningRequest('once');
    const answers = await Promise.all([1, 2].map(() => enroll(alder, 'once', 'pass', csr)));
    expect(answers.filter(({ success }) => success)).toHaveLength(1);
  });

  it('remembers identities and revocations over a restart', async () => {
    await registerOwner('cid', { secret: 'pass' });
    const { csr, privateKey } = await newSigningRequest('cid');
    const pem = certificateIn(await enroll(alder, 'cid', 'pass', csr));
    const serial = new X509Certificate(pem).serialNumber;
    const verify = () => {
      const message = Buffer.from('hello');
      return organisations.verify(identityOf(pem), message, newSigner(privateKey)(message));
    };
    expect(verify().units.has('client')).toBe(true);
    const revoked = await callCa(alder, 'revoke', { serial }, agent);
    expect(revoked.result['RevokedCerts']).toMatchObject([{ Serial: serial.toLowerCase() }]);
    expect(verify).toThrow('revoked');
    const list = Buffer.from(
      String((await callCa(alder, 'gencrl', {}, agent)).result['CRL']),
      'base64',
    ).toString();
    const { serialNumbers } = await readRevocationList(list, authorities[0]?.rootCertificate ?? '');
    expect([...serialNumbers]).toEqual([serial.toLowerCase()]);
    await close();
    await open();
    expect(verify).toThrow('revoked');
    expect(await enroll(alder, 'cid', 'pass', csr)).toMatchObject({ success: true });
  });

  it('says why it cannot be opened', async () => {
    await expect(Register.open(folder)).rejects.toThrow('is another ledger running on it?');
    const broken = await mkdtemp(join(tmpdir(), 'holdfast-ca-'));
    await writeFile(join(broken, 'CURRENT'), 'no manifest');
    await expect(Register.open(broken)).rejects.toThrow(`cannot open ${broken}: Corruption:`);
    await rm(broken, { recursive: true });
  });

  it('revokes all certificates of an identity, and enrols it no more', async () => {
    await registerOwner('dan', { secret: 'pass' });
    const { csr, privateKey } = await newSigningRequest('dan');
    const pems = [
      certificateIn(await enroll(alder, 'dan', 'pass', csr)),
      certificateIn(await enroll(alder, 'dan', 'pass', csr)),
    ];
    await callCa(alder, 'revoke', { id: 'dan' }, agent);
    for (const pem of pems) {
      const message = Buffer.from('hello');
      const signature = newSigner(privateKey)(message);
      expect(() => organisations.verify(identityOf(pem), message, signature)).toThrow('revoked');
    }
    expect(await enroll(alder, 'dan', 'pass', csr)).toMatchObject({ status: 401, success: false });
  });

  it('refuses what a registered identity may not do, or who cannot be one', async () => {
    await registerOwner('eve', { secret: 'pass' });
    const { csr, privateKey } = await newSigningRequest('eve');
    const cert = certificateIn(await enroll(alder, 'eve', 'pass', csr));
    const eve = { cert, key: privateKeyPem(privateKey) };
    const asEve = await callCa(alder, 'register', { id: 'x' }, eve);
    expect(asEve).toMatchObject({ status: 403, success: false, errors: [{ code: 71 }] });
    expect(await callCa(alder, 'revoke', { id: 'ann' }, eve)).toMatchObject({ status: 403 });
    expect(await callCa(alder, 'gencrl', {}, eve)).toMatchObject({ status: 403 });
    expect(await callCa(alder, 'register', { id: 'x' }, '')).toMatchObject({ status: 401 });
    for (const type of ['peer', 'admin']) {
      expect(await callCa(alder, 'register', { id: 'x', type }, agent)).toMatchObject({
        status: 403,
        errors: [{ code: 71 }],
      });
    }
    const other = authorities[1];
    if (other === undefined) throw new Error('no authority');
    const foreign = await callCa(
      alder,
      'register',
      { id: 'x' },
      await newRegistrar(other, 'agent'),
    );
    expect(foreign).toMatchObject({ status: 401, errors: [{ code: 20 }] });
  });

  it('binds a token to path and body', async () => {
    const call = (path: string, body: string) =>
      fetch(`http://127.0.0.1:${server.port}${path}`, {
        method: 'POST',
        body: JSON.stringify({ id: 'mallory' }),
        headers: { authorization: token(agent, 'POST', '/Alder/api/v1/register', body) },
      });
    const good = JSON.stringify({ id: 'mallory' });
    expect((await call('/Alder/api/v1/register', JSON.stringify({ id: 'ann' }))).status).toBe(401);
    expect((await call('/Alder/api/v1/revoke', good)).status).toBe(401);
    expect((await call('/Alder/api/v1/register', good)).status).toBe(200);
  });

  it('refuses a wrong secret and an unknown name alike', async () => {
    await registerOwner('fay', { secret: 'pass' });
    const { csr } = await newSigningRequest('fay');
    const wrong = await enroll(alder, 'fay', 'wrong', csr);
    expect(wrong).toMatchObject({ status: 401, errors: [{ code: 20 }] });
    expect(await enroll(alder, 'nobody', 'pass', csr)).toEqual(wrong);
    expect(await enroll(alder, 'nobody', '', csr)).toEqual(wrong);
  });

  it('tells that a name is taken', async () => {
    await registerOwner('gil');
    expect(await registerOwner('gil')).toMatchObject({ success: false, errors: [{ code: 74 }] });
  });

  it('refuses a request that names another than who enrols, as Fabric CA does', async () => {
    await registerOwner('gus', { secret: 'pass' });
    const { csr } = await newSigningRequest('owner');
    expect(await enroll(alder, 'gus', 'pass', csr)).toMatchObject({ status: 400 });
  });

  it('refuses a request whose signature is not that of its key', async () => {
    await registerOwner('hal', { secret: 'pass' });
    const { csr } = await newSigningRequest('hal');
    const der = Buffer.from(csr.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
    der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
    const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
    expect(await enroll(alder, 'hal', 'pass', forged)).toMatchObject({ status: 400 });
    expect(await enroll(alder, 'hal', 'pass', 'not a request')).toMatchObject({ status: 400 });
    expect(await enroll(alder, 'hal', 'pass', csr)).toMatchObject({ status: 200 });
  });

  it.each([
    ['an id with a slash', { id: 'a/b' }],
    ['no id', {}],
    ['a list', []],
    ['an attribute without a name', { id: 'x', attrs: [{ value: '1' }] }],
    ['an attribute of the authority', { id: 'x', attrs: [{ name: 'hf.Type', value: 'admin' }] }],
    ['a number for a name', { id: 7 }],
    ['a fraction of enrolments', { id: 'x', max_enrollments: 0.5 }],
  ])('refuses %s', async (_what, content) => {
    expect(await callCa(alder, 'register', content, agent)).toMatchObject({ status: 400 });
  });

  it.each(['/Alder/api/v1/cainfo', '/Nobody/api/v1/register', '/'])(
    'names what it serves where %s is asked for',
    async (path) => {
      const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method: 'POST' });
      expect(response.status).toBe(404);
      expect(await response.text()).toContain('register, enroll, revoke and gencrl');
    },
  );

  it('refuses a body of more than 64 KiB', async () => {
    const answer = await callCa(alder, 'register', { id: 'x', secret: 'x'.repeat(70_000) }, agent);
    expect(answer).toMatchObject({ status: 413, success: false });
  });
});
