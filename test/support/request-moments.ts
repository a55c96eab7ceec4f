/** Moments of a client's requests, `content sent` or `content answered`: by them a drill says when to pull the plug. */

/** The requests of an upload, in their order. */
const STEPS: readonly (readonly [step: string, method: string, path: RegExp])[] = [
  ['open', 'POST', /^\/v1\/uploads$/],
  ['key', 'POST', /\/evaluat/],
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

/** Calls back at each moment of any request of this process, until the returned function is called. */
export function watchMoments(call: (moment: string) => void): () => void {
  const honest = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    const step = STEPS.find(([, method, path]) => init?.method === method && path.test(pathname));
    if (step === undefined) return honest(input, init);
    const answer = honest(input, init);
    call(`${step[0]} sent`);
    try {
      return await answer;
    } finally {
      call(`${step[0]} answered`);
    }
  };
  return () => {
    globalThis.fetch = honest;
  };
}
