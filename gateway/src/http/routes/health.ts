/**
 * Whether the process lives, and whether it can do its work: what is missing is named.
 *
 * @module
 */
import { Router } from 'express';

/** What is missing in a part, a short phrase each; empty where all is well. */
export type Check = () => Promise<readonly string[]> | readonly string[];

export function healthRoutes(checks: Readonly<Record<string, Check>>): Router {
  const router = Router();
  router.get('/healthz', (_request, response) => {
    response.json({ alive: true });
  });
  router.get('/readyz', async (_request, response) => {
    const found = await Promise.all(
      Object.entries(checks).map(async ([part, check]) => [part, await failures(check)] as const),
    );
    const missing = found.flatMap(([part, reasons]) =>
      reasons.map((reason) => `${part}: ${reason}`),
    );
    const parts = found.map(([part, reasons]) => [part, { ok: reasons.length === 0 }] as const);
    response
      .status(missing.length === 0 ? 200 : 503)
      .json({ ready: missing.length === 0, checks: Object.fromEntries(parts), missing });
  });
  return router;
}

async function failures(check: Check): Promise<readonly string[]> {
  try {
    return await check();
  } catch (error) {
    return [error instanceof Error ? error.message : 'failed'];
  }
}
