/**
 * Calls to a role of another organisation's gateway: HTTP over mutual TLS (1.3), each end under the certificate of the role
 * it plays.
 *
 * Connections are kept, for a new one costs more than fifty calls. Whoever is called may be silent for half a minute, says
 * that it lives while it works (status 102), has an answer as soon as our own door would, and gets no more than
 * {@link MOST_CALLS} calls at once.
 *
 * @module
 */
import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { HoldfastError, type ErrorCode } from '@holdfast/protocol/errors.js';
import { utf8 } from '@holdfast/protocol/bytes.js';
import { FLOW, flowing } from '../http/body-flow.ts';
import { longestOf } from '../http/requests.ts';
import type { LiveConnection } from '../identity/live-connection.ts';
import type { Revocations } from '../identity/revocations.ts';
import type { Connection } from '../ledger/connection.ts';
import type { RoleIdentity } from '../ledger/ledger.ts';
import { expectServer, type Identify } from './caller-identity.ts';
import { newGate, type Passage } from './gate.ts';
import { serverNameOf, titleOf } from './names.ts';
import { newPatience, type Patience, type Waits } from './patience.ts';

const SILENT_MS = FLOW.idleMs;
const MOST_CALLS = 256;
/** A connection that nobody uses is closed before the other end closes it, milliseconds. */
const IDLE_MS = 10_000;

export interface CallerParts {
  readonly connection: LiveConnection;
  readonly revocations: Pick<Revocations, 'version'>;
  readonly identify: Identify;
  /** Who calls, and who is called. */
  readonly as: RoleIdentity;
  readonly to: RoleIdentity;
  /** Of refusals where it does not answer. */
  readonly code: ErrorCode;
  readonly monotonicMs: () => number;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
  /** {@link SILENT_MS}, and {@link longestOf} the method, unless given. */
  readonly waits?: Partial<Waits>;
}

export interface Asked {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as they come, once the other end wants them. */
  readonly bytes?: AsyncIterable<Uint8Array>;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** To be read: until then it counts as under way. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

export interface Caller {
  /** As a sentence names it. */
  readonly title: string;
  /** @throws the caller's code where it does not answer; what the source throws. */
  ask(asked: Asked): Promise<Answered>;
}

export function newCaller(parts: CallerParts): Caller {
  const { to, code, monotonicMs } = parts;
  const title = titleOf(to);
  const gate = newGate({ title, code, most: MOST_CALLS, monotonicMs });
  const agentNow = newAgents(parts);

  const unreachable = (cause: unknown): HoldfastError => {
    const reason = cause instanceof HoldfastError ? cause.detail : messageOf(cause);
    return new HoldfastError(code, `${title} does not answer: ${reason}`, { cause });
  };

  async function attempt(asked: Asked, passage: Passage): Promise<Answered> {
    const sent = send(parts, asked, agentNow());
    const response = await responseTo(sent, asked);
    sent.patience.rest();
    passage.heard();
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      bytes: leaving(received(sent, response), passage, unreachable),
    };
  }

  return {
    title,
    async ask(asked) {
      const passage = gate.enter();
      for (let tries = 1; ; tries++) {
        try {
          return await attempt(asked, passage);
        } catch (error) {
          // the other end closed a kept connection just as it was used: that call never began
          if (error instanceof StaleConnection && tries === 1) continue;
          const ours = error instanceof SourceFailed;
          passage.leave(ours);
          throw ours ? error.cause : unreachable(error);
        }
      }
    },
  };
}

const messageOf = (error: unknown): string => {
  const cause: unknown = error instanceof StaleConnection ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
};

/** What the source of a body threw. */
class SourceFailed extends Error {}
class StaleConnection extends Error {}

/** Connections under the certificate of the day: those of the one before, or from before a revocation, are not used again. */
function newAgents({ connection, revocations, identify, as, to }: CallerParts): () => Agent {
  let held: { readonly name: string; readonly agent: Agent } | undefined;
  return () => {
    const own = organisationIn(connection(), as).identities[as.role];
    if (own === undefined) {
      throw new HoldfastError('NOT_ALLOWED', `the connection file holds no ${titleOf(as)}`);
    }
    const name = `${own.cert} ${revocations.version()}`;
    if (held?.name === name) return held.agent;
    if (held !== undefined) endIdle(held.agent);
    const agent = new Agent({
      keepAlive: true,
      timeout: IDLE_MS,
      // a session that is resumed is not checked
      maxCachedSessions: 0,
      minVersion: 'TLSv1.3',
      ca: organisationIn(connection(), to).rootCert,
      cert: own.cert,
      key: own.key,
      servername: serverNameOf(to),
      checkServerIdentity: expectServer(identify, to),
    });
    held = { name, agent };
    return agent;
  };
}

