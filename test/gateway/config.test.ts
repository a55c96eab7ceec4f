import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { LIMITS } from '../../gateway/src/limits.ts';
import { ConfigError, readConfig } from '../../gateway/src/config.ts';

const NEEDED = { LEDGER_CONNECTION: 'connection.json' };

function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('the configuration', () => {
  it('needs no more than the connection file of a network', () => {
    expect(readConfig(NEEDED)).toEqual({
      port: 7070,
      host: '127.0.0.1',
      publicOrigin: undefined,
      dataFolder: resolve('.holdfast'),
      roles: ['agent', 'key-server', 'provider', 'auditor'],
      connection: resolve('connection.json'),
      storage: { driver: 'embedded' },
      logLevel: 'info',
      limits: LIMITS,
    });
  });

  it('takes an empty variable for an absent one', () => {
    expect(readConfig({ ...NEEDED, PORT: '', ROLES: '' }).port).toBe(7070);
  });

  it('reports every problem at once, with its meaning and what came', () => {
    const problems = problemsOf({ PORT: 'seven', ROLES: 'agent,spy', STORAGE_DRIVER: 'tape' });
    expect(problems).toHaveLength(4);
    expect(problems.join('\n')).toMatch(/^PORT: the port to listen on.*; got seven$/m);
    expect(problems.join('\n')).toMatch(/^ROLES: the roles to play.*; got agent,spy$/m);
    expect(problems.join('\n')).toMatch(/^STORAGE_DRIVER: .*; got tape$/m);
    expect(problems.join('\n')).toMatch(/^LEDGER_CONNECTION: the connection file.*; got nothing$/m);
  });

  it.each(['-1', '65536', '70.5', '0x50', ' ', '7e3'])('refuses the port %j', (port) => {
    expect(problemsOf({ ...NEEDED, PORT: port })).toHaveLength(1);
  });

  it('refuses a role that stands twice', () => {
    expect(problemsOf({ ...NEEDED, ROLES: 'agent,agent' })).toHaveLength(1);
  });

  it('asks where the nodes are that are not folders of its own', () => {
    const elsewhere = { ...NEEDED, STORAGE_DRIVER: 'cluster' };
    expect(problemsOf(elsewhere)[0]).toMatch(/^STORAGE_CONNECTION: .*; got nothing$/);
    const told = readConfig({ ...elsewhere, STORAGE_CONNECTION: 'nodes.json' });
    expect(told.storage).toEqual({ driver: 'cluster', connection: resolve('nodes.json') });
  });

  it('answers other gateways where it is told to, on loopback unless told otherwise', () => {
    expect(readConfig({ ...NEEDED, INNER_PORT: '7071' }).inner).toEqual({
      host: '127.0.0.1',
      port: 7071,
    });
    expect(problemsOf({ ...NEEDED, INNER_PORT: '70000' })[0]).toMatch(/^INNER_PORT: the port on/);
  });

  it('asks for the public address where it listens to more than loopback', () => {
    expect(problemsOf({ ...NEEDED, HOST: '0.0.0.0' })[0]).toMatch(/^PUBLIC_URL: /);
    const open = { ...NEEDED, HOST: '0.0.0.0', PUBLIC_URL: 'https://holdfast.example/v1' };
    expect(readConfig(open).publicOrigin).toBe('https://holdfast.example');
  });
});
