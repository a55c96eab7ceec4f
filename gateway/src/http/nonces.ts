/**
 * Nonces of signatures that were used, until these have expired anyhow: also through a restart of the gateway.
 *
 * A gateway refuses what was signed before it started, so of an earlier one only nonces of signatures that were ahead of
 * its clock still count: those alone are written to disk, before the request goes on.
 *
 * @module
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Table } from '../store.ts';

/** How long a nonce is remembered at least, milliseconds: a clock that jumps does not make it forgotten. */
const LEAST_MS = 120_000;
const SWEEP_MS = 60_000;

export interface NoncesParts {
  /** Name of a nonce -> second in which its signature expires. */
  readonly table: Table<number>;
  readonly nowMs: () => number;
  /** Never goes back. */
  readonly monotonicMs: () => number;
}

export interface Nonces {
  /** Signatures created before this second, of 1970, may have been used at an earlier gateway. */
  readonly startedSeconds: number;
  /** Resolves when that second has begun: what is signed from now on can be believed. */
  begun(): Promise<void>;
  /** @returns false where it was used before. */
  use(
    name: string,
    signature: { readonly created: number; readonly expires: number },
  ): Promise<boolean>;
}

interface Used {
  readonly expires: number;
  readonly atMs: number;
  readonly isKept: boolean;
}

/** (Agent) To be called once no other gateway works on the folder; the next second is the first that counts. */
export async function openNonces({ table, nowMs, monotonicMs }: NoncesParts): Promise<Nonces> {
  const used = new Map<string, Used>();
  for await (const [name, expires] of table.entries()) {
    used.set(name, { expires, atMs: monotonicMs(), isKept: true });
  }
  const openedAt = monotonicMs();
  let sweptMs = openedAt;

  async function sweep(): Promise<void> {
    sweptMs = monotonicMs();
    for (const [name, { expires, atMs, isKept }] of used) {
      if (expires * 1000 > nowMs() || sweptMs - atMs < LEAST_MS) continue;
      used.delete(name);
      if (isKept) await table.delete(name);
    }
  }

  const openedMs = nowMs();
  return {
    startedSeconds: Math.floor(openedMs / 1000) + 1,
    begun: () => delay(Math.max(0, 1_000 - (openedMs % 1_000) - (monotonicMs() - openedAt))),
    async use(name, { created, expires }) {
      if (used.has(name)) return false;
      const isKept = created > Math.floor(nowMs() / 1000);
      used.set(name, { expires, atMs: monotonicMs(), isKept });
      if (isKept) await table.put(name, expires);
      if (monotonicMs() - sweptMs > SWEEP_MS) await sweep();
      return true;
    },
  };
}
