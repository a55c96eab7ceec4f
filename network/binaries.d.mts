/** Builds products that are not there yet, unless the environment names their folder. */
export function install(
  names: readonly string[],
  report: (sentence: string) => void,
): Promise<void>;
