import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { freePort } from '../../scripts/free-port.mjs';

const FREE_PORT = fileURLToPath(new URL('../../scripts/free-port.mjs', import.meta.url));
const CHOICES = 20;

describe('ports of what is started here', () => {
  it('differ between processes that choose at the same time, before anything listens', async () => {
    const chosen = await Promise.all([1, 2, 3].map(chosenByAProcess));
    expect(new Set(chosen.flat()).size).toBe(3 * CHOICES);
  });

  it('lie below those of outgoing connections, where one could take the place of a part that comes back', async () => {
    expect(await freePort()).toBeLessThan(32_768);
  });

  it('leave out those that something listens on', async () => {
    const server = createServer().listen(await freePort(), '127.0.0.1');
    await once(server, 'listening');
    const taken = (server.address() as { port: number }).port;
    const chosen: number[] = [];
    for (let i = 0; i < 60; i++) chosen.push(await freePort());
    server.close();
    expect(chosen).not.toContain(taken);
  });
});

async function chosenByAProcess(): Promise<number[]> {
  const program = `
    const { freePort } = await import(process.argv[1]);
    const ports = [];
    for (let i = 0; i < ${CHOICES}; i++) ports.push(await freePort());
    process.stdout.write(JSON.stringify(ports));`;
  const args = ['--input-type=module', '--eval', program, FREE_PORT];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as number[];
}
