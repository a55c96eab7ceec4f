/** A room's README has a word for every file of the room, and names none that is not there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

describe('the README of a room', () => {
  // that of protocol is the specification, and has a test of its own
  it.each(['chaincode', 'gateway', 'client', 'network/devpeer'])('%s knows its files', (room) => {
    const text = readFileSync(`${room}/README.md`, 'utf8');
    const sources = readdirSync(`${room}/src`, { recursive: true, encoding: 'utf8' });
    const files = sources.filter((file) => file.endsWith('.ts'));
    const named = [...text.matchAll(/`([\w/-]+\.ts)`/g)].map(([, name = '']) => name);
    const isNamed = (file: string) =>
      named.some((name) => file === name || file.endsWith(`/${name}`));
    expect(files.length).toBeGreaterThan(10);
    expect(files.filter((file) => !isNamed(file))).toEqual([]);
    const isThere = (name: string) =>
      existsSync(name) ||
      [...files, ...readdirSync('protocol/src')].some((file) => `/${file}`.endsWith(`/${name}`));
    expect(named.filter((name) => !isThere(name))).toEqual([]);
  });
});
