export interface FabricOrganisation {
  readonly mspId: string;
  readonly name: string;
  readonly peer: string;
  readonly port: number;
}

export interface IpfsNode {
  readonly name: string;
  /** Names of its processes. */
  readonly kubo: string;
  readonly cluster: string;
  /** Port of its RPC. */
  readonly rpc: number;
  /** Folder of its repository. */
  readonly repository: string;
}

export interface Network {
  readonly folder: string;
  readonly fabric: {
    readonly folder: string;
    readonly connection: string;
    readonly orderers: readonly { readonly name: string }[];
    readonly organisations: readonly FabricOrganisation[];
  };
  readonly ipfs: {
    readonly folder: string;
    readonly connection: string;
    readonly nodes: readonly IpfsNode[];
  };
}

export interface Settings {
  readonly consensus: 'raft' | 'bft';
  readonly basePort: number;
  readonly bin: string;
  readonly caBin: string;
  readonly kuboBin: string;
  readonly clusterBin: string;
}

type Step = (label: string, work: () => Promise<unknown>) => Promise<void>;

export function openNetwork(folder: string): Network;
export function up(folder: string, settings: Settings, step: Step): Promise<Network>;
export function start(network: Network, step: Step): Promise<void>;
export function halt(network: Network): Promise<readonly string[]>;
export function down(network: Network): Promise<void>;
