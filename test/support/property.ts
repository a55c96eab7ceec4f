/** How properties are run: few cases, the same ones each time; a failure prints seed and path. */
const SEED = Number(process.env['SEED'] ?? 20_261_121);

export const RUNS = {
  numRuns: 20,
  seed: SEED,
  /** Where thousands of faults are tried, a smallest case of each is not wanted. */
  endOnFailure: 'MUTATION' in process.env,
} as const;

/** Random bytes that are the same in every run: SplitMix32 of the seed. */
export function seededRandom(seed = SEED): (length: number) => Uint8Array {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
  return (length) => Uint8Array.from({ length }, () => next() & 0xff);
}
