/** Nodes that take a call and never answer it: what is asked of them ends, and nobody else waits for them. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { blockCid } from '@holdfast/protocol/file-cid.js';
import { sha256 } from '../../../gateway/src/storage/block-cid.ts';
import { PATIENCE, newStorageNode } from '../../../gateway/src/storage/driven-node.ts';
import { openEmbeddedNode } from '../../../gateway/src/storage/embedded-node.ts';
import { blockPath } from '../../../gateway/src/storage/flatfs.ts';
import { openKuboNode } from '../../../gateway/src/storage/kubo-node.ts';
import type { StorageNode } from '../../../gateway/src/storage/storage-node.ts';

const { signal } = new AbortController();
const bytes = Uint8Array.of(1, 2, 3);
const cid = blockCid(sha256(bytes));
const SHORT = { readMs: 60, writeMs: 60, pinMs: 60, statusMs: 60, silentMs: 0 };

async function listed(node: StorageNode): Promise<void> {
  for await (const _ of node.pins(signal));
}

const CALLS: readonly (readonly [name: string, call: (node: StorageNode) => Promise<unknown>])[] = [
  ['put', (node) => node.put(cid, bytes, signal)],
  ['get', (node) => node.get(cid, signal)],
  ['has', (node) => node.has(cid, signal)],
  ['remove', (node) => node.remove(cid, signal)],
  ['pin', (node) => node.pin(cid, signal)],
  ['unpin', (node) => node.unpin(cid, signal)],
  ['pins', listed],
];

/** What it came to within a time in which all should be over. */
const within = (ms: number, work: Promise<unknown>): Promise<unknown> =>
  Promise.race([
    work.then(
      () => 'done',
      (error: unknown) => error,
    ),
    new Promise((resolve) => setTimeout(resolve, ms, 'it hangs')),
  ]);

describe('a Kubo daemon that takes connections and never answers,', () => {
  let server: Server;
  let url: string;
  beforeEach(async () => {
    server = createServer((socket) => socket.on('error', () => undefined).resume());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => void server.close());

  const daemon = (patience = PATIENCE) =>
    openKuboNode({ name: 'birch-1', rpc: url, gateway: url }, patience);

  it.each(CALLS)('does not hold up %s', async (_, call) => {
    const outcome = await within(2_000, call(daemon(SHORT)));
    expect(outcome).toMatchObject({
      code: 'STORAGE_UNREACHABLE',
      detail: 'storage node birch-1 does not answer',
    });
  });

  it('holds a call up for as long as one has patience', async () => {
    const stopping = new AbortController();
    const call = daemon().get(cid, stopping.signal);
    expect(await within(200, call)).toBe('it hangs');
    stopping.abort();
    expect(await within(200, call)).toMatchObject({ name: 'AbortError' });
  });

  it('or answer without end: no more is read than a block can be', async () => {
    let sent = 0;
    server.removeAllListeners('connection').on('connection', (socket) => {
      const part = Buffer.alloc(65_536);
      socket.on('error', () => undefined).resume();
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const go = (): void => {
        while (!socket.destroyed && socket.write(part)) sent += part.length;
        sent += part.length;
      };
      socket.on('drain', go);
      go();
    });
    const outcome = await within(10_000, daemon().get(cid, signal));
    expect(outcome).toMatchObject({ code: 'STORAGE_UNREACHABLE' });
    expect(sent).toBeLessThan(16 * 1_048_576);
  });

  it('is down', async () => {
    expect(await daemon(SHORT).status(signal)).toEqual({ up: false, freeBytes: 0n });
  });
});

describe('a folder on a disk that hangs', () => {
  it('holds up nobody for ever', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'holdfast-silent-'));
    try {
      const folder = join(parent, 'node-1');
      const node = await openEmbeddedNode({ name: 'node-1', folder }, SHORT);
      await node.put(cid, bytes, signal);
      const file = join(folder, 'blocks', ...blockPath(cid));
      await rm(file);
      // opening a pipe for reading waits for somebody who writes
      execFileSync('mkfifo', [file]);
      const outcome = await within(2_000, node.get(cid, signal));
      await (await open(file, 'r+')).close();
      expect(outcome).toMatchObject({ code: 'STORAGE_UNREACHABLE' });
      expect(await readdir(join(folder, 'blocks'))).toContain('SHARDING');
    } finally {
      await rm(parent, { recursive: true, force: true });
    }
  });
});

describe('a node that has let a call wait in vain', () => {
  /** Answers nothing but how it is, until it is told to. */
  function hanging(silentMs: number) {
    let isHanging = true;
    let asked = 0;
    const answer = async <T>(value: T): Promise<T> => {
      asked++;
      return isHanging ? new Promise<never>(() => undefined) : value;
    };
    const driver = {
      name: 'birch-1',
      put: () => answer(undefined),
      get: () => answer(bytes),
      has: () => answer(true),
      remove: () => answer(undefined),
      keep: () => answer(undefined),
      unpin: () => answer(undefined),
      roots: () => answer([]),
      freeBytes: () => Promise.resolve(1n),
    };
    const node = newStorageNode(driver, { ...SHORT, silentMs });
    return { node, asked: () => asked, comeBack: () => (isHanging = false) };
  }

  it('is not asked again for a while, so that many calls wait for it once', async () => {
    const { node, asked } = hanging(60_000);
    const began = performance.now();
    for (let call = 0; call < 200; call++) {
      await expect(node.get(cid, signal)).rejects.toMatchObject({ code: 'STORAGE_UNREACHABLE' });
    }
    expect(asked()).toBe(1);
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  it('answers again after it', async () => {
    const { node, comeBack } = hanging(1);
    await expect(node.has(cid, signal)).rejects.toMatchObject({ code: 'STORAGE_UNREACHABLE' });
    comeBack();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await node.get(cid, signal)).toEqual(bytes);
  });
});