function endIdle({ freeSockets }: Agent): void {
  for (const sockets of Object.values(freeSockets)) {
    for (const socket of sockets ?? []) socket.destroy();
  }
}

function organisationIn({ organisations }: Connection, { mspId }: RoleIdentity) {
  const found = organisations.find((each) => each.mspId === mspId);
  if (found !== undefined) return found;
  throw new HoldfastError('NOT_ALLOWED', `${mspId} is not in the connection file`);
}

interface Sent {
  readonly request: ClientRequest;
  readonly patience: Patience;
  readonly silentMs: number;
}

function send(parts: CallerParts, { method, path, json, bytes }: Asked, agent: Agent): Sent {
  const { connection, to, signal } = parts;
  const { silentMs = SILENT_MS, longestMs = longestOf(method) } = parts.waits ?? {};
  const { gatewayUrl: url } = organisationIn(connection(), to);
  if (typeof url !== 'string') {
    throw new HoldfastError(
      'NOT_ALLOWED',
      `gatewayUrl of ${to.mspId} is not in the connection file`,
    );
  }
  const body = json === undefined ? undefined : utf8(JSON.stringify(json));
  const headers = {
    ...(body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': body.length }),
    ...(bytes === undefined
      ? {}
      : { 'content-type': 'application/octet-stream', expect: '100-continue' }),
  };
  const request = httpsRequest(new URL(path, url), { method, headers, agent, signal });
  const patience = newPatience({ silentMs, longestMs }, (reason) =>
    request.destroy(new Error(reason)),
  );
  request.on('information', () => patience.heard());
  request.on('close', () => patience.rest());
  patience.wait();
  if (bytes === undefined) request.end(body);
  else request.flushHeaders();
  return { request, patience, silentMs };
}

/** @throws `SourceFailed`, `StaleConnection`; what the connection throws. */
async function responseTo(sent: Sent, { bytes }: Asked): Promise<IncomingMessage> {
  const { request } = sent;
  const over = new AbortController();
  const coming = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', (cause: NodeJS.ErrnoException) => {
      const isStale = request.reusedSocket && cause.code === 'ECONNRESET';
      reject(isStale ? new StaleConnection('closed', { cause }) : cause);
    });
  }).finally(() => over.abort());
  if (bytes === undefined) return coming;
  coming.catch(() => undefined);
  const isWanted = await once(request, 'continue', { signal: over.signal }).then(
    () => true,
    () => false,
  );
  if (!isWanted) return coming;
  await pump(bytes, sent, over.signal);
  // what came of the body cannot be sent again
  return coming.catch((error: unknown) => {
    throw error instanceof StaleConnection ? error.cause : error;
  });
}

/** Sends what a source gives, until it ends or the answer comes. */
async function pump(
  bytes: AsyncIterable<Uint8Array>,
  { request, patience }: Sent,
  over: AbortSignal,
): Promise<void> {
  const source = bytes[Symbol.asyncIterator]();
  try {
    while (!over.aborted) {
      patience.rest();
      const step = await unlessOver(source.next(), over);
      patience.wait();
      if (step === undefined) break;
      if (step.done === true) {
        request.end();
        return;
      }
      if (!request.write(step.value)) await unlessOver(drained(request), over);
    }
  } catch (cause) {
    // no end of the body is sent: what has come of it does not count
    request.destroy();
    throw new SourceFailed('the source failed', { cause });
  }
  void source.return?.().catch(() => undefined);
}

/** undefined where it is over before. One promise to race them all with would keep what each of them gave. */
function unlessOver<T>(coming: Promise<T>, over: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const end = (): void => resolve(undefined);
    if (over.aborted) end();
    over.addEventListener('abort', end, { once: true });
    const heard = (): void => over.removeEventListener('abort', end);
    coming.finally(heard).then(resolve, reject);
  });
}

const drained = (request: ClientRequest): Promise<void> =>
  new Promise((resolve) => request.once('drain', resolve));

/** The body of an answer; how long its reader takes does not count. */
async function* received(
  { request, silentMs }: Sent,
  response: IncomingMessage,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* flowing(response, { ...FLOW, idleMs: silentMs });
  } finally {
    // what is left is not read, nor is more of a body sent that was refused: whoever refused it may keep the connection open
    if (!response.readableEnded || !request.writableEnded) request.destroy();
  }
}

/** Leaves the gate at the end. */
async function* leaving(
  bytes: AsyncIterable<Uint8Array>,
  passage: Passage,
  failing: (cause: unknown) => HoldfastError,
): AsyncGenerator<Uint8Array, void> {
  let answered = true;
  try {
    yield* bytes;
  } catch (cause) {
    answered = false;
    throw failing(cause);
  } finally {
    passage.leave(answered);
  }
}
