export interface Family {
  /** Starts a part under this Node; `ready` resolves when it says so, with what it says. */
  start(name: string, args: readonly string[]): { readonly ready: Promise<unknown> };
  /** Ends a part as a power switch does; resolves when the one after it is ready. */
  kill(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** Children that end with us and come back when they die. @param logs - folder of their logs. */
export function newFamily(logs: string): Family;
