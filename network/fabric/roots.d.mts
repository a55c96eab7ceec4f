import type { Network } from '../network.mjs';

/** What owners compare; a fingerprint is SHA-256 of the certificate, 64 hex digits. */
export function rootsOf(net: Network['fabric']): {
  readonly consortium: string;
  readonly roots: readonly { readonly mspId: string; readonly fingerprint: string }[];
};
