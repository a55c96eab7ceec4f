/**
 * Wrong passwords, counted by name: after five of them each next try has to wait, twice as long every time.
 *
 * @module
 */
import { HttpRefusal } from '../http/problem.ts';

const FREE = 5;
const LONGEST_MS = 900_000;
/** Names that are remembered; the oldest is forgotten first. */
const MOST = 10_000;

export interface Guesses {
  /** @throws `RATE_LIMITED` with Retry-After. */
  expectPatience(name: string): void;
  failed(name: string): void;
  passed(name: string): void;
}

/** (Agent) Names nobody has are counted too: what is refused tells nothing about which there are. */
export function newGuesses(nowMs: () => number): Guesses {
  const failures = new Map<string, { readonly count: number; readonly until: number }>();
  return {
    expectPatience(name) {
      const left = (failures.get(name)?.until ?? 0) - nowMs();
      if (left <= 0) return;
      throw new HttpRefusal('RATE_LIMITED', 'too many wrong passwords for this name', {
        headers: { 'Retry-After': String(Math.ceil(left / 1000)) },
      });
    },
    failed(name) {
      const count = (failures.get(name)?.count ?? 0) + 1;
      const wait = count < FREE ? 0 : Math.min(LONGEST_MS, 1000 * 2 ** (count - FREE));
      failures.delete(name);
      failures.set(name, { count, until: nowMs() + wait });
      const [oldest] = failures.keys();
      if (failures.size > MOST && oldest !== undefined) failures.delete(oldest);
    },
    passed(name) {
      failures.delete(name);
    },
  };
}
