/** Who is in the network, on which ports of loopback, and where the files of each lie. All else follows from this. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const here = fileURLToPath(new URL('.', import.meta.url));

const DOMAIN = 'holdfast.test';
const ORDERERS = { raft: 3, bft: 4 };
/** Orderers cut a block after this time or at 100 transactions, whichever comes first. */
const BATCH_TIMEOUT = { raft: '100ms', bft: '50ms' };

/** @param settings what `up` was told; kept in the run folder, so that `start` never meets other ports. */
export function fabricLayout({
  folder,
  bin,
  caBin,
  consensus,
  basePort,
  channel,
  organisations: mspIds,
}) {
  const crypto = join(folder, 'crypto');
  const orderers = Array.from({ length: ORDERERS[consensus] }, (_, i) => {
    const host = `orderer${i + 1}.${DOMAIN}`;
    return {
      name: `orderer${i + 1}`,
      number: i + 1,
      host,
      port: basePort + 150 + i,
      admin: basePort + 160 + i,
      operations: basePort + 170 + i,
      home: join(crypto, 'ordererOrganizations', DOMAIN, 'orderers', host),
    };
  });
  const organisations = mspIds.map((mspId, i) => {
    const name = mspId.toLowerCase();
    const domain = `${name}.${DOMAIN}`;
    const tree = join(crypto, 'peerOrganizations', domain);
    return {
      mspId,
      name,
      domain,
      tree,
      peer: `peer-${name}`,
      authority: `authority-${name}`,
      port: basePort + 51 + 10 * i,
      events: basePort + 52 + 10 * i,
      operations: basePort + 53 + 10 * i,
      caPort: basePort + 54 + 10 * i,
      caOperations: basePort + 55 + 10 * i,
      // of two chaincodes, each of two versions while one follows the other
      chaincodePorts: [0, 1].map((slot) =>
        [0, 1].map((odd) => basePort + 56 + 10 * i + 2 * slot + odd),
      ),
      home: join(tree, 'peers', `peer0.${domain}`),
      caHome: join(tree, 'peers', `ca.${domain}`),
      admin: join(tree, 'users', `Admin@${domain}`, 'msp'),
      // what `fabric-ca-client gencrl` answers, PEM; gateways look at it again and again
      crl: join(tree, 'ca', 'crl.pem'),
      // where the organisation's gateway answers those of the others
      gatewayPort: basePort + 50 + 10 * i,
    };
  });
  return {
    folder,
    tool: (name) => join(name.startsWith('fabric-ca') ? caBin : bin, name),
    consensus,
    channel,
    batchTimeout: BATCH_TIMEOUT[consensus],
    crypto,
    ordererDomain: DOMAIN,
    orderers,
    organisations,
    config: join(folder, 'config'),
    firstBlock: join(folder, `${channel}.block`),
    connection: join(folder, 'connection.json'),
  };
}

/** For the process of an orderer. */
export const ordererEnv = (net, { name, home, port, admin, operations }) => ({
  FABRIC_CFG_PATH: net.config,
  FABRIC_LOGGING_SPEC: 'info',
  ORDERER_GENERAL_LISTENADDRESS: '127.0.0.1',
  ORDERER_GENERAL_LISTENPORT: port,
  ORDERER_GENERAL_LOCALMSPID: 'Orderers',
  ORDERER_GENERAL_LOCALMSPDIR: `${home}/msp`,
  ORDERER_GENERAL_TLS_PRIVATEKEY: `${home}/tls/server.key`,
  ORDERER_GENERAL_TLS_CERTIFICATE: `${home}/tls/server.crt`,
  ORDERER_GENERAL_TLS_ROOTCAS: `[${home}/tls/ca.crt]`,
  ORDERER_FILELEDGER_LOCATION: join(net.folder, 'data', name),
  ORDERER_CONSENSUS_WALDIR: join(net.folder, 'data', name, 'wal'),
  ORDERER_CONSENSUS_SNAPDIR: join(net.folder, 'data', name, 'snap'),
  ORDERER_OPERATIONS_LISTENADDRESS: `127.0.0.1:${operations}`,
  ORDERER_ADMIN_LISTENADDRESS: `127.0.0.1:${admin}`,
  ORDERER_ADMIN_TLS_PRIVATEKEY: `${home}/tls/server.key`,
  ORDERER_ADMIN_TLS_CERTIFICATE: `${home}/tls/server.crt`,
  ORDERER_ADMIN_TLS_CLIENTROOTCAS: `[${home}/tls/ca.crt]`,
});

/** For the process of a peer and, as an administrator, for the `peer` command. */
export const peerEnv = (net, organisation, msp = `${organisation.home}/msp`) => {
  const { domain, mspId, home, peer, port, events, operations } = organisation;
  const data = join(net.folder, 'data', peer);
  return {
    FABRIC_CFG_PATH: net.config,
    FABRIC_LOGGING_SPEC: msp === organisation.admin ? 'warn' : 'info',
    CORE_PEER_ID: `peer0.${domain}`,
    CORE_PEER_LOCALMSPID: mspId,
    CORE_PEER_MSPCONFIGPATH: msp,
    CORE_PEER_ADDRESS: `127.0.0.1:${port}`,
    CORE_PEER_LISTENADDRESS: `127.0.0.1:${port}`,
    CORE_PEER_CHAINCODEADDRESS: `127.0.0.1:${events}`,
    CORE_PEER_CHAINCODELISTENADDRESS: `127.0.0.1:${events}`,
    CORE_PEER_GOSSIP_BOOTSTRAP: `127.0.0.1:${port}`,
    CORE_PEER_GOSSIP_ENDPOINT: `127.0.0.1:${port}`,
    CORE_PEER_GOSSIP_EXTERNALENDPOINT: `127.0.0.1:${port}`,
    CORE_PEER_TLS_ENABLED: 'true',
    CORE_PEER_TLS_CERT_FILE: `${home}/tls/server.crt`,
    CORE_PEER_TLS_KEY_FILE: `${home}/tls/server.key`,
    CORE_PEER_TLS_ROOTCERT_FILE: `${home}/tls/ca.crt`,
    CORE_PEER_FILESYSTEMPATH: data,
    CORE_LEDGER_SNAPSHOTS_ROOTDIR: join(data, 'snapshots'),
    CORE_OPERATIONS_LISTENADDRESS: `127.0.0.1:${operations}`,
    CORE_CHAINCODE_EXTERNALBUILDERS: JSON.stringify([
      { name: 'ccaas', path: join(here, 'builder') },
    ]),
  };
};
