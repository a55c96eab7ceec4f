/**
 * One file of the owner's: how it stands, how soon damage would be found, whether its keys can be had back.
 *
 * @module
 */
import { fileStatus, type FileStatus } from '@holdfast/protocol/file-messages.js';
import { assuranceOf, type Assurance } from './assurance.ts';
import { openFactsCache } from './file-facts.ts';
import { openFileKeys, readFileState } from '@holdfast/protocol/owner/file-keys.js';
import { listed, whereUntold, type Listed, type Told } from './listing.ts';
import { readConfig, readEpoch } from '@holdfast/protocol/owner/parties.js';
import type { Session } from './session.ts';

export interface OwnStatus extends Listed {
  readonly assurance: Assurance;
  readonly shares: {
    readonly count: number;
    readonly threshold: number;
    readonly readable: number;
  };
  readonly pricePerEpoch: string;
  readonly root: string;
  /** Seconds of an epoch at least: turns epochs into time. */
  readonly slotSeconds: number;
  /** What the gateway adds: verdicts a node, damaged blocks. */
  readonly told: FileStatus | undefined;
}

/** (Owner) @throws `SHARES_TOO_FEW` where the file's keys cannot be had back. */
export async function statusOf(session: Session, fileId: string): Promise<OwnStatus> {
  const config = await readConfig(session.ledger);
  const epoch = await readEpoch(session.ledger);
  const state = await readFileState(session, fileId);
  const { record, bad } = await openFileKeys(session, fileId);
  const told = await toldStatus(session, fileId);
  const cache = await openFactsCache(session);
  const item = await listed(session, {
    state,
    epoch,
    config,
    cache,
    told: new Map(told === undefined ? [] : [[fileId, toldOf(told)]]),
  });
  await cache.save();
  const { file } = state;
  return {
    ...item,
    assurance: assuranceOf(file.blockCount, Math.max(1, item.nodes.length), config),
    shares: {
      count: record.shareCount,
      threshold: record.threshold,
      readable: record.shareCount - bad.length,
    },
    pricePerEpoch: file.pricePerEpoch,
    root: file.root,
    slotSeconds: config.slotSeconds,
    told,
  };
}

const toldStatus = ({ api }: Session, fileId: string): Promise<FileStatus | undefined> =>
  api.call('GET', `/v1/files/${fileId}/status`, fileStatus).catch(whereUntold);

function toldOf({ state, safe, replicas }: FileStatus): Told {
  const times = replicas.flatMap(({ at }) => (at === null ? [] : [at]));
  return { state, safe, lastVerdictAt: times.toSorted().at(-1) ?? null };
}
