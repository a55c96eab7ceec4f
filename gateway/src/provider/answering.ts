/**
 * The provider's side of the audits (paper 004 section 5.3, "GenProof"; constructions, sections 1.4 and 5.6): proves what
 * is whole, concedes what is not, and moves a file away from a node that stays down.
 *
 * @module
 */
import { rhoOf, wantedBlocks } from '@holdfast/protocol/audit.js';
import { base64url } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { blockCid } from '@holdfast/protocol/file-cid.js';
import type { Config } from '@holdfast/protocol/consortium-records.js';
import type { Args } from '@holdfast/protocol/ledger-transactions.js';
import { prove, type StoredFile } from '@holdfast/protocol/prover.js';
import { sectorsOf } from '@holdfast/protocol/tag.js';
import { openChallenges } from '../auditor/open-challenges.ts';
import { putFile, putJob } from './catalogue.ts';
import type { ProviderContext } from './context.ts';
import { leafOf, stored, tagOf } from './file-rows.ts';
import { examine, type Examined, type OpenChallenge } from './examination.ts';
import { fillNode } from './copies.ts';
import { oweFill, unlessRefused, workOff } from './outbox.ts';
import { MOST_REPLICAS, ranked } from './placement.ts';
import { answers, nodeNamed } from './block-store.ts';

/** The most blocks of a file that can be conceded until an intact verdict. */
const CONCEDED_LIMIT = 256;
/** The most files of one key, and keys, in one answer. */
const FILES_A_GROUP = 256;
const GROUPS_AN_ANSWER = 64;

/** What a settled, retired or overtaken challenge is refused with: there is nothing to do any more, or another time. */
const OVERTAKEN = ['ALREADY_EXISTS', 'NOT_DUE', 'NOT_FOUND', 'CONFLICT', 'EPOCH_PASSED'] as const;

/**
 * (Provider) Settles every challenge of `epoch` that is open for its files.
 *
 * @returns how many stay open: their node is down and may come back, or the ledger was faster. To be called again.
 */
export async function answerEpoch(context: ProviderContext, epoch: number): Promise<number> {
  const { session, signal, providerId, log } = context;
  const { value: beacon } = await session.evaluate('beacons:get', { epoch }, signal);
  const config = await session.evaluate('accounts:config', {}, signal);
  const whole: Examined[] = [];
  let open = 0;
  for await (const state of openChallenges(session, providerId, epoch, signal)) {
    try {
      const examined = await reachable(context, { state, epoch, beacon }, config);
      if (examined.damaged === undefined) open++;
      else if (examined.damaged.length === 0) whole.push(examined);
      else if (!(await concede(context, examined, examined.damaged))) open++;
    } catch (error) {
      signal.throwIfAborted();
      open++;
      log.error({ event: 'ExaminationFailed', fileId: state.file.fileId, epoch, err: error });
    }
  }
  for (const batch of batches(whole, config)) open += await answer(context, epoch, batch);
  await workOff(context);
  return open;
}

/** Examines the file; in the last epoch of the window also without a node that is down. */
async function reachable(
  context: ProviderContext,
  open: OpenChallenge,
  config: Config,
): Promise<Examined> {
  const examined = await examine(context, open);
  if (examined.damaged !== undefined) return examined;
  const { file } = open.state;
  const { node } = examined;
  const { epoch: now } = await context.session.evaluate('beacons:current', {}, context.signal);
  const end = Math.max(open.epoch, file.epochAmended) + config.answerWindow;
  context.log.warn({ event: 'NodeDown', node, fileId: file.fileId, epoch: open.epoch });
  return now < end - 1 ? examined : withoutNode(context, open, node);
}

/** Places the file on nodes that are up, another one added where there is one, and examines it there. */
async function withoutNode(
  context: ProviderContext,
  open: OpenChallenge,
  down: string,
): Promise<Examined> {
  const { catalogue, nodes, session, signal } = context;
  const { fileId } = open.state.file;
  const before = (open.state.placement?.nodes ?? []).filter((name) => name !== down);
  const after = await upAmong(context, before);
  const spare = await upAmong(
    context,
    [...nodes.keys()].filter((name) => name !== down && !before.includes(name)),
  );
  for (const name of ranked(fileId, spare).slice(0, MOST_REPLICAS - after.length)) {
    if (await added(context, fileId, name)) after.push(name);
  }
  await catalogue.write([oweFill(fileId, down)]);
  await session.submit('files:place', { fileId, nodes: after }, signal);
  const state = await session.evaluate('files:get', { fileId }, signal);
  const again = await examine(context, { ...open, state });
  // The node that an earlier verdict or the owner named stays named; the file answers from where it is.
  return again.damaged === undefined ? examine(context, { ...open, state }, after[0]) : again;
}

async function upAmong({ nodes, signal }: ProviderContext, names: readonly string[]) {
  const up: string[] = [];
  for (const name of names) {
    if ((await nodes.get(name)?.status(signal))?.up === true) up.push(name);
  }
  return up;
}

/** Whether another node could be given the whole file. */
async function added(context: ProviderContext, fileId: string, name: string): Promise<boolean> {
  const file = await stored(context, fileId);
  const nodes = [...new Set([...file.nodes, name])];
  await context.catalogue.write([putFile({ ...file, nodes })]);
  return answers(() => fillNode(context, { ...file, nodes }, name));
}

/**
 * Says which blocks are damaged, and owes their repair.
 *
 * @returns whether the verdict stands; else the challenge stays open.
 */
