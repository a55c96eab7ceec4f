import type { FabricOrganisation, Network } from '../network.mjs';

type Fabric = Network['fabric'];

/** Certificate and key, PEM. */
export function identityOf(
  net: Fabric,
  organisation: FabricOrganisation,
  name: string,
): { readonly cert: string; readonly key: string };
/** A new certificate for every identity of every organisation. @returns a sentence for each that got none. */
export function renewRoles(net: Fabric): Promise<readonly string[]>;
/** A new key and certificate for a role, under another name at the authority. @returns the name. */
export function replaceRole(
  net: Fabric,
  organisation: FabricOrganisation,
  role: string,
): Promise<string>;
/** Takes back all certificates of an identity, or one, and writes the list anew. */
export function revoke(
  net: Fabric,
  organisation: FabricOrganisation,
  who: { readonly name: string } | { readonly serial: string; readonly aki: string },
): Promise<void>;
/** File of an organisation's root, PEM. */
export function rootCertificate(organisation: FabricOrganisation): string;
