/**
 * How long somebody else is waited for, without what we take ourselves: for a sign of life, and in all. Whoever only says
 * that it lives would be waited for as long as it likes.
 *
 * @module
 */

/** Milliseconds. */
export interface Waits {
  /** For the next sign of life. */
  readonly silentMs: number;
  /** For what is waited for, however lively. */
  readonly longestMs: number;
}

export interface Patience {
  /** From now on we wait. */
  wait(): void;
  /** It lives, and we go on waiting where we do. */
  heard(): void;
  /** What comes next is ours to do. */
  rest(): void;
}

/** @param late - called once, when a wait has lasted too long, with the words for it. */
export function newPatience(
  { silentMs, longestMs }: Waits,
  late: (reason: string) => void,
): Patience {
  let timer: NodeJS.Timeout | undefined;
  let began: number | undefined;

  function listen(since: number): void {
    const leftMs = since + longestMs - performance.now();
    const isLast = leftMs <= silentMs;
    const reason = isLast ? `busy for ${longestMs / 1000} s` : `silent for ${silentMs / 1000} s`;
    clearTimeout(timer);
    timer = setTimeout(() => late(reason), isLast ? Math.max(0, leftMs) : silentMs);
  }

  return {
    wait() {
      began = performance.now();
      listen(began);
    },
    heard() {
      if (began !== undefined) listen(began);
    },
    rest() {
      clearTimeout(timer);
      began = undefined;
    },
  };
}
