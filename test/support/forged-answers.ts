/** Hostile gateways: the true one, with its answers changed on their way to the client. */
import { flipped } from './tamper.ts';

const honestFetch = globalThis.fetch;

export interface Passing {
  readonly method: string;
  readonly path: string;
  readonly body: Uint8Array;
}

/** Puts an answer that `forge` makes in place of the true one; undefined lets the true one pass. */
export function answerWith(
  forge: (passing: Passing, answer: () => Promise<Response>) => Promise<Response | undefined>,
): void {
  globalThis.fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const passing = {
      method: init?.method ?? 'GET',
      path: url.pathname,
      body: (init?.body ?? new Uint8Array()) as Uint8Array,
    };
    const answer = () => honestFetch(input, init);
    return (await forge(passing, answer)) ?? answer();
  };
}

/** Lets every answer pass again. */
export function answerHonestly(): void {
  globalThis.fetch = honestFetch;
}

/** Flips the lowest bit of one byte in the body of answers to a path. */
export const flipIn = (path: string, at: number): void =>
  answerWith(async (passing, answer) => {
    if (passing.path !== path) return undefined;
    const response = await answer();
    const bytes = new Uint8Array(await response.arrayBuffer());
    return new Response(flipped(bytes, 8 * at) as Uint8Array<ArrayBuffer>, response);
  });
