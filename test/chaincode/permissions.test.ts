import { describe, expect, it } from '@jest/globals';
import { EVALUATE, SUBMIT, type Submit } from '@holdfast/protocol/ledger-transactions.js';
import type { Role } from '@holdfast/protocol/schema.js';
import { authorise, holdsRole } from '../../chaincode/src/permissions.ts';
import { CONFIG } from '../support/consortium.ts';
import { codeOf, refusalOf } from '../support/refusal.ts';

const ROLES: readonly Role[] = ['owner', 'agent', 'key-server', 'provider', 'delegate', 'operator'];
const everything = { ...CONFIG, organisations: [{ mspId: 'Alder', roles: [...ROLES] }] };
const submits = Object.keys(SUBMIT) as Submit[];

const rolesOf = (name: Submit): Role[] =>
  ROLES.filter((role) => {
    try {
      return authorise(name, everything, { mspId: 'Alder', role }) === role;
    } catch {
      return false;
    }
  });

describe('permissions', () => {
  it('open every submit to the roles of the design and no other', () => {
    expect(Object.fromEntries(submits.map((name) => [name, rolesOf(name).join(' ')]))).toEqual({
      'accounts:configure': 'operator',
      'accounts:announce': 'key-server provider delegate',
      'accounts:open': 'owner',
      'accounts:transfer': 'owner agent',
      'accounts:collect': 'owner agent',
      'accounts:grantBudget': 'operator',
      'files:register': 'owner',
      'files:place': 'provider',
      'files:ask': 'owner',
      'files:retire': 'owner',
      'beacons:tick': 'agent key-server provider delegate operator',
      'beacons:advance': ROLES.join(' '),
      'audits:answer': 'provider',
      'audits:concede': 'provider',
      'audits:miss': ROLES.join(' '),
    });
  });

  it('open what only reads to every role', () => {
    for (const name of Object.keys(EVALUATE) as (keyof typeof EVALUATE)[]) {
      for (const role of ROLES) {
        expect(authorise(name, everything, { mspId: 'Alder', role })).toBe(role);
      }
    }
  });

  it('refuse an organisation without the role, an unknown one, and a certificate without a role', () => {
    const refused = (mspId: string, role: string | null) =>
      codeOf(() => authorise('files:place', CONFIG, { mspId, role }));
    expect(authorise('files:place', CONFIG, { mspId: 'Birch', role: 'provider' })).toBe('provider');
    expect(refused('Alder', 'provider')).toBe('NOT_ALLOWED');
    expect(refused('Elm', 'provider')).toBe('NOT_ALLOWED');
    expect(refused('Birch', null)).toBe('NOT_ALLOWED');
    expect(refused('Birch', 'Provider')).toBe('NOT_ALLOWED');
    expect(refused('Birch', 'admin')).toBe('NOT_ALLOWED');
  });

  it('say who lacks which role, or what the role may not', () => {
    const sentence = (name: Submit, mspId: string, role: string | null) => {
      const { code, detail } = refusalOf(() => authorise(name, CONFIG, { mspId, role }));
      return `${code}: ${detail}`;
    };
    expect(sentence('files:place', 'Alder', 'provider')).toBe(
      'NOT_ALLOWED: Alder holds no role provider here',
    );
    expect(sentence('files:place', 'Birch', null)).toBe(
      'NOT_ALLOWED: Birch holds no role (none) here',
    );
    expect(sentence('files:place', 'Birch', 'owner')).toBe(
      'NOT_ALLOWED: files:place is not open to the role owner',
    );
  });
});

describe('a role', () => {
  it('is held by the organisations that the configuration grants it, and by no other', () => {
    const holders = (role: string) =>
      ['Alder', 'Birch', 'Cedar', 'Elm'].filter((mspId) => holdsRole(CONFIG, mspId, role));
    expect(holders('owner')).toEqual(['Alder', 'Birch', 'Cedar']);
    expect(holders('key-server')).toEqual(['Alder', 'Cedar']);
    expect(holders('provider')).toEqual(['Birch']);
    expect(holders('agent')).toEqual(['Alder']);
    expect(holders('admin')).toEqual([]);
    expect(holdsRole({ ...CONFIG, organisations: [] }, 'Alder', 'owner')).toBe(false);
  });
});
