/** A real network loses its parts, by process: what goes on, what is refused, how it recovers, and that nothing is lost. */
import { existsSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { serverName } from '../../network/fabric/chaincode.mjs';
import { leaderOf } from '../../network/fabric/nodes.mjs';
import { startKubo } from '../../network/ipfs/nodes.mjs';
import { replaceNode } from '../../network/ipfs/replacement.mjs';
import { definitionOf, openNetwork, type Network } from '../../network/network.mjs';
import { kill, waitFor } from '../../network/processes.mjs';
import { fromHex } from '@holdfast/protocol/bytes.js';
import { blockCid } from '@holdfast/protocol/file-cid.js';
import { blockPath } from '../../scripts/damage.mjs';
import { openOwnerOnNetwork, type OwnerOnNetwork } from '../support/owner-on-network.ts';
import { runAgain } from '../support/run-again.ts';

const NETWORK = process.env['NETWORK'];
const SIZE = 300_000;
/** Long enough for Cluster to look again at what a node lacks: once a minute. */
const FILLED_MS = 180_000;

(NETWORK === undefined ? describe.skip : describe)(
  `a network that loses${NETWORK === undefined ? ' (npm run test:network)' : ''}`,
  () => {
    let at: OwnerOnNetwork;
    let net: Network;
    let before: string;

    beforeAll(async () => {
      net = openNetwork(NETWORK ?? '');
      at = await openOwnerOnNetwork();
      before = (await at.put(SIZE)).fileId;
    }, 120_000);
    afterEach(() => everythingRuns(), 120_000);
    afterAll(() => at.close(), 60_000);

    const everythingRuns = () => runAgain(net);

    const organisation = (mspId: string) => {
      const found = net.fabric.organisations.find((one) => one.mspId === mspId);
      if (found === undefined) throw new Error(`no organisation ${mspId}`);
      return found;
    };
    const node = (number: number) => {
      const found = net.ipfs.nodes[number];
      if (found === undefined) throw new Error(`no node ${number}`);
      return found;
    };
    /** What every block of a file on one node is found to be. */
    const verdictOn = async (name: string, fileId: string) =>
      (await at.owner.challenge(fileId, { node: name, blocks: 'all' })).verdict;

    /** Until a node has the whole of a file. */
    const filled = (name: string, fileId: string) =>
      waitFor(
        `${name} to have ${fileId}`,
        net.ipfs.folder,
        async () => (await verdictOn(name, fileId)) === 'intact',
        { patienceMs: FILLED_MS, everyMs: 1_000 },
      );

    it('the leader of its orderers: another leads, what is sent meanwhile is stored', async () => {
      const leader = await leaderOf(net.fabric);
      await kill(net.fabric.folder, leader?.name ?? '');
      await at.put(SIZE);
      expect((await leaderOf(net.fabric))?.name).not.toBe(leader?.name);
      await everythingRuns();
      expect(await at.lost()).toEqual([]);
    }, 120_000);

    it('a peer: two organisations endorse, and it catches up', async () => {
      await kill(net.fabric.folder, organisation('Cedar').peer);
      await at.put(SIZE);
      await everythingRuns();
      expect(await at.lost()).toEqual([]);
    }, 120_000);

    it("the peer of the gateway's own agent: it says so, and goes on when that is back", async () => {
      await kill(net.fabric.folder, organisation('Alder').peer);
      await expect(at.put(SIZE)).rejects.toMatchObject({ code: 'LEDGER_UNREACHABLE' });
      await everythingRuns();
      await at.put(SIZE);
      expect(await at.lost()).toEqual([]);
    }, 240_000);

    it("one organisation's chaincode: the others endorse", async () => {
      await kill(net.fabric.folder, serverName(organisation('Birch'), definitionOf(net)));
      await at.put(SIZE);
      await everythingRuns();
      expect(await at.lost()).toEqual([]);
    }, 120_000);

    it('one Kubo node: files go to the others, and to it when it is back', async () => {
      const { name, kubo } = node(1);
      await kill(net.ipfs.folder, kubo);
      expect(await at.lost()).toEqual([]);
      const { fileId, nodes } = await at.put(SIZE);
      expect(nodes).not.toContain(name);
      await everythingRuns();
      // an audit may have moved it away from there meanwhile: then it is owed to it
      await filled(name, before);
      expect(await verdictOn(nodes[0] ?? '', fileId)).toBe('intact');
      expect(await at.lost()).toEqual([]);
    }, 240_000);

    it('one peer of the Cluster: files are stored by way of the others', async () => {
      await kill(net.ipfs.folder, node(0).cluster);
      await at.put(SIZE);
      await everythingRuns();
      await at.put(SIZE);
      expect(await at.lost()).toEqual([]);
    }, 240_000);

    it("a node's whole repository: it is filled again from the others, and never the last is removed", async () => {
      const lost = node(2);
      const said: string[] = [];
      const replace = () => replaceNode(net.ipfs, lost, false, (line) => said.push(line));
      await expect(replace()).rejects.toThrow(`${lost.name} runs and answers`);
      for (const { kubo } of net.ipfs.nodes) await kill(net.ipfs.folder, kubo);
      await expect(replace()).rejects.toThrow(/of its pins no other node has: baf/);
      expect(existsSync(lost.repository)).toBe(true);
      for (const other of [0, 1]) startKubo(net.ipfs, node(other));
      // until its peers have noticed, the Cluster says that nobody has anything
      await waitFor(
        'the others to have all that is pinned',
        net.ipfs.folder,
        () => replace().then(() => true),
        { patienceMs: 60_000, everyMs: 1_000 },
      );
      expect(said.at(-1)).toMatch(/files, \d+ MiB, to be removed/);
      expect(await at.lost()).toEqual([]);
      await everythingRuns();
      await filled(lost.name, before);
      expect(await at.lost()).toEqual([]);
    }, 300_000);

    it('all nodes but the one that is asked: its audit needs no other', async () => {
      for (const other of [0, 1]) await kill(net.ipfs.folder, node(other).kubo);
      expect(await verdictOn(node(2).name, before)).toBe('intact');
    }, 60_000);

    it('one block of one node, which its neighbours hold: its audit is not answered by them', async () => {
      const [leaf] = await at.owner.leaves(before);
      const { name, repository, rpc } = node(0);
      const path = blockPath(repository, leaf?.digest ?? '');
      expect(await verdictOn(name, before)).toBe('intact');
      await unlink(path);
      const now = await at.owner.challenge(before, { node: name, blocks: 'all' });
      expect(now).toMatchObject({ verdict: 'damaged', damagedUids: [0] });
      // the control: asked as anybody asks, the node fetches it from a neighbour
      const cid = blockCid(fromHex(leaf?.digest ?? '')).toString();
      const url = `http://127.0.0.1:${rpc}/api/v0/block/get?arg=${cid}&timeout=10s`;
      expect((await fetch(url, { method: 'POST' })).status).toBe(200);
      expect(await verdictOn(name, before)).toBe('intact');
    }, 120_000);

    it('two of three orderers: writes are refused within 30 s, reads go on; the same put then ends', async () => {
      const { orderers, folder } = net.fabric;
      // the one that is left has led, and takes one more transaction that it can never order
      const left = await leaderOf(net.fabric);
      for (const one of orderers) if (one.name !== left?.name) await kill(folder, one.name);
      for (let i = 0; i < 2; i++) {
        const began = Date.now();
        await expect(at.owner.ask(before)).rejects.toMatchObject({
          code: 'LEDGER_UNREACHABLE',
          detail: expect.stringMatching(/in no block yet|too few orderers answer/),
        });
        expect(Date.now() - began).toBeLessThan(30_000);
      }
      const put = await at.prepare(SIZE);
      await expect(put()).rejects.toMatchObject({ code: 'LEDGER_UNREACHABLE' });
      expect(await at.lost()).toEqual([]);
      expect((await at.owner.list()).files).toHaveLength(at.stored.size);
      await everythingRuns();
      await put();
      expect(await at.lost()).toEqual([]);
      expect((await at.owner.list()).files).toHaveLength(at.stored.size);
    }, 240_000);
  },
);
