/** A creator that holds two certificates, of which a careless contract and a peer each read another. */
import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type BornLedger, newBornLedger } from '../support/born-ledger.ts';
import type { TestIdentity } from '../support/memory-ledger.ts';
import type { TestOwner } from '../support/owner-of-files.ts';

let ledger: BornLedger;
let ann: TestOwner;
let eve: TestOwner;

beforeAll(async () => {
  ledger = await newBornLedger();
  ann = await ledger.openOwner('ann');
  eve = await ledger.openOwner('eve');
});
afterAll(() => ledger.close());

/** The victim's certificate, broken so that strict readers skip it, before the attacker's own; signed by the attacker. */
const behind = (victim: TestIdentity, attacker: TestIdentity): TestIdentity => ({
  ...attacker,
  certificatePem: `${victim.certificatePem.trimEnd().replace('CERTIFICATE-----\n', 'CERTIFICATE-----')}\n${attacker.certificatePem}`,
});

const serialOf = (pem: string): string => new X509Certificate(pem).serialNumber;

/** The control: how a contract would read it that takes the first thing which looks like a certificate. */
function firstIn(text: string): string {
  const body = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END/.exec(text)?.[1] ?? '';
  return new X509Certificate(Buffer.from(body, 'base64')).serialNumber;
}

describe('a creator with two certificates', () => {
  it('would be one person to the peer and another to a careless contract', () => {
    const { certificatePem } = behind(ann.identity, eve.identity);
    expect(serialOf(certificatePem)).toBe(serialOf(eve.identity.certificatePem));
    expect(firstIn(certificatePem)).toBe(serialOf(ann.identity.certificatePem));
  });

  it('passes the peer, which finds the signature good, and not the contract', async () => {
    const args = { to: eve.ownerId, amounts: ['1'], lane: 0 };
    const forged = behind(ann.identity, eve.identity);
    const before = new Map(ledger.state);
    const refusal = await ledger.refusal(forged, 'accounts:transfer', args);
    expect(refusal.message).toContain('INPUT_INVALID: creator: expected one X.509 certificate');
    expect(new Map(ledger.state)).toEqual(before);
  });

  it('gives nobody the role of an operator either', async () => {
    const operator = await ledger.as('Alder', 'operator');
    const args = { mspId: 'Alder', amounts: ['1000'] };
    const refusal = await ledger.refusal(
      behind(operator, eve.identity),
      'accounts:grantBudget',
      args,
    );
    expect(refusal.code).toBe('INPUT_INVALID');
  });
});
