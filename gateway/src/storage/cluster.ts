/**
 * The REST interface of IPFS Cluster: which of its peers keep a pin. The list is rebuildable, never the record of what a
 * provider keeps.
 *
 * @module
 */
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { CID } from 'multiformats/cid';
import { z } from 'zod';
import { parseJson } from '@holdfast/protocol/schema.js';
import { boundedBytes } from '../bounded-bytes.ts';
import { failureOf } from './kubo-blocks.ts';

const CALL_MS = 10_000;
/** Of an answer about one root. */
const MOST_BYTES = 1_048_576;
/** How long peers may take until they have pinned what their node holds already, milliseconds. */
const PIN_MS = 30_000;
const LOOK_MS = 50;
/** IPFS Cluster's word for where a pin is to be. */
const ALLOCATIONS = 'user-allocations';
/** Peers without a pin are moved to others below this number. */
const FEWEST = 2;

const allocations = z.object({ allocations: z.array(z.string()) });
const pin = z.object({
  peer_map: z.record(z.string(), z.object({ status: z.string(), error: z.string().optional() })),
});

export interface ClusterAddress {
  /** Such as `http://127.0.0.1:9094`. */
  readonly cluster: string;
  readonly login: string;
  readonly password: string;
}

export interface Cluster {
  /** Ids of the peers that are to keep a root. */
  allocations(root: CID, signal: AbortSignal): Promise<readonly string[]>;
  /** Has exactly these peers keep it, and waits until each has pinned it. */
  allocate(root: CID, peers: readonly string[], signal: AbortSignal): Promise<void>;
  release(root: CID, signal: AbortSignal): Promise<void>;
}

/** @param addresses peers of one Cluster; whichever answers first in their order is asked. */
export function openCluster(addresses: readonly ClusterAddress[]): Cluster {
  async function call(
    method: string,
    path: string,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    let failure: unknown = new Error('no peer of the Cluster is named');
    for (const address of addresses) {
      try {
        return await ask(address, method, path, signal);
      } catch (error) {
        signal.throwIfAborted();
        failure = error;
      }
    }
    throw failure;
  }

  async function isPinnedBy(root: CID, peers: readonly string[], signal: AbortSignal) {
    const text = (await call('GET', `/pins/${root.toString()}`, signal)) ?? '{"peer_map":{}}';
    const { peer_map: states } = parseJson(pin, text, 'the answer of the Cluster');
    return peers.every((peer) => states[peer]?.status === 'pinned');
  }

  /** A Cluster that has enough valid peers for a pin adds none; it refuses where it has fewer than it must have. */
  async function post(root: CID, peers: readonly string[], signal: AbortSignal): Promise<void> {
    const path = (fewest: number): string => {
      const query = new URLSearchParams({
        [ALLOCATIONS]: peers.join(','),
        'replication-min': String(fewest),
        'replication-max': String(peers.length),
      });
      return `/pins/${root.toString()}?${query.toString()}`;
    };
    try {
      await call('POST', path(peers.length), signal);
    } catch {
      signal.throwIfAborted();
      await call('POST', path(Math.min(FEWEST, peers.length)), signal);
    }
  }

  return {
    async allocations(root, signal) {
      const text = await call('GET', `/allocations/${root.toString()}`, signal);
      if (text === undefined) return [];
      return parseJson(allocations, text, 'the answer of the Cluster').allocations;
    },
    async allocate(root, peers, signal) {
      for (const end = Date.now() + PIN_MS; ; await delay(LOOK_MS, undefined, { signal })) {
        // while the metric of a dead peer has not expired a move is answered and not done: it is asked for again
        const held = new Set(await this.allocations(root, signal));
        if (held.size !== peers.length || !peers.every((peer) => held.has(peer))) {
          await post(root, peers, signal);
        } else if (await isPinnedBy(root, peers, signal)) {
          return;
        }
        if (Date.now() > end) throw new Error(`not pinned by ${peers.join(', ')} in ${PIN_MS} ms`);
      }
    },
    async release(root, signal) {
      await call('DELETE', `/pins/${root.toString()}`, signal);
    },
  };
}

/** @returns the body; undefined for what is not there. */
async function ask(
  { cluster, login, password }: ClusterAddress,
  method: string,
  path: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const response = await fetch(new URL(path, cluster), {
    method,
    headers: { authorization: `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}` },
    signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]),
  });
  const body: AsyncIterable<Uint8Array> = response.body ?? Readable.from([]);
  const text = Buffer.from(await boundedBytes(body, MOST_BYTES)).toString('utf8');
  if (response.status === 404) return undefined;
  if (!response.ok) throw failureOf(`${method} ${path}: ${response.status} ${text.slice(0, 200)}`);
  return text;
}
