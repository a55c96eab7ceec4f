/**
 * Changes of the channel's configuration, which the administrators of organisations sign: the ledger itself takes in an
 * organisation, and refuses certificates that were taken back.
 *
 * An update names what it read and what it writes, each with its version (Fabric, "Channel configuration updates");
 * what is written has the next one.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { common, msp } from '@hyperledger/fabric-protos';
import { flags, run, waitFor } from '../processes.mjs';
import { certificatesWanted, channelWanted } from './first-block.mjs';
import { asAdmin } from './nodes.mjs';

const { Config, ConfigEnvelope, ConfigGroup, ConfigPolicy, ConfigUpdate, ConfigValue } = common;

/**
 * Has peers and orderers refuse what stands in an organisation's revocation list, from the next block on. The
 * organisation's own administrator decides. They go by the list until it is published again, its age aside.
 */
export async function publishRevocations(net, organisation) {
  const { root, application, sequence } = await configNow(net, organisation);
  const group = application.getGroupsMap().get(organisation.mspId);
  const value = group.getValuesMap().get('MSP');
  const outer = msp.MSPConfig.deserializeBinary(value.getValue_asU8());
  const inner = msp.FabricMSPConfig.deserializeBinary(outer.getConfig_asU8());
  inner.setRevocationListList([der(readFileSync(organisation.crl, 'utf8'))]);
  outer.setConfig(inner.serializeBinary());
  const next = newValue(value.getVersion() + 1);
  next.setValue(outer.serializeBinary());
  next.setModPolicy(value.getModPolicy());

  const [read, written] = [group, group].map(shell);
  written.getValuesMap().set('MSP', next);
  await update(net, [organisation], {
    read: wrapped(root, application, read, organisation.mspId),
    written: wrapped(root, application, written, organisation.mspId),
  });
  await known(net, net.organisations, sequence + 1);
}

const der = (pem) => Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');

/** Keys and certificates of an organisation that comes later. */
export async function makeOrganisation(net, { mspId, tree, domain }) {
  if (existsSync(tree)) return;
  const wanted = certificatesWanted(net).PeerOrgs.filter(({ Name }) => Name === mspId);
  // moved in as a whole: half an organisation would be taken for one
  const draft = mkdtempSync(join(net.folder, 'organisation-'));
  try {
    const file = join(draft, 'certificates.yaml');
    writeFileSync(file, JSON.stringify({ PeerOrgs: wanted }));
    await run(net.tool('cryptogen'), ['generate', `--config=${file}`, `--output=${draft}`]);
    mkdirSync(dirname(tree), { recursive: true });
    renameSync(join(draft, 'peerOrganizations', domain), tree);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/**
 * Takes an organisation into the channel, where it is not in yet. A majority of those that are in decides: all of them sign.
 *
 * @param net with the organisation in it
 * @param signers those that were there before
 */
export async function admit(net, { mspId }, signers) {
  const { root, application, sequence } = await configNow(net, signers[0]);
  if (application.getGroupsMap().has(mspId)) return;
  const [read, written] = [application, application].map(withMembers);
  written.setVersion(application.getVersion() + 1);
  written.setModPolicy(application.getModPolicy());
  written.getGroupsMap().set(mspId, await groupOf(net, mspId));
  const [readRoot, writtenRoot] = [root, root].map(shell);
  readRoot.getGroupsMap().set('Application', read);
  writtenRoot.getGroupsMap().set('Application', written);
  await update(net, signers, { read: readRoot, written: writtenRoot });
  await known(net, signers, sequence + 1);
}

/** Until the peers of these organisations go by a configuration. */
const known = (net, organisations, wanted) =>
  Promise.all(
    organisations.map((organisation) =>
      waitFor(
        `the peer of ${organisation.mspId} to go by configuration ${wanted} of the channel`,
        net.folder,
        async () => (await configNow(net, organisation)).sequence >= wanted,
        { everyMs: 200 },
      ),
    ),
  );

/** The channel's configuration as an organisation's peer has it. */
async function configNow(net, organisation) {
  return inScratch(async (folder) => {
    const file = join(folder, 'block');
    const wanted = flags({ channelID: net.channel });
    await asAdmin(net, organisation, ['channel', 'fetch', 'config', file, ...wanted]);
    return groupsIn(readFileSync(file));
  });
}

/** What an organisation's group is in a channel that is born with it. */
const groupOf = (net, mspId) =>
  inScratch(async (folder) => {
    writeFileSync(join(folder, 'configtx.yaml'), JSON.stringify(channelWanted(net)));
    const file = join(folder, 'block');
    await run(
      net.tool('configtxgen'),
      ['-profile', 'Channel', '-channelID', net.channel, '-outputBlock', file],
      { env: { FABRIC_CFG_PATH: folder } },
    );
    return groupsIn(readFileSync(file)).application.getGroupsMap().get(mspId);
  });

function groupsIn(bytes) {
  const block = common.Block.deserializeBinary(bytes);
  const [first] = block.getData().getDataList_asU8();
  const payload = common.Payload.deserializeBinary(
    common.Envelope.deserializeBinary(first).getPayload_asU8(),
  );
  const config =
    ConfigEnvelope.deserializeBinary(payload.getData_asU8()).getConfig() ?? new Config();
  const root = config.getChannelGroup();
  const application = root.getGroupsMap().get('Application');
  return { root, application, sequence: config.getSequence() };
}

/** A group that stays as it is. */
function shell(group) {
  const same = new ConfigGroup();
  same.setVersion(group.getVersion());
  return same;
}

/** The same with all that is in it: who changes a group lists its members. */
function withMembers(group) {
  const same = shell(group);
  group.getGroupsMap().forEach((one, name) => same.getGroupsMap().set(name, shell(one)));
  group
    .getValuesMap()
    .forEach((one, name) => same.getValuesMap().set(name, newValue(one.getVersion())));
  group.getPoliciesMap().forEach((one, name) => {
    const policy = new ConfigPolicy();
    policy.setVersion(one.getVersion());
    same.getPoliciesMap().set(name, policy);
  });
  return same;
}

function newValue(version) {
  const value = new ConfigValue();
  value.setVersion(version);
  return value;
}

/** An organisation's group where it stands. */
function wrapped(root, application, group, mspId) {
  const [outer, middle] = [root, application].map(shell);
  middle.getGroupsMap().set(mspId, group);
  outer.getGroupsMap().set('Application', middle);
  return outer;
}

/** Signed by the administrators of these organisations, sent by the last. */
async function update(net, signers, { read, written }) {
  const change = new ConfigUpdate();
  change.setChannelId(net.channel);
  change.setReadSet(read);
  change.setWriteSet(written);
  await inScratch(async (folder) => {
    const file = join(folder, 'update');
    writeFileSync(file, envelopeOf(net, change));
    const [orderer] = net.orderers;
    for (const signer of signers.slice(0, -1)) {
      await asAdmin(net, signer, ['channel', 'signconfigtx', '--file', file]);
    }
    const where = flags({
      orderer: `127.0.0.1:${orderer.port}`,
      cafile: `${orderer.home}/tls/ca.crt`,
      channelID: net.channel,
      file,
    });
    await asAdmin(net, signers.at(-1), ['channel', 'update', '--tls', ...where]);
  });
}

function envelopeOf({ channel }, change) {
  const signed = new common.ConfigUpdateEnvelope();
  signed.setConfigUpdate(change.serializeBinary());
  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(common.HeaderType.CONFIG_UPDATE);
  channelHeader.setChannelId(channel);
  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(signed.serializeBinary());
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  return envelope.serializeBinary();
}

async function inScratch(use) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-channel-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
