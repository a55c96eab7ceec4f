/**
 * A stored file as a content-addressed archive: what `ipfs dag import` takes, ciphertext and manifest under one CID.
 *
 * @module
 */
import { fileDag, blockCid } from '@holdfast/protocol/file-cid.js';
import type { FileRecord } from '@holdfast/protocol/file-records.js';
import { leavesOf } from './auditor/locate-damage.ts';
import type { Provider } from './roles.ts';
import { writeCar } from './storage/car.ts';
import type { DagBlock } from './storage/dag.ts';

/** (Provider) The root first, then the leaves in order. */
export async function* exportCar(
  provider: Provider,
  file: FileRecord,
): AsyncGenerator<Uint8Array, void> {
  const leaves = [...(await leavesOf(provider, file)).values()];
  const dag = fileDag(leaves);

  async function* blocks(): AsyncGenerator<DagBlock, void> {
    yield* dag.nodes.toReversed();
    let next = 0;
    for await (const bytes of inPieces(provider, file, leaves)) {
      const leaf = leaves[next++];
      if (leaf !== undefined) yield { cid: blockCid(leaf.digest), bytes };
    }
  }
  yield* writeCar(dag.cid, blocks());
}

/** Content and manifest, cut where blocks end. */
async function* inPieces(
  provider: Provider,
  file: FileRecord,
  leaves: readonly { readonly length: number }[],
): AsyncGenerator<Uint8Array, void> {
  const lengths = leaves.map(({ length }) => length).values();
  let piece = new Uint8Array(lengths.next().value ?? 0);
  let filled = 0;
  for (const part of ['content', 'manifest'] as const) {
    const { bytes } = await provider.read(file, part);
    for await (let chunk of bytes) {
      while (chunk.length > 0) {
        const taken = Math.min(chunk.length, piece.length - filled);
        piece.set(chunk.subarray(0, taken), filled);
        filled += taken;
        chunk = chunk.subarray(taken);
        if (filled < piece.length) continue;
        yield piece;
        piece = new Uint8Array(lengths.next().value ?? 0);
        filled = 0;
        if (piece.length === 0) return;
      }
    }
  }
}
