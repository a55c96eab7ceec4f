/** Starts a command apart from this process; does nothing where it runs already. */
export function start(folder: string, name: string, command: string, args: readonly string[]): void;
/** Ends what runs in a folder. */
export function stop(folder: string): Promise<readonly string[]>;
export function kill(folder: string, name: string): Promise<void>;
export function pidOf(folder: string, name: string): number | undefined;
export function waitFor(
  what: string,
  folder: string,
  ask: () => Promise<boolean>,
  options?: { readonly patienceMs?: number; readonly everyMs?: number },
): Promise<boolean>;
