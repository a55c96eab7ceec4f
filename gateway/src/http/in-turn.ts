/**
 * The requests of one connection, each in its turn. Node hands out all that a client sends without waiting for answers
 * (RFC 9112 section 9.3.2), and says nothing of those whose client has left before theirs could begin: what they hold, they
 * would hold for ever.
 *
 * @module
 */
import type { RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Requests of a connection that wait for the one before: who sends more is cut off. */
const MOST_WAITING = 32;

interface Turn {
  readonly last: ServerResponse;
  readonly waiting: number;
}

/**
 * @returns calls `listener` once the answer before is over, and not at all where the connection is; `listeners()` of a
 *   server names the listener itself, as it does of those that are called once.
 */
export function inTurn(listener: RequestListener): RequestListener {
  const turns = new WeakMap<Socket, Turn>();
  const handle: RequestListener = (request, response) => {
    const { socket } = request;
    const before = turns.get(socket);
    const isFree = before === undefined || before.last.closed;
    const waiting = isFree ? 0 : before.waiting + 1;
    turns.set(socket, { last: response, waiting });
    if (isFree) {
      listener(request, response);
    } else if (waiting > MOST_WAITING) {
      socket.destroy();
    } else {
      before.last.once('close', () => {
        if (!socket.destroyed) listener(request, response);
      });
    }
  };
  return Object.assign(handle, { listener });
}
