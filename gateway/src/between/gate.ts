/**
 * How often somebody is called who may not answer: at most so many calls at once, and a pause after some that failed, so that
 * whoever waits is told at once and nothing piles up.
 *
 * @module
 */
import { HoldfastError, type ErrorCode } from '@holdfast/protocol/errors.js';

/** Failures in a row before a pause; its length, doubled with each trial that fails, milliseconds. */
const FAILURES = 3;
const FIRST_REST_MS = 1_000;
const LONGEST_REST_MS = 8_000;

export interface GateParts {
  /** As a sentence names it. */
  readonly title: string;
  /** Of its refusals. */
  readonly code: ErrorCode;
  /** Calls at once. */
  readonly most: number;
  readonly monotonicMs: () => number;
}

/** A call under way. */
export interface Passage {
  /** An answer begins: whoever comes next need not wait for its end, which may be another's to put off. */
  heard(): void;
  /** @param answered - whether a whole answer came, whatever it said. */
  leave(answered: boolean): void;
}

export interface Gate {
  /** @throws the gate's code where it is closed or full. */
  enter(): Passage;
}

export function newGate({ title, code, most, monotonicMs }: GateParts): Gate {
  let inside = 0;
  let failures = 0;
  let closedUntil = 0;
  let isTrying = false;

  function passage(isTrial: boolean): Passage {
    let hasLeft = false;
    let isTried = !isTrial;
    function heard(): void {
      if (!isTried) isTrying = false;
      isTried = true;
    }
    return {
      heard,
      leave(answered) {
        if (hasLeft) return;
        hasLeft = true;
        inside--;
        heard();
        failures = answered ? 0 : failures + 1;
        if (failures < FAILURES) return;
        const rest = FIRST_REST_MS * 2 ** (failures - FAILURES);
        closedUntil = monotonicMs() + Math.min(rest, LONGEST_REST_MS);
      },
    };
  }

  return {
    enter() {
      const isTrial = failures >= FAILURES;
      if (isTrial && (isTrying || monotonicMs() < closedUntil)) {
        throw new HoldfastError(code, `${title} did not answer ${failures} times in a row`);
      }
      if (inside >= most) throw new HoldfastError(code, `${title} has ${most} calls to answer`);
      isTrying = isTrial;
      inside++;
      return passage(isTrial);
    },
  };
}
