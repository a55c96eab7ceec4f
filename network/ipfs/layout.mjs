/** Three Kubo nodes and a Cluster peer beside each: ports of loopback, folders, names. */
import { join } from 'node:path';

const NODES = 3;
/** Fewest and most nodes that keep a pin. */
const REPLICATION = { min: 2, max: 3 };

export function ipfsLayout({ folder, kuboBin, clusterBin, basePort }) {
  const nodes = Array.from({ length: NODES }, (_, i) => ({
    name: `birch-${i + 1}`,
    kubo: `kubo-${i + 1}`,
    cluster: `cluster-${i + 1}`,
    repository: join(folder, 'data', `kubo-${i + 1}`),
    clusterHome: join(folder, 'data', `cluster-${i + 1}`),
    rpc: basePort + 201 + 10 * i,
    swarm: basePort + 202 + 10 * i,
    gateway: basePort + 203 + 10 * i,
    clusterRest: basePort + 204 + 10 * i,
    clusterSwarm: basePort + 205 + 10 * i,
  }));
  return {
    folder,
    ipfs: join(kuboBin, 'ipfs'),
    service: join(clusterBin, 'ipfs-cluster-service'),
    nodes,
    replication: REPLICATION,
    connection: join(folder, 'nodes.json'),
  };
}

export const multiaddress = (port) => `/ip4/127.0.0.1/tcp/${port}`;

/** Without the swarm's key a node refuses to start, rather than join the public network. */
export const kuboEnv = ({ repository }) => ({
  IPFS_PATH: repository,
  LIBP2P_FORCE_PNET: '1',
  IPFS_TELEMETRY: 'off',
  GOLOG_LOG_LEVEL: 'error',
});

export const clusterEnv = ({ clusterHome }) => ({ IPFS_CLUSTER_PATH: clusterHome });
