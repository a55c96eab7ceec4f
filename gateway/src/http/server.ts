/**
 * The HTTP server: bounded in what a connection may take and how long it may keep us waiting, and stopped without cutting
 * off whoever is being answered.
 *
 * @module
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import type { Express } from 'express';
import type { Limits } from '../limits.ts';
import { addressKey } from './addresses.ts';
import { inTurn } from './in-turn.ts';
import { answerUnreadable } from './problem.ts';

/** Milliseconds, and bytes. */
export interface Patience {
  /** For the headers of a request. */
  readonly headersMs: number;
  /** How often it is looked for connections that took longer. */
  readonly checkMs: number;
  /** For the next request on a connection. */
  readonly keepAliveMs: number;
  /** For what is being answered when the server stops. */
  readonly stopMs: number;
  readonly headerBytes: number;
}

/**
 * Node's own defaults let a connection take its headers for a minute, and look for it every half minute. Whoever waits for
 * the end of a body is not measured here: an upload takes as long as it takes, and is ended where its bytes are read.
 */
export const PATIENCE: Patience = {
  headersMs: 10_000,
  checkMs: 1_000,
  keepAliveMs: 5_000,
  stopMs: 5_000,
  headerBytes: 16_384,
};
const REQUESTS_A_CONNECTION = 10_000;
const LISTENERS = 20;

export interface HttpServer {
  /** @returns the address. */
  listen(app: Express, host: string, port: number): Promise<string>;
  /** Known once it listens. */
  port(): number;
  /** Takes no more, answers what has been asked, ends connections that only wait. */
  stop(): Promise<void>;
}

/** (Agent) @param tls - in clear without. */
export function newHttpServer(
  limits: Pick<Limits, 'connections' | 'connectionsPerAddress'>,
  patience: Patience = PATIENCE,
  tls?: TlsOptions,
): HttpServer {
  const options = {
    // uploads take as long as they take
    requestTimeout: 0,
    headersTimeout: patience.headersMs,
    connectionsCheckingInterval: patience.checkMs,
    keepAliveTimeout: patience.keepAliveMs,
    maxHeaderSize: patience.headerBytes,
  };
  const server: Server =
    tls === undefined ? createServer(options) : createTlsServer({ ...options, ...tls });
  server.maxRequestsPerSocket = REQUESTS_A_CONNECTION;
  if (limits.connections > 0) server.maxConnections = limits.connections;
  if (limits.connectionsPerAddress > 0) {
    server.on('connection', newDoor(limits.connectionsPerAddress));
  }
  server.on('clientError', answerUnreadable);
  leaveWhenStopped(server);
  return {
    async listen(app, host, port) {
      const handle = inTurn(app);
      server.on('request', handle);
      // whoever is refused need not send its body first
      server.on('checkContinue', handle);
      server.listen(port, host);
      await once(server, 'listening');
      return `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${portOf(server)}`;
    },
    port: () => portOf(server),
    stop: () => stop(server, patience.stopMs),
  };
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/** Closes connections of an address that has as many as it may. */
function newDoor(most: number): (socket: Socket) => void {
  const open = new Map<string, number>();
  return (socket) => {
    const key = addressKey(socket.remoteAddress);
    const count = (open.get(key) ?? 0) + 1;
    if (count > most) {
      socket.destroy();
      return;
    }
    open.set(key, count);
    socket.once('close', () => {
      const left = (open.get(key) ?? 1) - 1;
      if (left === 0) open.delete(key);
      else open.set(key, left);
    });
  };
}

async function stop(server: Server, patienceMs: number): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const late = setTimeout(() => server.closeAllConnections(), patienceMs);
  await closed;
  clearTimeout(late);
}

/** A connection takes no further request once the server stops and it has its answer. */
function leaveWhenStopped(server: Server): void {
  const whenAnswered = (_request: IncomingMessage, response: ServerResponse): void => {
    // each part of the way listens once
    response.setMaxListeners(LISTENERS);
    response.once('close', () => {
      if (!server.listening) setImmediate(() => server.closeIdleConnections());
    });
  };
  server.on('request', whenAnswered);
  server.on('checkContinue', whenAnswered);
}
