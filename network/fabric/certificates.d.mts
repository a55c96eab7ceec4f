import type { Network } from '../network.mjs';

/** Every certificate of a network, the first to end first; days whole ones that are left. */
export function certificatesOf(
  net: Network['fabric'],
  now?: number,
): readonly {
  readonly path: string;
  readonly subject: string;
  readonly ends: Date;
  readonly days: number;
}[];
