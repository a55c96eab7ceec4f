/** A key that was stolen, and whose certificate its authority has taken back. */
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newSigningKey } from '../../client/src/signing-key.ts';
import { signRequest } from '../../client/src/request-signature.ts';
import * as owners from '../../gateway/src/enrolment/owners.ts';
import { openNonces } from '../../gateway/src/http/nonces.ts';
import { newSignatureAuth, type Signatory } from '../../gateway/src/http/signature-auth.ts';
import { openRevocations } from '../../gateway/src/identity/revocations.ts';
import type { LedgerSession } from '../../gateway/src/ledger/ledger.ts';
import { newLog } from '../../gateway/src/log.ts';
import { CertificateAuthority } from '../../network/devpeer/src/certificate-authority.ts';
import { attack, failure, success } from '../support/attack.ts';
import { variantOf } from '../support/attack-variant.ts';
import { newTable } from '../support/table.ts';

const URL_OF = 'http://localhost:7070/v1/files';
const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));

attack({
  id: 'T01',
  attack: 'a request signed with a key whose certificate is revoked',
  defence: 'the revocation list of the authority, at every request',
  defended: () => owners,
  undefended: () =>
    variantOf<typeof owners>('gateway/src/enrolment/owners.ts', {
      file: 'gateway/src/enrolment/owners.ts',
      from: 'revocations.expectUnrevoked(known.signatory.mspId, known.certificate);',
      to: '',
    }),
  async run({ newOwners }) {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-revoked-'));
    try {
      const authority = await CertificateAuthority.create('Alder');
      const key = await newSigningKey(random(32));
      const certificate = await authority.issue({
        name: key.keyId,
        unit: 'client',
        publicKey: key.spki,
        attributes: { role: 'owner' },
      });
      const crl = join(folder, 'crl.pem');
      await writeFile(crl, await authority.revocationList([]));
      const revocations = await openRevocations({
        organisations: [{ mspId: 'Alder', rootCert: authority.rootCertificate, crl }],
        log: newLog('silent'),
      });
      const enrolled = newTable<Signatory>();
      await enrolled.put(key.keyId, { ownerId: 'ab'.repeat(32), mspId: 'Alder', certificate });
      // whoever is enrolled is not looked up on the ledger
      const agent = {} as LedgerSession;
      const known = newOwners({ agent, enrolled, revocations, nowMs: Date.now });
      const signatoryOf = (keyId: string) => known.signatoryOf(keyId);
      const monotonicMs = () => 60_000;
      const nonces = await openNonces({ table: newTable<number>(), nowMs: Date.now, monotonicMs });
      const authenticate = newSignatureAuth({ signatoryOf, nonces, nowMs: Date.now });
      const request = async () => {
        const unsigned = { method: 'GET', url: new URL(URL_OF), headers: {} };
        const signed = await signRequest(unsigned, key, Date.now(), random);
        const headers = Object.fromEntries(
          Object.entries(signed).map(([name, value]) => [name.toLowerCase(), value]),
        );
        return authenticate({ method: 'GET', url: URL_OF, headers, hasBody: false });
      };
      await nonces.begun();
      // before its certificate is revoked, it is whose it is; the gateway remembers that
      await request();
      const { serialNumber } = new X509Certificate(certificate);
      await writeFile(crl, await authority.revocationList([serialNumber.toLowerCase()]));
      await revocations.look();
      return await request().then(
        () => success('taken for its owner'),
        (error: Error) => failure(error.message),
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
});
