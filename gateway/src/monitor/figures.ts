/**
 * How things stand, in figures for Prometheus: read when it asks.
 *
 * @module
 */
import { X509Certificate } from 'node:crypto';
import type { Config } from '@holdfast/protocol/consortium-records.js';
import { isOverdue } from '../file-status.ts';
import type { LiveConnection } from '../identity/live-connection.ts';
import type { Revocations } from '../identity/revocations.ts';
import type { Figure, Reading } from '../metrics.ts';
import type { ProviderFigures } from '../provider/figures.ts';
import { MOST_REPLICAS } from '../provider/placement.ts';
import type { NodeState, Provider } from '../roles.ts';
import type { Monitor } from './monitor.ts';
import type { StoredBytes } from './stored-bytes.ts';
import type { WatchedFile } from './watched-file.ts';

export interface FiguresParts {
  /** Of whose nodes; undefined where nobody here asks one. */
  readonly provider: Pick<Provider, 'nodes'> | undefined;
  readonly monitor: Pick<
    Monitor,
    'damagedOn' | 'files' | 'clock' | 'standing' | 'verdictAt' | 'onChange'
  >;
  /** Of the provider that is played here. */
  readonly provided: (() => Promise<ProviderFigures>) | undefined;
  readonly stored: StoredBytes;
  readonly connection: LiveConnection;
  readonly revocations: Pick<Revocations, 'nextBy'>;
  readonly config: Config;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
  readonly signal: AbortSignal;
}

/** (Agent) */
export function figuresOf(given: FiguresParts): Figure[] {
  const { provider, provided } = given;
  const nodes = provider === undefined ? undefined : shared(() => provider.nodes());
  return [
    ...(nodes === undefined ? [] : nodeFigures(given, nodes)),
    ...fileFigures(given, nodes),
    ...ledgerFigures(given),
    ...(provided === undefined ? [] : providerFigures(given, shared(provided))),
    certificates(given),
    revocationLists(given),
  ];
}

type Nodes = () => Promise<readonly NodeState[]>;

/** Those that ask while it is being looked get what is found then: one look a scrape. */
function shared<T>(look: () => Promise<T>): () => Promise<T> {
  let looking: Promise<T> | undefined;
  return () => {
    looking ??= look().finally(() => (looking = undefined));
    return looking;
  };
}

function nodeFigures({ monitor, stored }: FiguresParts, nodes: Nodes): Figure[] {
  const ofNodes = (read: (node: NodeState) => number | undefined) => async () =>
    (await nodes()).flatMap((state) => reading(read(state), { node: state.node }));
  return [
    {
      name: 'node_free_bytes',
      help: 'Free space of a storage node that answers',
      labels: ['node'],
      read: ofNodes(({ up, freeBytes }) => (up ? Number(freeBytes) : undefined)),
    },
    {
      name: 'damaged_blocks',
      help: 'Blocks with known damage on a storage node',
      labels: ['node'],
      read: ofNodes(({ node }) => monitor.damagedOn(node)),
    },
    {
      name: 'stored_bytes',
      help: 'Bytes in the folder of a storage node, counted now and then',
      labels: ['node'],
      read: () => [...stored.latest()].flatMap(([node, bytes]) => reading(bytes, { node })),
    },
  ];
}

