import type { Network } from '../network.mjs';

/** Writes the connection file anew. */
export function writeConnection(net: Network['fabric'], chaincode: string): void;
