import type { FabricOrganisation, Network } from '../network.mjs';

/** Has peers and orderers refuse what stands in an organisation's revocation list. */
export function publishRevocations(
  net: Network['fabric'],
  organisation: FabricOrganisation,
): Promise<void>;
