import { describe, expect, it } from '@jest/globals';
import type { Config } from '@holdfast/protocol/consortium-records.js';
import { checkConfig, isAgreed } from '../../chaincode/src/configuration.ts';
import { CONFIG } from '../support/consortium.ts';
import { refusalOf } from '../support/refusal.ts';

const refused = (change: Partial<Config>, present?: Config) =>
  refusalOf(() => checkConfig({ ...CONFIG, ...change }, present));

describe('a configuration', () => {
  it('is one under which three organisations can work, or one alone', () => {
    checkConfig(CONFIG, undefined);
    const alone: Config = {
      ...CONFIG,
      organisations: [
        { mspId: 'Alder', roles: ['operator', 'provider', 'delegate', 'key-server', 'owner'] },
      ],
      genesisDelegates: ['Alder'],
      keyServers: ['Alder'],
    };
    expect(() => checkConfig(alone, undefined)).not.toThrow();
  });

  it('follows the one in force by number', () => {
    expect(refused({ version: 2 }).pointer).toBe('/config/version');
    expect(refused({ version: 1 }, CONFIG).pointer).toBe('/config/version');
    expect(refused({ version: 3 }, CONFIG).pointer).toBe('/config/version');
    expect(() => checkConfig({ ...CONFIG, version: 2 }, CONFIG)).not.toThrow();
  });

  it('names an organisation and a role of it once', () => {
    const [alder, birch, cedar] = CONFIG.organisations;
    if (!alder || !birch || !cedar) throw new Error('bug: three organisations');
    const twice = [alder, birch, cedar, alder];
    expect(refused({ organisations: twice }).pointer).toBe('/config/organisations');
    const doubled = [
      alder,
      { ...birch, roles: [...birch.roles, birch.roles[0] ?? 'owner'] },
      cedar,
    ];
    expect(refused({ organisations: doubled }).pointer).toBe('/config/organisations/1/roles');
  });

  it('leaves somebody who can change it', () => {
    const organisations = CONFIG.organisations.map(({ mspId, roles }) => ({
      mspId,
      roles: roles.filter((role) => role !== 'operator'),
    }));
    expect(refused({ organisations }).pointer).toBe('/config/organisations');
  });

  it('takes its delegates and key servers from organisations with that role', () => {
    expect(refused({ genesisDelegates: ['Alder', 'Birch'] }).pointer).toBe(
      '/config/genesisDelegates/1',
    );
    expect(refused({ genesisDelegates: ['Elm'] }).pointer).toBe('/config/genesisDelegates/0');
    expect(refused({ keyServers: ['Alder', 'Birch'] }).pointer).toBe('/config/keyServers/1');
    expect(refused({ keyServers: ['Alder', 'Alder'] }).pointer).toBe('/config/keyServers');
  });

  it('gives nobody two slots in a row, around the end of the list too', () => {
    expect(refused({ genesisDelegates: ['Alder', 'Alder'] }).pointer).toBe(
      '/config/genesisDelegates',
    );
    expect(refused({ genesisDelegates: ['Alder', 'Cedar', 'Alder'] }).pointer).toBe(
      '/config/genesisDelegates',
    );
  });

  it('asks no fee before payments exist', () => {
    for (const amount of ['feePerCall', 'auditReward', 'lateFee', 'missedSlotPenalty']) {
      expect(refused({ [amount]: '1' }).pointer).toBe(`/config/${amount}`);
    }
  });
});

describe('a vote', () => {
  it('takes effect when more than half of all organisations agree', () => {
    expect(isAgreed(['x'], 'x')).toBe(true);
    expect(isAgreed(['x', undefined], 'x')).toBe(false);
    expect(isAgreed(['x', 'x', undefined], 'x')).toBe(true);
    expect(isAgreed(['x', 'y', undefined], 'x')).toBe(false);
    expect(isAgreed(['x', 'x', 'y', 'y'], 'x')).toBe(false);
  });
});
