/** Revocation lists of a real authority: what counts, and what must change nothing. */
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openRevocations } from '../../../gateway/src/identity/revocations.ts';
import { newLog } from '../../../gateway/src/log.ts';
import { CertificateAuthority } from '../../../network/devpeer/src/certificate-authority.ts';

let folder: string;
let alder: CertificateAuthority;
let other: CertificateAuthority;
let good: X509Certificate;
let bad: X509Certificate;
let path: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-revocations-'));
  alder = await CertificateAuthority.create('Alder');
  // the same name, another key
  other = await CertificateAuthority.create('Alder');
  const certified = async () =>
    new X509Certificate((await alder.newCredentials('one', 'client')).certificatePem);
  [good, bad] = [await certified(), await certified()];
});
afterAll(() => rm(folder, { recursive: true, force: true }));
let files = 0;
beforeEach(() => {
  path = join(folder, `${files++}.pem`);
});

const listOf = (...revoked: X509Certificate[]) =>
  alder.revocationList(revoked.map(({ serialNumber }) => serialNumber.toLowerCase()));
const opened = () =>
  openRevocations({
    organisations: [{ mspId: 'Alder', rootCert: alder.rootCertificate, crl: path }],
    log: newLog('silent'),
  });

describe('revocations', () => {
  it('are those of the list, of its own organisation', async () => {
    await writeFile(path, await listOf(bad));
    const revocations = await opened();
    expect(revocations.isRevoked('Alder', bad)).toBe(true);
    expect(revocations.isRevoked('Alder', good)).toBe(false);
    expect(revocations.isRevoked('Birch', bad)).toBe(false);
    expect(() => revocations.expectUnrevoked('Alder', bad)).toThrow(
      'NOT_ALLOWED: Alder has revoked the certificate',
    );
  });

  it('are none before there is a list, and taken up when it comes', async () => {
    const revocations = await opened();
    expect([revocations.isRevoked('Alder', bad), revocations.version()]).toEqual([false, 0]);
    await writeFile(path, await listOf(bad));
    await revocations.look();
    expect([revocations.isRevoked('Alder', bad), revocations.version()]).toEqual([true, 1]);
    await revocations.look();
    expect([revocations.version(), revocations.problems()]).toEqual([1, []]);
  });

  it.each<[string, () => Promise<string>, string]>([
    [
      'another authority of the same name has signed',
      async () => other.revocationList([]),
      'its authority has not signed it',
    ],
    ['is none', async () => 'no list', 'no revocation list'],
    ['was cut off', async () => (await listOf(bad)).slice(0, 120), 'no revocation list'],
  ])('stay when the list that comes %s, and it is said why', async (_, next, reason) => {
    await writeFile(path, await listOf(bad));
    const revocations = await opened();
    await writeFile(path, await next());
    await revocations.look();
    expect(revocations.isRevoked('Alder', bad)).toBe(true);
    expect(revocations.problems()).toEqual([expect.stringContaining(reason)]);
    await writeFile(path, await listOf(bad, good));
    await revocations.look();
    expect([revocations.isRevoked('Alder', good), revocations.problems()]).toEqual([true, []]);
  });

  it('stay when the file goes, or an older list is put back', async () => {
    const old = await listOf();
    await new Promise((resolve) => setTimeout(resolve, 1_100)); // lists are dated in seconds
    await writeFile(path, await listOf(bad));
    const revocations = await opened();
    await writeFile(path, old);
    await revocations.look();
    expect(revocations.isRevoked('Alder', bad)).toBe(true);
    expect(revocations.problems()).toEqual([
      'Alder: INPUT_INVALID: an older list than the one before',
    ]);
    await rm(path);
    await revocations.look();
    expect(revocations.isRevoked('Alder', bad)).toBe(true);
    expect(revocations.problems()).toEqual([expect.stringContaining('is gone')]);
  });

  it('say by when there should be another list', async () => {
    await writeFile(path, await listOf());
    const [[mspId, at] = ['', 0]] = (await opened()).nextBy();
    expect([mspId, at > Date.now()]).toEqual(['Alder', true]);
  });

  it('keep a gateway from starting on a list that is none', async () => {
    await writeFile(path, await other.revocationList([]));
    await expect(opened()).rejects.toThrow(
      'INPUT_INVALID: the revocation list of Alder: INPUT_INVALID: no revocation list: its authority has not signed it',
    );
  });
});
