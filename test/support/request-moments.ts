/** Moments of a client's requests, `content sent` or `content answered`: by them a drill says when to pull the plug. */

/** The requests of an upload, in their order. */
const STEPS: readonly (readonly [step: string, method: string, path: RegExp])[] = [
  ['open', 'POST', /^\/v1\/uploads$/],
  ['key', 'POST', /\/oprf$/],
  ['content', 'PATCH', /^\/v1\/uploads\/[^/]+$/],
  ['tags', 'PUT', /\/tags$/],
  ['card', 'PUT', /\/card$/],
  ['acceptance', 'POST', /\/acceptance$/],
  ['proposal', 'POST', /\/ledger\/proposals$/],
  ['envelope', 'POST', /\/ledger\/envelopes$/],
];

export const MOMENTS: readonly string[] = STEPS.flatMap(([step]) => [
  `${step} sent`,
  `${step} answered`,
]);

/** Watches the requests of this process. */
export interface Watch {
  /** Resolves at the next such moment; false where none comes in time, milliseconds. */
  comes(moment: string, patienceMs: number): Promise<boolean>;
  /** Requests that begin before this has come to its end fail when it has: who asks again later finds the gateway up. */
  hold(until: Promise<unknown>): void;
  end(): void;
}

export function watchRequests(): Watch {
  const honest = globalThis.fetch;
  let held: Promise<unknown> | undefined;
  const waiting = new Map<string, (() => void)[]>();
  const tell = (moment: string): void => {
    const told = waiting.get(moment) ?? [];
    waiting.delete(moment);
    for (const each of told) each();
  };
  globalThis.fetch = async (input, init) => {
    if (held !== undefined) {
      await held;
      throw new TypeError('fetch failed');
    }
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    const step = STEPS.find(([, method, path]) => init?.method === method && path.test(pathname));
    if (step === undefined) return honest(input, init);
    const answer = honest(input, init);
    tell(`${step[0]} sent`);
    try {
      return await answer;
    } finally {
      tell(`${step[0]} answered`);
    }
  };
  return {
    comes: (moment, patienceMs) =>
      new Promise((resolve) => {
        const late = setTimeout(() => resolve(false), patienceMs);
        const told = () => {
          clearTimeout(late);
          resolve(true);
        };
        waiting.set(moment, [...(waiting.get(moment) ?? []), told]);
      }),
    hold(until) {
      held = until.catch(() => undefined).then(() => (held = undefined));
    },
    end() {
      globalThis.fetch = honest;
    },
  };
}
