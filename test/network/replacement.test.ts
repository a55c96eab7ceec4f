/**
 * A storage node's repository is removed where that loses nothing, or where somebody insists. Nodes and peers of the Cluster
 * are stood in for, with answers as theirs are; faults-on-fabric.test.ts does it with the real ones.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { replaceNode } from '../../network/ipfs/replacement.mjs';
import type { IpfsNode, Network } from '../../network/network.mjs';

type State = 'pinned' | 'pin_error' | 'cluster_error' | 'remote';
type Pins = Readonly<Record<string, readonly [State, State, State]>>;
type Answer = (path: string, response: ServerResponse) => void;

const PEERS = ['peer-1', 'peer-2', 'peer-3'];
const NOBODY = 'http://127.0.0.1:9';

let folder: string;
let repository: string;
let servers: Server[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-replacement-'));
  repository = join(folder, 'kubo-2');
  await mkdir(repository);
  await writeFile(join(repository, 'block'), new Uint8Array(3_000_000));
  servers = [];
});
afterEach(async () => {
  for (const server of servers) server.closeAllConnections();
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  await rm(folder, { recursive: true, force: true });
});

async function serve(answer: Answer): Promise<number> {
  const server = createServer((request, response) => answer(request.url ?? '', response));
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

/** As IPFS Cluster lists: a line each, and behind them what went wrong. */
function list(response: ServerResponse, items: readonly object[], problem = ''): void {
  if (items.length === 0) return void response.writeHead(204).end();
  response.writeHead(200, { trailer: 'X-Stream-Error' });
  response.write(items.map((item) => `${JSON.stringify(item)}\n`).join(''));
  response.addTrailers({ 'X-Stream-Error': problem });
  response.end();
}

/** A peer that knows these pins, and who has them. */
const peerWith =
  (pins: Pins): Answer =>
  (path, response) => {
    const roots = Object.entries(pins);
    if (path.startsWith('/allocations')) {
      return list(
        response,
        roots.map(([cid]) => ({ cid })),
      );
    }
    return list(
      response,
      roots.map(([cid, states]) => ({
        cid,
        peer_map: Object.fromEntries(PEERS.map((peer, i) => [peer, { status: states[i] }])),
      })),
    );
  };

/** Nodes of which the second is to be replaced; the Cluster's peers answer so. */
async function network(peers: readonly (Answer | undefined)[], rpc = 9) {
  const addresses = await Promise.all(
    PEERS.map(async (clusterPeer, i) => {
      const answer = peers[i];
      const cluster = answer === undefined ? NOBODY : `http://127.0.0.1:${await serve(answer)}`;
      return { name: `birch-${i + 1}`, cluster, clusterPeer, login: 'gateway', password: 'x' };
    }),
  );
  const connection = join(folder, 'nodes.json');
  await writeFile(connection, JSON.stringify(addresses));
  const nodes = addresses.map(({ name }, i) => ({
    name,
    kubo: `kubo-${i + 1}`,
    cluster: `cluster-${i + 1}`,
    rpc,
    repository: join(folder, `kubo-${i + 1}`),
  }));
  await mkdir(join(folder, 'kubo-1'), { recursive: true });
  await writeFile(join(folder, 'kubo-1', 'swarm.key'), '');
  const node = nodes[1] as IpfsNode;
  // an engine that is not there: whoever comes so far has removed the repository
  const net = { folder, connection, nodes, ipfs: join(folder, 'no-engine') } as Network['ipfs'];
  return { net, node };
}

/** What it says, and whether the repository is gone. */
async function replaced(
  { net, node }: Awaited<ReturnType<typeof network>>,
  isForced = false,
): Promise<{ readonly said: string; readonly isGone: boolean }> {
  const said: string[] = [];
  const problem = await replaceNode(net, node, isForced, (line) => said.push(line)).then(
    () => '',
    (error: unknown) => (error as Error).message,
  );
  return { said: [...said, problem].join('\n'), isGone: !existsSync(join(repository, 'block')) };
}

const ELSEWHERE: Pins = {
  bafya: ['pinned', 'pinned', 'pinned'],
  bafyb: ['remote', 'cluster_error', 'pinned'],
};
const HERE_ALONE: Pins = { ...ELSEWHERE, bafyc: ['pin_error', 'pinned', 'cluster_error'] };
const version: Answer = (_path, response) => void response.end('{"Version":"0.39.0"}');

