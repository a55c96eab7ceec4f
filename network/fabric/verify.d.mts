import type { Definition, Network } from '../network.mjs';

/** What was found, a line each; what is wrong, empty where all is well. */
export function verify(
  net: Network['fabric'],
  definition: Definition,
): Promise<{ readonly lines: readonly string[]; readonly problems: readonly string[] }>;
