export interface RunningSystem {
  readonly url: string;
  /** Of the gateway. */
  readonly folder: string;
  /** Path of the ledger's connection file. */
  readonly connection: string;
  /** Ends a part, such as `gateway`, as a power switch does; resolves when it is back. */
  kill(name: string): Promise<void>;
  /** Ends a part in good order, until it is resumed. */
  pause(name: string): Promise<void>;
  resume(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** Paths of the connection files of a ledger and of the nodes that keep the blocks. */
export interface NetworkInUse {
  readonly ledger: string;
  readonly driver: 'embedded' | 'kubo' | 'cluster';
  readonly nodes?: string;
}

export function startSystem(options: {
  readonly folder: string;
  readonly port: number;
  readonly host?: string;
  /** What runs already; the embedded default unless given. */
  readonly network?: NetworkInUse;
  /** A gateway for each organisation: `gateway-alder` and so on. */
  readonly several?: boolean;
  readonly report?: (part: string, what: string, ms: number, where?: string) => void;
  readonly onLost?: (sentence: string) => void;
}): Promise<RunningSystem>;
