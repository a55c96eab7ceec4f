/** The consortium's rules on the ledger: which organisation plays what, how long a slot is. */
import { join } from 'node:path';
import { expected } from '../../scripts/ready.mjs';
import { flags, run } from '../processes.mjs';
import { clientMsp } from './authority.mjs';
import { peerEnv } from './layout.mjs';

/**
 * Brings a configuration into force: the first by one operator, any later one by as many votes as it takes. A vote that
 * is refused is no reason to ask the next operator no more.
 *
 * @param report called with the MSP id of each operator that was asked, and the error where it was refused
 * @returns whether it is in force
 */
export async function bringIntoForce(net, chaincode, config, report) {
  const present = config.version === 1 ? config : await rulesOf(net, chaincode);
  const voters = net.organisations.filter(({ mspId }) => isOperator(present, mspId));
  if (voters.length === 0)
    throw expected('organisations with the role operator, of those of the network', 2);
  for (const organisation of voters) {
    const refusal = await configure(net, organisation, chaincode, config).catch((error) => error);
    report(organisation.mspId, refusal);
    const isSent = refusal === undefined;
    if (isSent && (await rulesOf(net, chaincode)).version === config.version) return true;
  }
  return false;
}

const isOperator = ({ organisations = [] }, mspId) =>
  organisations.some((one) => one.mspId === mspId && one.roles?.includes('operator'));

/** The rules in force, as the peer of the first organisation has them. */
export async function rulesOf(net, chaincode) {
  const [organisation] = net.organisations;
  const call = { Args: ['accounts:config', '{}'] };
  const wanted = flags({ channelID: net.channel, name: chaincode, ctor: JSON.stringify(call) });
  return JSON.parse(await asOperator(net, organisation, ['chaincode', 'query', ...wanted]));
}

/**
 * Submits a configuration as an organisation's operator: the first on a new ledger, a vote for the next on any other.
 *
 * @param config as the contract takes it (protocol/src/consortium-records.ts)
 * @throws what the contract refuses
 */
export async function configure(net, organisation, chaincode, config) {
  const call = { Args: ['accounts:configure', JSON.stringify({ config })] };
  const [orderer] = net.orderers;
  await asOperator(net, organisation, [
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
  ]);
}

const asOperator = (net, organisation, args) =>
  run(net.tool('peer'), args, {
    env: peerEnv(net, organisation, clientMsp(net, organisation, 'operator')),
  });

/** For commands of `peer` that ask the peers of all organisations. */
export const everyPeer = ({ organisations }) =>
  organisations.flatMap(({ port, home }) =>
    flags({ peerAddresses: `127.0.0.1:${port}`, tlsRootCertFiles: join(home, 'tls', 'ca.crt') }),
  );
