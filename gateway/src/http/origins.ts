/**
 * The addresses by which owners reach us: what they sign as the target of a request must be one of them, or a request
 * meant for another gateway could be replayed here.
 *
 * @module
 */
import { HoldfastError } from '@holdfast/protocol/errors.js';

/** @returns the origin that a Host header stands for; undefined where it is not ours. */
export type OriginOf = (host: string) => string | undefined;

/**
 * @param publicOrigin - as configured; undefined: the names of loopback with our port.
 * @param port - known once we listen.
 */
export function newOrigins(publicOrigin: string | undefined, port: () => number): OriginOf {
  return (host) => {
    const ours =
      publicOrigin === undefined
        ? ['localhost', '127.0.0.1', '[::1]'].map((name) => new URL(`http://${name}:${port()}`))
        : [new URL(publicOrigin)];
    // the URL drops a default port, as a client's Host header does
    return ours.find((url) => url.host === host.toLowerCase())?.origin;
  };
}

/** @throws `NOT_ALLOWED` where the request is addressed to somebody else. */
export function targetOf(originOf: OriginOf, host: string | undefined, path: string): string {
  const origin = originOf(host ?? '');
  if (origin === undefined) {
    throw new HoldfastError('NOT_ALLOWED', `this gateway is not ${host ?? 'nameless'}`);
  }
  return `${origin}${path}`;
}
