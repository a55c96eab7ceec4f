/**
 * What the provider owes and does as soon as it can: copies for nodes that were down, repairs of conceded blocks, removal
 * of what nobody registered or its owner has retired. All of it survives a restart.
 *
 * @module
 */
import { HoldfastError, type ErrorCode } from '@holdfast/protocol/errors.js';
import { putFile, putJob, removeJob } from './catalogue.ts';
import type { ProviderContext } from './context.ts';
import { leafOf } from './file-rows.ts';
import { dropFile } from './drop.ts';
import { fillNode, repairBlocks } from './copies.ts';
import { MOST_REPLICAS } from './placement.ts';
import { nodeNamed, type Store } from './block-store.ts';
import type { Job, TaggedFile } from './tagged-file.ts';

/** (Provider) Tries everything once; what fails stays owed and is logged. */
export async function workOff(context: ProviderContext): Promise<void> {
  for (const job of await context.catalogue.jobs()) {
    await attempt(context, job, () =>
      context.exclusive(job.fileId, async () => {
        const file = await context.catalogue.file(job.fileId);
        const isDone = file === undefined || (await doJob(context, file, job));
        if (isDone) await context.catalogue.write([removeJob(job)]);
      }),
    );
  }
}

/** (Provider) Drops what its owner gave up while the disk was full. */
export async function dropAbandoned(context: ProviderContext): Promise<void> {
  for (const fileId of context.abandoned) {
    await attempt(context, { kind: 'drop', fileId }, () =>
      context.exclusive(fileId, async () => {
        const file = await context.catalogue.file(fileId);
        if (file !== undefined && file.accepted === null) await dropFile(context, file);
        context.abandoned.delete(fileId);
      }),
    );
  }
}

/** (Provider) Ends a file now, or as soon as all its nodes are up. */
export async function dropOrOwe(context: ProviderContext, file: TaggedFile): Promise<void> {
  const { fileId } = file;
  await context.catalogue.write([putFile({ ...file, state: 'dropping' })]);
  await attempt(context, { kind: 'drop', fileId }, () => dropFile(context, file));
}

async function attempt(
  { log, signal }: Pick<ProviderContext, 'log' | 'signal'>,
  about: Pick<Job, 'fileId'> & { readonly kind: string },
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    signal.throwIfAborted();
    log.warn({ event: 'JobFailed', kind: about.kind, fileId: about.fileId, err: error });
  }
}

/** @returns whether the job is done. */
async function doJob(context: ProviderContext, file: TaggedFile, job: Job): Promise<boolean> {
  const { up } = await nodeNamed(context, job.node).status(context.signal);
  if (!up || file.accepted === null || file.state === 'dropping') return false;
  switch (job.kind) {
    case 'fill':
      return fill(context, file, job.node);
    case 'repair': {
      // Before the verdict stands, a repair would hide what it is about.
      if (!(await isSettled(context, job.fileId, job.epoch))) return false;
      const uids = await counted(context, () => repairConceded(context, file, job));
      context.log.info({ event: 'FileRepaired', fileId: job.fileId, node: job.node, uids });
      return true;
    }
  }
}

async function counted<T>(
  { onRepair }: Pick<ProviderContext, 'onRepair'>,
  repair: () => Promise<T>,
): Promise<T> {
  try {
    const repaired = await repair();
    onRepair?.('mended');
    return repaired;
  } catch (error) {
    const isLost = error instanceof HoldfastError && error.code === 'FILE_LOST';
    onRepair?.(isLost ? 'lost' : 'failed');
    throw error;
  }
}

async function repairConceded(
  context: ProviderContext,
  file: TaggedFile,
  { node, uids }: Extract<Job, { kind: 'repair' }>,
): Promise<number[]> {
  const leaves = await Promise.all(uids.map((uid) => leafOf(context.catalogue, file, uid)));
  return repairBlocks(context, file, node, leaves);
}

const isSettled = async (
  { session, signal }: ProviderContext,
  fileId: string,
  epoch: number,
): Promise<boolean> =>
  (await unlessRefused(
    ['NOT_FOUND'],
    session.evaluate('audits:get', { fileId, epoch }, signal),
  )) !== undefined;

/** undefined where the ledger refuses with one of these codes. */
export async function unlessRefused<T>(
  codes: readonly ErrorCode[],
  call: Promise<T>,
): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof HoldfastError && codes.includes(error.code)) return undefined;
    throw error;
  }
}

/** Makes a node's copy whole and lets the node answer for it. */
async function fill(context: ProviderContext, file: TaggedFile, node: string): Promise<boolean> {
  const { catalogue, session, signal } = context;
  const { fileId } = file;
  const nodes = [...new Set([...file.nodes, node])];
  await catalogue.write([putFile({ ...file, nodes })]);
  await fillNode(context, file, node);
  const incomplete = file.incomplete.filter((name) => name !== node);
  await catalogue.write([putFile({ ...file, nodes, incomplete })]);
  const state = await unlessRefused(
    ['NOT_FOUND'],
    session.evaluate('files:get', { fileId }, signal),
  );
  const placed = state?.placement?.nodes;
  if (placed === undefined || placed.includes(node) || placed.length >= MOST_REPLICAS) return true;
  await session.submit('files:place', { fileId, nodes: [...placed, node] }, signal);
  return true;
}

/** (Provider) Owes a node's copy of a file. */
export const oweFill = (fileId: string, node: string) => putJob({ kind: 'fill', fileId, node });

/**
 * (Provider) Removes what is dropping already, and uploads that were not registered in time. One whose bytes are just
 * coming is left for the next time: its sender could make the audits of all other owners wait.
 *
 * @param epoch - the present one.
 * @param grace - epochs beyond the expiry of the terms.
 */
export async function dropExpired(
  context: Store & Pick<ProviderContext, 'log' | 'session'>,
  epoch: number,
  grace: number,
): Promise<void> {
  for await (const { fileId, state, terms } of context.catalogue.files()) {
    const isExpired = state !== 'registered' && epoch > terms.expiryEpoch + grace;
    if (state !== 'dropping' && !isExpired) continue;
    if (!context.exclusive.isFree(fileId)) continue;
    await attempt(context, { kind: 'drop', fileId }, () =>
      context.exclusive(fileId, async () => {
        const file = await context.catalogue.file(fileId);
        if (file === undefined) return;
        if (file.state === 'accepted' && (await isRegistered(context, file))) {
          await context.catalogue.write([putFile({ ...file, state: 'registered' })]);
        } else {
          await dropFile(context, file);
        }
      }),
    );
  }
}

/** Asked before bytes go: an event may not have come yet. */
async function isRegistered(
  { session, signal }: Pick<ProviderContext, 'session' | 'signal'>,
  { fileId }: TaggedFile,
): Promise<boolean> {
  const state = await unlessRefused(
    ['NOT_FOUND'],
    session.evaluate('files:get', { fileId }, signal),
  );
  return state?.file.state === 'active';
}
