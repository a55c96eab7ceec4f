/**
 * How long somebody else is waited for, without what we take ourselves.
 *
 * @module
 */

export interface Patience {
  /** From now on we wait for a sign of life. */
  wait(): void;
  /** What comes next is ours to do. */
  rest(): void;
}

/** @param late - called once, when a wait has lasted too long. */
export function newPatience(milliseconds: number, late: () => void): Patience {
  let timer: NodeJS.Timeout | undefined;
  const rest = (): void => clearTimeout(timer);
  return {
    wait() {
      rest();
      timer = setTimeout(late, milliseconds);
    },
    rest,
  };
}
