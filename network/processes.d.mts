export function kill(folder: string, name: string): Promise<void>;
export function pidOf(folder: string, name: string): number | undefined;
export function waitFor(
  what: string,
  folder: string,
  ask: () => Promise<boolean>,
  options?: { readonly patienceMs?: number; readonly everyMs?: number },
): Promise<boolean>;
