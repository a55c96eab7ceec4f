/** A real Fabric network that runs, its clients enrolled with Fabric CA. */
import { readFile } from 'node:fs/promises';
import { identityOf } from '../../network/fabric/authority.mjs';
import { openNetwork } from '../../network/network.mjs';
import type { ConnectionFile } from './dev-peer-process.ts';
import { enrolled, newClient } from './dev-peer-target.ts';
import type { LedgerTarget } from './ledger-target.ts';

/**
 * @param run - run folder of the network.
 * @param chaincode - name under which the test contract is deployed there.
 */
export async function openFabricTarget(run: string, chaincode: string): Promise<LedgerTarget> {
  const { fabric } = openNetwork(run);
  const connection = JSON.parse(await readFile(fabric.connection, 'utf8')) as ConnectionFile;
  const client = newClient(connection);
  return {
    client,
    channel: connection.channel,
    chaincode,
    mspIds: connection.organisations.map(({ mspId }) => mspId),
    newIdentity(request) {
      const organisation = fabric.organisations.find(({ mspId }) => mspId === request.mspId);
      if (organisation === undefined) throw new Error(`no organisation ${request.mspId}`);
      return enrolled(connection, request, identityOf(fabric, organisation, 'admin'));
    },
    close() {
      client.close();
      return Promise.resolve();
    },
  };
}
