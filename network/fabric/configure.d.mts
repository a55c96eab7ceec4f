import type { FabricOrganisation, Network } from '../network.mjs';

/** Submits a configuration as an organisation's operator. */
export function configure(
  net: Network['fabric'],
  organisation: FabricOrganisation,
  chaincode: string,
  config: object,
): Promise<void>;
