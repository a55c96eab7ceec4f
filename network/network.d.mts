export interface FabricOrganisation {
  readonly mspId: string;
  readonly name: string;
  readonly peer: string;
  readonly port: number;
  /** File of its authority's revocation list, PEM. */
  readonly crl: string;
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

export interface FabricOrderer {
  readonly name: string;
}

/** A chaincode on the channel, with the folder of its code. */
export interface Definition {
  readonly name: string;
  readonly version: string;
  readonly sequence: number;
  readonly label: string;
  readonly folder: string;
}

export interface Network {
  readonly folder: string;
  readonly settings: Settings;
  readonly fabric: {
    readonly folder: string;
    readonly channel: string;
    readonly connection: string;
    readonly consensus: 'raft' | 'bft';
    readonly orderers: readonly FabricOrderer[];
    readonly organisations: readonly FabricOrganisation[];
  };
  readonly ipfs: {
    readonly folder: string;
    readonly connection: string;
    readonly nodes: readonly IpfsNode[];
  };
}

export interface Settings extends Binaries {
  readonly consensus: 'raft' | 'bft';
  /** MSP ids. */
  readonly organisations: readonly string[];
  readonly channel: string;
  readonly basePort: number;
}

/** Folders of the engines' binaries. */
export interface Binaries {
  readonly bin: string;
  readonly caBin: string;
  readonly kuboBin: string;
  readonly clusterBin: string;
}

export type Step = (label: string, work: () => Promise<unknown>) => Promise<void>;

export function openNetwork(folder: string): Network;
export function up(folder: string, settings: Settings, step: Step): Promise<Network>;
export function start(network: Network, step: Step): Promise<void>;
export function halt(network: Network): Promise<readonly string[]>;
export function down(network: Network): Promise<void>;
/** @param folder - a packaged chaincode; as it is built here unless given. */
export function upgrade(network: Network, step: Step, folder?: string): Promise<Definition>;
export function deploy(network: Network, step: Step, folder?: string): Promise<Definition>;
export function definitionOf(network: Network): Definition;
