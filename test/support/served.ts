/** An application behind the gateway's own HTTP server. */
import type { Express } from 'express';
import * as servers from '../../gateway/src/http/server.ts';
import { UNLIMITED, type Limits } from '../../gateway/src/limits.ts';

export interface Served {
  readonly newServer: typeof servers.newHttpServer;
  readonly limits: Limits;
  readonly patience: servers.Patience;
}

export const SERVED: Served = {
  newServer: servers.newHttpServer,
  limits: UNLIMITED,
  patience: servers.PATIENCE,
};

/** Runs `work` against a server; whatever is still open is cut off at the end. */
export async function serving<T>(
  { newServer, limits, patience }: Served,
  app: Express,
  work: (url: URL) => Promise<T>,
): Promise<T> {
  const server = newServer(limits, { ...patience, stopMs: 10 });
  const url = await server.listen(app, '127.0.0.1', 0);
  try {
    return await work(new URL(url));
  } finally {
    await server.stop();
  }
}
