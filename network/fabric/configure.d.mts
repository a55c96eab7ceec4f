import type { FabricOrganisation, Network } from '../network.mjs';

/** Submits a configuration as an organisation's operator. */
export function configure(
  net: Network['fabric'],
  organisation: FabricOrganisation,
  chaincode: string,
  config: object,
): Promise<void>;
/** Submits it as operator after operator until it is in force. @returns whether it is. */
export function bringIntoForce(
  net: Network['fabric'],
  chaincode: string,
  config: object & { readonly version: number },
  report: (mspId: string, refusal: Error | undefined) => void,
): Promise<boolean>;
/** The rules in force. */
export function rulesOf(
  net: Network['fabric'],
  chaincode: string,
): Promise<{
  readonly version: number;
  readonly organisations: readonly { readonly mspId: string; readonly roles: readonly string[] }[];
}>;