async function concede(
  context: ProviderContext,
  { state, epoch, node }: Examined,
  damaged: readonly number[],
): Promise<boolean> {
  const { catalogue, session, signal, log } = context;
  const { fileId } = state.file;
  const uids = concedable(state.due?.uids ?? [], damaged);
  // Where no more can be conceded, the verdict that says so much stands already, and the repair makes it provable.
  const settled = uids.length === 0 ? (state.due?.last ?? epoch) : epoch;
  await catalogue.write([putJob({ kind: 'repair', fileId, node, epoch: settled, uids: damaged })]);
  if (uids.length === 0) return false;
  const { epoch: now } = await session.evaluate('beacons:current', {}, signal);
  const args = { fileId, epoch, now, uids };
  const verdict = await unlessRefused(OVERTAKEN, session.submit('audits:concede', args, signal));
  if (verdict !== undefined) log.warn({ event: 'FileDamaged', fileId, node, epoch, uids });
  return verdict !== undefined;
}

/** Of the damaged blocks those conceded before, and as many new ones as may be conceded besides; ascending. */
function concedable(before: readonly number[], damaged: readonly number[]): number[] {
  const known = new Set(before);
  const fresh = damaged.filter((uid) => !known.has(uid)).slice(0, CONCEDED_LIMIT - known.size);
  const again = damaged.filter((uid) => known.has(uid));
  return [...again, ...fresh].toSorted((a, b) => a - b);
}

/** Files of one answer: within what one transaction may sample, and how many it may name. */
function batches(examined: readonly Examined[], config: Config): Examined[][] {
  const ordered = examined.toSorted((a, b) => order(keyOf(a), keyOf(b)));
  const all: Examined[][] = [];
  let batch: Examined[] = [];
  let sampled = 0;
  for (const one of ordered) {
    const blocks = wantedBlocks(one.state.file, one.state.ask, one.epoch);
    const groups = new Set([...batch, one].map(({ state }) => state.file.tagKeyId));
    const isFull =
      sampled + blocks > config.answerBlocks ||
      groups.size > GROUPS_AN_ANSWER ||
      batch.length >= FILES_A_GROUP;
    if (isFull && batch.length > 0) {
      all.push(batch);
      [batch, sampled] = [[], 0];
    }
    batch.push(one);
    sampled += blocks;
  }
  return batch.length === 0 ? all : [...all, batch];
}

/** Answers are ascending by tag key, then by file. */
const keyOf = ({ state }: Examined): string => `${state.file.tagKeyId}/${state.file.fileId}`;
const order = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** @returns how many files of the batch stay open. */
async function answer(
  context: ProviderContext,
  epoch: number,
  batch: readonly Examined[],
): Promise<number> {
  const { session, signal, log } = context;
  try {
    const groups = await proofsOf(context, batch);
    const { epoch: now } = await session.evaluate('beacons:current', {}, signal);
    await session.submit('audits:answer', { epoch, now, groups }, signal);
    log.info({ event: 'AuditsAnswered', epoch, files: batch.length });
    return 0;
  } catch (error) {
    signal.throwIfAborted();
    if (batch.length > 1 && !isUnreached(error)) {
      // One of them spoils the others' answer: each for itself.
      let open = 0;
      for (const one of batch) open += await answer(context, epoch, [one]);
      return open;
    }
    log.warn({ event: 'AnswerRefused', epoch, files: batch.length, err: error });
    return batch.length;
  }
}

const isUnreached = (error: unknown): boolean =>
  error instanceof HoldfastError && error.code === 'LEDGER_UNREACHABLE';

/** What each key proves, ascending by key. */
async function proofsOf(
  context: ProviderContext,
  batch: readonly Examined[],
): Promise<Args<'audits:answer'>['groups']> {
  const groups: Args<'audits:answer'>['groups'] = [];
  for (const tagKeyId of new Set(batch.map(({ state }) => state.file.tagKeyId))) {
    const files = batch.filter(({ state }) => state.file.tagKeyId === tagKeyId);
    groups.push({
      tagKeyId,
      files: files.map(({ state }) => ({ fileId: state.file.fileId })),
      proof: base64url(await proofOf(context, tagKeyId, files)),
    });
  }
  return groups;
}

/** One proof for all files of a key. */
async function proofOf(
  context: ProviderContext,
  tagKeyId: string,
  files: readonly Examined[],
): Promise<Uint8Array> {
  const { channel, providerId } = context;
  const [first] = files;
  if (first === undefined) throw new Error('bug: a group without a file');
  const { epoch, beacon } = first;
  const longest = files.reduce((most, { state }) => Math.max(most, state.file.blockSize), 0);
  return prove({
    table: await context.tables.table(tagKeyId, sectorsOf(longest)),
    rho: rhoOf({ channel, epoch, beacon, providerId, tagKeyId }),
    files: await Promise.all(files.map((examined) => storedFile(context, examined))),
    pool: context.pool,
  });
}

async function storedFile(
  context: ProviderContext,
  { state, challenge, node }: Examined,
): Promise<StoredFile> {
  const { catalogue, signal } = context;
  const file = await stored(context, state.file.fileId);
  return {
    challenge,
    tag: (uid) => tagOf(context, file, uid),
    async block(uid) {
      const { digest } = await leafOf(catalogue, file, uid);
      const bytes = await nodeNamed(context, node).get(blockCid(digest), signal);
      if (bytes !== undefined) return bytes;
      throw new HoldfastError('FILE_DAMAGED', `block ${uid} has just gone from ${node}`);
    },
  };
}
