import type { Network } from '../network.mjs';

/** What a network is made of, as far as its names and folders go. */
export function fabricLayout(settings: {
  readonly folder: string;
  readonly organisations: readonly string[];
  readonly channel: string;
  readonly consensus: 'raft' | 'bft';
}): Network['fabric'];
