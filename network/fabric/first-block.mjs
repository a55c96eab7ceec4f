/** What Fabric's two generators read, as JSON, which is YAML: who gets certificates, and the channel's first block. */
const NAMES = ['localhost', '127.0.0.1'];
const signature = (rule) => ({ Type: 'Signature', Rule: rule });
const implicit = (rule) => ({ Type: 'ImplicitMeta', Rule: rule });
const STANDARD = {
  Readers: implicit('ANY Readers'),
  Writers: implicit('ANY Writers'),
  Admins: implicit('MAJORITY Admins'),
};
const BATCH_SIZE = {
  MaxMessageCount: 100,
  AbsoluteMaxBytes: '10 MB',
  PreferredMaxBytes: '2 MB',
};
/** An election takes a second or two; at Fabric's own 500 ms it takes up to nine. */
const RAFT = {
  TickInterval: '100ms',
  ElectionTick: 10,
  HeartbeatTick: 1,
  MaxInflightBlocks: 5,
  SnapshotIntervalSize: '16 MB',
};

/** Others lead seven seconds after a leader went away while something waits, else after ten; Fabric's own: 22 and 60. */
const BFT = {
  RequestBatchMaxCount: 100,
  RequestBatchMaxBytes: 10 * 2 ** 20,
  IncomingMessageBufferSize: 200,
  RequestPoolSize: 100_000,
  RequestForwardTimeout: '2s',
  RequestComplainTimeout: '5s',
  RequestAutoRemoveTimeout: '3m0s',
  ViewChangeResendInterval: '2s',
  ViewChangeTimeout: '10s',
  LeaderHeartbeatTimeout: '10s',
  LeaderHeartbeatCount: 10,
  CollectTimeout: '1s',
};

export const certificatesWanted = ({ ordererDomain, orderers, organisations }) => ({
  OrdererOrgs: [
    {
      Name: 'Orderers',
      Domain: ordererDomain,
      EnableNodeOUs: true,
      Specs: orderers.map(({ name }) => ({ Hostname: name, SANS: NAMES })),
    },
  ],
  PeerOrgs: organisations.map(({ mspId, domain }) => ({
    Name: mspId,
    Domain: domain,
    EnableNodeOUs: true,
    Template: { Count: 1, SANS: NAMES },
    // the authority's certificate of TLS
    Specs: [{ Hostname: 'ca', SANS: NAMES }],
    Users: { Count: 0 },
  })),
});

export function channelWanted(net) {
  const capability = net.consensus === 'bft' ? { V3_0: true } : { V2_0: true };
  return {
    Profiles: {
      Channel: {
        Policies: STANDARD,
        Capabilities: capability,
        Orderer: {
          ...consensusOf(net),
          BatchTimeout: net.batchTimeout,
          BatchSize: BATCH_SIZE,
          Organizations: [orderersOf(net)],
          Policies: { ...STANDARD, BlockValidation: implicit('ANY Writers') },
          Capabilities: { V2_0: true },
        },
        Application: {
          Organizations: net.organisations.map(organisationOf),
          Capabilities: { V2_5: true },
          Policies: {
            ...STANDARD,
            LifecycleEndorsement: implicit('MAJORITY Endorsement'),
            Endorsement: implicit('MAJORITY Endorsement'),
          },
        },
      },
    },
  };
}

const orderersOf = ({ crypto, ordererDomain, orderers }) => ({
  Name: 'Orderers',
  ID: 'Orderers',
  MSPDir: `${crypto}/ordererOrganizations/${ordererDomain}/msp`,
  Policies: {
    Readers: signature("OR('Orderers.member')"),
    Writers: signature("OR('Orderers.member')"),
    Admins: signature("OR('Orderers.admin')"),
  },
  OrdererEndpoints: orderers.map(({ port }) => `127.0.0.1:${port}`),
});

const organisationOf = ({ mspId, tree, port }) => ({
  Name: mspId,
  ID: mspId,
  MSPDir: `${tree}/msp`,
  AnchorPeers: [{ Host: '127.0.0.1', Port: port }],
  Policies: {
    Readers: signature(`OR('${mspId}.admin','${mspId}.peer','${mspId}.client')`),
    Writers: signature(`OR('${mspId}.admin','${mspId}.client')`),
    Admins: signature(`OR('${mspId}.admin')`),
    Endorsement: signature(`OR('${mspId}.peer')`),
  },
});

const tlsOf = ({ home, port }) => ({
  Host: '127.0.0.1',
  Port: port,
  ClientTLSCert: `${home}/tls/server.crt`,
  ServerTLSCert: `${home}/tls/server.crt`,
});

function consensusOf({ consensus, orderers, batchTimeout }) {
  if (consensus === 'raft') {
    return {
      OrdererType: 'etcdraft',
      EtcdRaft: { Consenters: orderers.map(tlsOf), Options: RAFT },
    };
  }
  return {
    OrdererType: 'BFT',
    SmartBFT: { ...BFT, RequestBatchMaxInterval: batchTimeout },
    ConsenterMapping: orderers.map((orderer) => ({
      ID: orderer.number,
      MSPID: 'Orderers',
      Identity: `${orderer.home}/msp/signcerts/${orderer.host}-cert.pem`,
      ...tlsOf(orderer),
    })),
  };
}
