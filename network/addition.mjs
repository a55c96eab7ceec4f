/** Another organisation for a network that runs. */
import { enrolRoles, startAuthorities } from './fabric/authority.mjs';
import { admit, makeOrganisation } from './fabric/channel-update.mjs';
import { deploy } from './fabric/chaincode.mjs';
import { writeConnection } from './fabric/connection.mjs';
import { endorsersKnown, joinPeer, startNodes } from './fabric/nodes.mjs';
import { CHAINCODE, definitionOf, remember, withSettings } from './network.mjs';

/**
 * Takes another organisation in while everything runs: its peer, authority and chaincode. Its place in the rules of the
 * consortium is the operators' to vote. Cut off half way, it does what is left when it is asked again.
 */
export async function addOrganisation(network, mspId, step) {
  // the last, for its place decides its ports
  const organisations = [...new Set([...network.settings.organisations, mspId])];
  const next = withSettings(network, { organisations });
  const { fabric } = next;
  const added = fabric.organisations.find((one) => one.mspId === mspId);
  const signers = fabric.organisations.filter((one) => one !== added);
  await step('certificates', () => makeOrganisation(fabric, added));
  await step('taken into the channel', () => admit(fabric, added, signers));
  remember(next);
  await step('peer and authority answer', () =>
    Promise.all([startNodes(fabric), startAuthorities(fabric)]),
  );
  await step('channel joined', () => joinPeer(fabric, added));
  await step('identities enrolled', () => enrolRoles(fabric));
  await step('chaincode approved', () => deploy(fabric, definitionOf(next)));
  await step('endorsers known to every peer', () => endorsersKnown(fabric, CHAINCODE));
  writeConnection(fabric, CHAINCODE);
  return next;
}
