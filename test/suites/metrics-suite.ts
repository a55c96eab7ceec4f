/** Each family of `/metrics`, moved by what it is about; and what its labels never hold. */
import { describe, expect, it } from '@jest/globals';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { hex } from '@holdfast/protocol/bytes.js';
import { decodeLeaves } from '@holdfast/protocol/leaf-list.js';
import { damageBlock } from '../../scripts/damage.mjs';
import type { Operating } from '../support/operating.ts';

const SLOT_MS = 30_000;
const PATIENCE_MS = 90_000;
/** Between looks, milliseconds: the ledger has work to do. */
const LOOK_MS = 50;
/** Every label and what its values look like; nothing else may stand in any. */
const LABELS: Readonly<Record<string, RegExp>> = {
  method: /^[A-Z-]+$/,
  route: /^(?:none|[a-zA-Z0-9/:._-]+)$/,
  status: /^[1-5]\d\d$/,
  le: /^(?:[\d.]+|\+Inf)$/,
  node: /^birch-[1-3]$/,
  verdict: /^(?:intact|damaged|unanswered)$/,
  outcome: /^(?:evaluated|limited|refused|failed|mended|lost)$/,
  function: /^(?:relayed|[a-z]+:[a-zA-Z]+)$/,
  minimum: /^(?:true|false)$/,
  organisation: /^(?:Alder|Birch|Cedar)$/,
  role: /^(?:agent|key-server|provider|delegate|operator)$/,
};