function fileFigures({ monitor, config, nowMs }: FiguresParts, nodes: Nodes | undefined): Figure[] {
  const count = (is: (file: WatchedFile) => boolean): number =>
    [...monitor.files()].reduce((sum, file) => sum + Number(is(file)), 0);
  const belowReplicas = (look: Nodes): Figure => ({
    name: 'files_below_replicas',
    help: 'Files with fewer replicas, on nodes that answer and without known damage, than the least they may have (minimum="true") or than wanted (minimum="false")',
    labels: ['minimum'],
    async read() {
      const all = await look();
      const up = new Set(all.filter((node) => node.up).map(({ node }) => node));
      const below = (least: number) => count((file) => wholeOn(file, up).length < least);
      const wanted = Math.min(MOST_REPLICAS, all.length);
      return [
        ...reading(below(config.minimumReplicas), { minimum: 'true' }),
        ...reading(below(wanted), { minimum: 'false' }),
      ];
    },
  });
  return [
    ...(nodes === undefined ? [] : [belowReplicas(nodes)]),
    {
      name: 'files_overdue',
      help: 'Files without an audit for twice its period and the window, in epochs',
      read: () => {
        const { epoch } = monitor.clock();
        return reading(count(({ since }) => isOverdue(since, epoch, config)));
      },
    },
    {
      name: 'verdict_age_seconds',
      help: 'Since the newest verdict on the ledger; absent before the first',
      read: () => {
        const at = monitor.verdictAt();
        return at === undefined ? [] : reading((nowMs() - Date.parse(at)) / 1000);
      },
    },
  ];
}

const wholeOn = ({ nodes, byNode }: WatchedFile, up: ReadonlySet<string>): string[] =>
  nodes.filter((node) => up.has(node) && byNode[node] !== 'damaged');

function ledgerFigures({ monitor, monotonicMs, signal }: FiguresParts): Figure[] {
  const height = (): number | undefined => {
    const standing = monitor.standing();
    return standing && standing.ledgerBlockNumber + 1;
  };
  let seen = { height: height(), at: monotonicMs() };
  monitor.onChange(() => {
    if (height() !== seen.height) seen = { height: height(), at: monotonicMs() };
  }, signal);
  return [
    {
      name: 'ledger_height',
      help: 'Ledger blocks, as far as their events have been followed',
      read: () => reading(height()),
    },
    {
      name: 'ledger_block_age_seconds',
      help: 'Since a new ledger block was seen, or since the start',
      read: () => reading((monotonicMs() - seen.at) / 1000),
    },
  ];
}

function providerFigures(
  { monotonicMs }: FiguresParts,
  provided: () => Promise<ProviderFigures>,
): Figure[] {
  /** When each was first seen here. */
  let owedSince = new Map<string, number>();
  return [
    {
      name: 'uploads_in_progress',
      help: 'Uploads that have begun and are not accepted',
      read: async () => reading((await provided()).uploads),
    },
    {
      name: 'logical_bytes',
      help: 'Bytes of stored files, ciphertext and manifest, each as often as it has owners',
      read: async () => reading((await provided()).logicalBytes),
    },
    {
      name: 'outbox_jobs',
      help: 'Copies and repairs that the provider owes',
      read: async () => reading((await provided()).jobs.length),
    },
    {
      name: 'outbox_oldest_seconds',
      help: 'How long the oldest of them has been owed, as far as this process has looked',
      async read() {
        const now = monotonicMs();
        const { jobs } = await provided();
        owedSince = new Map(jobs.map((job) => [job, owedSince.get(job) ?? now]));
        return reading((now - Math.min(now, ...owedSince.values())) / 1000);
      },
    },
  ];
}

function certificates({ connection, nowMs }: FiguresParts): Figure {
  const ends = () =>
    connection().organisations.flatMap(({ mspId, identities }) =>
      Object.entries(identities).map(([role, { cert }]) => ({
        labels: { organisation: mspId, role },
        at: Date.parse(new X509Certificate(cert).validTo),
      })),
    );
  return {
    name: 'certificate_expiry_seconds',
    help: 'Until the certificate of a role ends',
    labels: ['organisation', 'role'],
    read: () => ends().map(({ labels, at }) => ({ labels, value: (at - nowMs()) / 1000 })),
  };
}

const revocationLists = ({ revocations, nowMs }: FiguresParts): Figure => ({
  name: 'revocation_list_expiry_seconds',
  help: 'Until the revocation list of an organisation should have been replaced',
  labels: ['organisation'],
  read: () =>
    revocations.nextBy().map(([organisation, at]) => ({
      labels: { organisation },
      value: (at - nowMs()) / 1000,
    })),
});

const reading = (value: number | undefined, labels?: Record<string, string>): Reading[] =>
  value === undefined ? [] : [labels === undefined ? { value } : { labels, value }];