describe('a repository', () => {
  it('is removed where its node is gone and others have all that is pinned, once it is said what goes', async () => {
    const peer = peerWith(ELSEWHERE);
    const { said, isGone } = await replaced(await network([peer, peer, peer]));
    expect(said).toContain(`${repository}: 1 files, 3 MiB, to be removed`);
    expect(said).toContain('no-engine is not there');
    expect(isGone).toBe(true);
  });

  it('stays where its node runs and answers, and goes where somebody insists', async () => {
    const peer = peerWith(ELSEWHERE);
    const at = await network([peer, peer, peer], await serve(version));
    const { said, isGone } = await replaced(at);
    expect(said).toContain('birch-2 runs and answers.');
    expect(said).toContain('npm run network -- stop kubo-2');
    expect(said).toContain('Nothing was removed.');
    expect(said).toContain('npm run network -- replace birch-2 --force');
    expect(isGone).toBe(false);
    expect(await replaced(at, true)).toMatchObject({ isGone: true });
  });

  it('stays where it is the only one that has a pin, which is named, and goes where somebody insists', async () => {
    const peer = peerWith(HERE_ALONE);
    const at = await network([peer, peer, peer]);
    const { said, isGone } = await replaced(at);
    expect(said).toContain('1 of its pins no other node has: bafyc\n');
    expect(isGone).toBe(false);
    const forced = await replaced(at, true);
    expect(forced.said).toContain('1 of its pins no other node has: bafyc\n');
    expect(forced.isGone).toBe(true);
  });

  it.each<[string, readonly (Answer | undefined)[], string]>([
    [
      'one peer alone knows the newest pin',
      [peerWith(ELSEWHERE), undefined, peerWith(HERE_ALONE)],
      'bafyc',
    ],
    [
      'no peer answers',
      [undefined, undefined, undefined],
      'is not known: http://127.0.0.1:9 does not',
    ],
    [
      'no node answers the peers, so that they list nothing',
      [
        (path, response) =>
          path === '/pins' ? list(response, []) : peerWith(ELSEWHERE)(path, response),
      ],
      '2 of its pins',
    ],
    [
      'a list breaks off',
      [
        (path, response) =>
          path === '/pins'
            ? list(response, [{ cid: 'bafya', peer_map: {} }], 'context canceled')
            : peerWith(ELSEWHERE)(path, response),
      ],
      'answers 200: context canceled',
    ],
    [
      'peers refuse',
      PEERS.map(
        (): Answer => (_path, response) => void response.writeHead(500).end('{"code":500}\n'),
      ),
      'answers 500',
    ],
  ])('stays where %s', async (_, peers, words) => {
    const { said, isGone } = await replaced(await network(peers));
    expect(said).toContain(words);
    expect(isGone).toBe(false);
  });

  it('that is gone already is replaced, and one that cannot be read says so', async () => {
    const peer = peerWith(ELSEWHERE);
    const at = await network([peer, peer, peer]);
    await rm(repository, { recursive: true });
    expect((await replaced(at)).said).toContain(`${repository}: gone already`);
    await rm(repository, { recursive: true });
    await writeFile(repository, 'a file');
    expect((await replaced(at)).said).toContain('cannot be read (ENOTDIR)');
  });
});

describe('npm run network -- replace', () => {
  const verb = (...args: string[]) =>
    promisify(execFile)(process.execPath, ['scripts/first.mjs', 'network', ...args], {
      env: { ...process.env, RUN_DIR: folder },
    }).then(
      () => ({ code: 0, stderr: '' }),
      (error: unknown) => error as { code: number; stderr: string },
    );

  it.each([
    [['replace'], 'replace NODE [--force], where a node is: birch-1, birch-2, birch-3'],
    [['replace', 'birch-9'], 'where a node is'],
    [['replace', 'birch-2', 'yes'], 'where a node is'],
    [['stop', 'kubo-9'], 'no process kubo-9'],
    [['replace', 'birch-2'], 'Nothing was removed.'],
  ])('%j ends with 2 and says why', async (args, words) => {
    const settings = {
      consensus: 'raft',
      organisations: ['Alder', 'Birch'],
      channel: 'holdfast',
      basePort: 1,
      bin: '',
      caBin: '',
      kuboBin: '',
      clusterBin: '',
    };
    await writeFile(join(folder, 'network.json'), JSON.stringify(settings));
    const { code, stderr } = await verb(...args);
    expect(stderr).toContain(words);
    expect(code).toBe(2);
  });
});
