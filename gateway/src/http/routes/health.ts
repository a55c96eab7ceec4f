/**
 * Whether the process lives, and whether it can do its work: what is missing is named.
 *
 * @module
 */
import { z } from 'zod';
import { reads } from '../json-route.ts';
import { route, type Route } from '../route.ts';

/** What is missing in a part, a short phrase each; empty where all is well. */
export type Check = () => Promise<readonly string[]> | readonly string[];

const alive = z.strictObject({ alive: z.literal(true) });
const readiness = z.strictObject({
  ready: z.boolean(),
  checks: z.record(z.string(), z.strictObject({ ok: z.boolean() })),
  missing: z.array(z.string()),
});
const content = { 'application/json': readiness };
/** Whoever watches may send what it likes with it. */
const query = z.looseObject({});

export function healthRoutes(checks: Readonly<Record<string, Check>>): Route[] {
  return [
    reads(
      { path: '/healthz', who: 'anybody', summary: 'Whether it lives', query, answer: alive },
      () => ({ alive: true as const }),
    ),
    route(
      {
        method: 'get',
        path: '/readyz',
        who: 'anybody',
        summary: 'Whether it can do its work, and what is missing',
        query,
        answers: {
          200: { says: 'Ready', content },
          503: { says: 'Something is missing', content },
        },
      },
      async ({ response }) => {
        const found = await Promise.all(
          Object.entries(checks).map(
            async ([part, check]) => [part, await failures(check)] as const,
          ),
        );
        const missing = found.flatMap(([part, reasons]) =>
          reasons.map((reason) => `${part}: ${reason}`),
        );
        const parts = found.map(([part, reasons]) => [part, { ok: reasons.length === 0 }] as const);
        response
          .status(missing.length === 0 ? 200 : 503)
          .json({ ready: missing.length === 0, checks: Object.fromEntries(parts), missing });
      },
    ),
  ];
}

async function failures(check: Check): Promise<readonly string[]> {
  try {
    return await check();
  } catch (error) {
    return [error instanceof Error ? error.message : 'failed'];
  }
}
