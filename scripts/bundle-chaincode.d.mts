/** Writes the chaincode as it is built here to a folder of its own. */
export function bundleChaincode(
  folder: string,
): Promise<{ readonly version: string; readonly codeHash: string }>;
