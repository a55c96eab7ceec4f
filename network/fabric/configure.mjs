/** The consortium's rules on the ledger: which organisation plays what, how long a slot is. */
import { join } from 'node:path';
import { flags, run } from '../processes.mjs';
import { clientMsp } from './authority.mjs';
import { peerEnv } from './layout.mjs';

/**
 * Submits a configuration as an organisation's operator: the first on a new ledger, a vote for the next on any other.
 *
 * @param config as the contract takes it (protocol/src/consortium-records.ts)
 * @throws what the contract refuses
 */
export async function configure(net, organisation, chaincode, config) {
  const call = { Args: ['accounts:configure', JSON.stringify({ config })] };
  const [orderer] = net.orderers;
  await run(
    net.tool('peer'),
    [
      'chaincode',
      'invoke',
      '--tls',
      '--waitForEvent',
      ...flags({
        orderer: `127.0.0.1:${orderer.port}`,
        cafile: `${orderer.home}/tls/ca.crt`,
        channelID: net.channel,
        name: chaincode,
        ctor: JSON.stringify(call),
      }),
      ...everyPeer(net),
    ],
    { env: peerEnv(net, organisation, clientMsp(net, organisation, 'operator')) },
  );
}

/** For commands of `peer` that ask the peers of all organisations. */
export const everyPeer = ({ organisations }) =>
  organisations.flatMap(({ port, home }) =>
    flags({ peerAddresses: `127.0.0.1:${port}`, tlsRootCertFiles: join(home, 'tls', 'ca.crt') }),
  );