export function metricsSuite({ stage, ask, json, put, who }: Operating): void {
  const text = async (): Promise<string> => (await fetch(`${stage().url()}/metrics`)).text();

  /** The sum of a family's values whose labels have these parts; undefined where there is none. */
  async function read(family: string, ...parts: string[]): Promise<number | undefined> {
    const values = (await text())
      .split('\n')
      .filter((line) => new RegExp(`^holdfast_${family}[{ ]`).test(line))
      .filter((line) => parts.every((part) => line.includes(part)))
      .map((line) => Number(line.slice(line.lastIndexOf(' '))));
    return values.length === 0 ? undefined : values.reduce((a, b) => a + b, 0);
  }

  /** Epochs pass until a figure is as it should be. */
  async function turn(isThere: () => Promise<boolean>): Promise<void> {
    while (!(await isThere())) {
      stage().pass(SLOT_MS);
      await delay(LOOK_MS);
    }
  }

  const grown = async (family: string, by: () => Promise<unknown>, ...parts: string[]) => {
    const before = (await read(family, ...parts)) ?? 0;
    await by();
    return ((await read(family, ...parts)) ?? 0) - before;
  };

  describe('the metrics', () => {
    let fileId: string;

    it('count requests by route', async () => {
      const of = 'http_request_duration_seconds_count';
      const asking = () => ask('/v1/network').then((answer) => answer.text());
      expect(await grown(of, asking, 'network"', 'status="200"')).toBe(1);
      const missing = () => fetch(`${stage().url()}/nothing`).then((answer) => answer.text());
      expect(await grown(of, missing, 'route="none"', 'status="404"')).toBe(1);
      expect(await read('event_loop_lag_seconds')).toBeGreaterThanOrEqual(0);
    });

    it('follow a file from its upload to the nodes and the ledger', async () => {
      const families = {
        upload_bytes_total: [],
        logical_bytes: [],
        ledger_height: [],
        oprf_evaluations_total: ['outcome="evaluated"'],
        ledger_submit_duration_seconds_count: ['function="files:register"'],
      };
      const before = new Map<string, number>();
      for (const [name, parts] of Object.entries(families)) {
        before.set(name, (await read(name, ...parts)) ?? 0);
      }
      fileId = await put('counted');
      for (const [name, parts] of Object.entries(families)) {
        expect([name, (await read(name, ...parts)) ?? 0]).toEqual([name, expect.any(Number)]);
        expect((await read(name, ...parts)) ?? 0).toBeGreaterThan(before.get(name) ?? 0);
      }
      expect(await read('node_free_bytes', 'node="birch-1"')).toBeGreaterThan(0);
      expect(await read('outbox_jobs')).toBe(0);
    });

    it('count what the nodes hold, now and then', async () => {
      await turn(async () => ((await read('stored_bytes', 'node="birch-1"')) ?? 0) > 0);
      const before = (await read('stored_bytes')) ?? 0;
      await put('stored');
      await turn(async () => ((await read('stored_bytes')) ?? 0) > before);
      expect(await read('stored_bytes')).toBeGreaterThan(before);
    });

    it('know an upload that is going on', async () => {
      let end = (): void => undefined;
      const ended = new Promise<void>((resolve) => (end = resolve));
      const body = new ReadableStream<Uint8Array>({
        async start(controller) {
          controller.enqueue(new Uint8Array(1000));
          await ended;
          controller.enqueue(new Uint8Array(1000));
          controller.close();
        },
      });
      expect(await read('uploads_in_progress')).toBe(0);
      const storing = ask('/v1/files/slow', {
        method: 'PUT',
        body,
        headers: { 'content-length': '2000' },
      });
      while ((await read('uploads_in_progress')) !== 1) await delay(LOOK_MS);
      end();
      expect((await storing).status).toBe(201);
      expect(await read('uploads_in_progress')).toBe(0);
    });

    it(
      'tell verdicts, their age and how long they took',
      async () => {
        await turn(async () => (await read('audits_total', 'verdict="intact"')) !== undefined);
        await turn(async () => ((await read('audit_duration_seconds_count')) ?? 0) > 0);
        const age = (await read('verdict_age_seconds')) ?? -1;
        expect(age).toBeGreaterThanOrEqual(0);
        expect(age).toBeLessThan(PATIENCE_MS / 1000);
        expect(await read('files_overdue')).toBe(0);
      },
      PATIENCE_MS,
    );

    it('grow older while the ledger stands still, and younger when it goes on', async () => {
      stage().pass(1_000_000);
      expect(await read('ledger_block_age_seconds')).toBeGreaterThan(900);
      await put('younger');
      expect(await read('ledger_block_age_seconds')).toBeLessThan(900);
    });

    it(
      'show damage, and its repair',
      async () => {
        const answer = await ask(`/v1/files/${fileId}/leaves`);
        const leaves = decodeLeaves(new Uint8Array(await answer.arrayBuffer()));
        const folder = join(stage().folder, 'storage', 'birch-1');
        for (const { digest } of leaves) await damageBlock(folder, hex(digest));
        const asked = { node: 'birch-1', blocks: 'all' };
        const challenged = await json(`/v1/files/${fileId}/challenges`, 'POST', asked);
        expect(await challenged.json()).toMatchObject({ now: { verdict: 'damaged' } });
        const most = { damaged: 0, below: 0 };
        await turn(async () => {
          const below = (await read('files_below_replicas', 'minimum="false"')) ?? 0;
          const damaged = (await read('damaged_blocks', 'node="birch-1"')) ?? 0;
          most.below = Math.max(most.below, below);
          most.damaged = Math.max(most.damaged, damaged);
          return ((await read('repair_duration_seconds_count')) ?? 0) > 0;
        });
        expect(most.damaged).toBe(leaves.length);
        expect(most.below).toBe(1);
        expect(await read('audits_total', 'verdict="damaged"', 'node="birch-1"')).toBe(1);
        expect(await read('repairs_total', 'outcome="mended"')).toBe(1);
        expect(await read('damaged_blocks')).toBe(0);
        expect(await read('files_below_replicas')).toBe(0);
      },
      PATIENCE_MS,
    );

    it('show what is owed while a node is away', async () => {
      const folder = join(stage().folder, 'storage', 'birch-2');
      await rename(folder, `${folder}-away`);
      try {
        expect(await read('node_free_bytes', 'node="birch-2"')).toBeUndefined();
        expect(await read('files_below_replicas', 'minimum="false"')).toBeGreaterThan(0);
        expect(await read('files_below_replicas', 'minimum="true"')).toBe(0);
        await rename(`${folder}-away`, folder);
        const before = (await read('outbox_jobs')) ?? -1;
        // it goes while the file comes: after its terms, before its bytes
        const body = new ReadableStream<Uint8Array>({
          async start(controller) {
            controller.enqueue(new Uint8Array(1000));
            while ((await read('uploads_in_progress')) !== 1) await delay(LOOK_MS);
            await rename(folder, `${folder}-away`);
            controller.enqueue(new Uint8Array(1000));
            controller.close();
          },
        });
        const headers = { 'content-length': '2000' };
        const stored = await ask('/v1/files/owed', { method: 'PUT', body, headers });
        expect(stored.status).toBe(201);
        expect(await read('outbox_jobs')).toBe(before + 1);
        const age = (await read('outbox_oldest_seconds')) ?? 0;
        stage().pass(5_000);
        expect((await read('outbox_oldest_seconds')) ?? 0).toBeGreaterThanOrEqual(age + 5);
      } finally {
        await rename(`${folder}-away`, folder);
      }
    });

    it('say how long certificates hold', async () => {
      const seconds = await read('certificate_expiry_seconds', '"Alder"', '"agent"');
      expect(seconds).toBeGreaterThan(86_400);
    });

    it('name no owner, no file and no address, and nothing without end', async () => {
      const all = (await text()).replaceAll(/^#.*$/gm, '');
      for (const line of all.split('\n').filter((each) => each.includes('{'))) {
        for (const [, label = '', value = ''] of line.matchAll(/([a-zA-Z_]+)="([^"]*)"/g)) {
          expect([label, value, LABELS[label]?.test(value)]).toEqual([label, value, true]);
        }
      }
      expect(all).not.toMatch(/[0-9a-f]{32}|127\.0\.0\.1|counted/);
      expect(all).not.toContain(who.name);
      const routes = new Set([...all.matchAll(/route="([^"]*)"/g)].map(([, route]) => route));
      for (const odd of ['/v1/files/x/y', '/a', '/b', '/v1/uploads/1', '/v1/ledger/blocks/7']) {
        await (await fetch(`${stage().url()}${odd}`)).text();
      }
      const after = new Set([...(await text()).matchAll(/route="([^"]*)"/g)].map(([, r]) => r));
      expect([...after].filter((route) => !routes.has(route)).length).toBeLessThanOrEqual(2);
    });
  });
}
