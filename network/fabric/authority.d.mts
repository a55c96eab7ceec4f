import type { FabricOrganisation, Network } from '../network.mjs';

/** Certificate and key, PEM. */
export function identityOf(
  net: Network['fabric'],
  organisation: FabricOrganisation,
  name: string,
): { readonly cert: string; readonly key: string };
