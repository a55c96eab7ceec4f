import type { Definition, FabricOrganisation, Network } from '../network.mjs';

/** Name of the process of an organisation's chaincode. */
export function serverName(
  organisation: FabricOrganisation,
  definition: Pick<Definition, 'name' | 'sequence'>,
): string;
/** Starts the servers that do not run, and waits until each listens. */
export function startServers(net: Network['fabric'], definition: Definition): Promise<void>;
