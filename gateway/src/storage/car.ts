/**
 * Content-addressed archives (CARv1) in and out, streamed.
 *
 * @module
 */
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { CarBlockIterator, CarWriter } from '@ipld/car';
import type { CID } from 'multiformats/cid';
import { isWhole } from './block-cid.ts';
import type { DagBlock } from './dag.ts';

/** Largest block that every Kubo takes. */
const BLOCK_LIMIT = 1_048_576;

/**
 * The blocks of an archive, each checked against its CID: the decoder itself does not.
 *
 * @throws `INPUT_INVALID` where the archive is malformed, truncated, has another root than `root`, or holds bytes that
 *   are not the ones their CID names.
 */
export async function* readCar(
  root: CID,
  car: AsyncIterable<Uint8Array>,
): AsyncGenerator<DagBlock> {
  const blocks = await decoded(CarBlockIterator.fromIterable(car));
  const roots = await blocks.getRoots();
  if (roots.length !== 1 || roots[0]?.equals(root) !== true) {
    throw new HoldfastError('INPUT_INVALID', `the archive's only root must be ${root.toString()}`);
  }
  const iterator = blocks[Symbol.asyncIterator]();
  for (;;) {
    const { value: block, done } = await decoded(iterator.next());
    if (done === true) return;
    if (block.bytes.length > BLOCK_LIMIT || !isWhole(block.cid, block.bytes)) {
      throw new HoldfastError(
        'INPUT_INVALID',
        `the bytes of block ${block.cid.toString()} are not the ones its CID names`,
      );
    }
    yield block;
  }
}

async function decoded<T>(step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (cause) {
    if (cause instanceof HoldfastError) throw cause;
    throw new HoldfastError('INPUT_INVALID', 'not a whole archive (CAR)', { cause });
  }
}

/** The archive of `blocks` under `root`. */
export async function* writeCar(
  root: CID,
  blocks: AsyncIterable<DagBlock>,
): AsyncGenerator<Uint8Array> {
  const { writer, out } = CarWriter.create([root]);
  let failure: unknown;
  const writing = (async () => {
    try {
      for await (const block of blocks) await writer.put(block);
    } catch (error) {
      failure = error;
    }
    await writer.close();
  })();
  yield* out;
  await writing;
  // An archive that ends early must not look whole: the stream fails instead.
  if (failure !== undefined) throw failure;
}
