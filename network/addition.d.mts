import type { Network, Step } from './network.mjs';

/** Takes another organisation in while everything runs; also one that was half taken in. */
export function addOrganisation(network: Network, mspId: string, step: Step): Promise<Network>;
