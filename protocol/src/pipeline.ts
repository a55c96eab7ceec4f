/**
 * A file on its way out, in one pass and bounded memory: plaintext, extents, keys from the key servers, ciphertext,
 * blocks; the manifest last, because its key needs the whole file. No plaintext is written anywhere.
 *
 * @module
 */
import type { Random } from '#platform';
import type { CID } from 'multiformats/cid';
import { hex } from './bytes.ts';
import { extentKey, fileKey, fingerprint, tagNonce } from './content-keys.ts';
import { EXTENT_BYTES, readExtents, type Extent } from './extents.ts';
import { fileDag, type StoredBlock } from './file-cid.ts';
import type { KeyServerOrganisation } from './consortium-records.ts';
import { sealManifest, type ManifestExtent } from './manifest.ts';
import { evaluateAll, openOprfSet, type Oprf, type OprfSet } from './oprf-set.ts';
import { layoutOf, type Layout } from './padding.ts';
import { inline, inOrder, type Pool } from './pool.ts';
import { blockCutting, extentSealing, type CutBlocks } from './seal-extent.ts';

/** Extents whose keys are asked for in one call; the next group is read while this one is encrypted. */
const GROUP = 4;

export interface PlainFile {
  /** Bytes that `source` must have. */
  readonly size: number;
  readonly source: AsyncIterable<Uint8Array>;
}

export interface SealContext {
  readonly fileId: Uint8Array;
  /** k_n, from the owner's seed. */
  readonly nonceKey: Uint8Array;
  readonly blockSize: number;
  /** Whether the provider asks for Padme. */
  readonly padding: boolean;
  /** All key servers of the configuration, read attested. */
  readonly keyServers: readonly KeyServerOrganisation[];
  readonly oprf: Oprf;
  /** Of the tag key: makes the sector sums, all that tags need beside W. */
  readonly alpha: bigint;
  readonly random: Random;
  /** Where extents are digested and sealed; inline unless given. */
  readonly pool?: Pool;
}

/** A block as it leaves; block i has uid i. */
export interface SealedBlock extends StoredBlock {
  readonly index: number;
  /** Holds until the next block is asked for: then other bytes may take its room. */
  readonly ciphertext: Uint8Array;
  readonly sectorSum: Uint8Array;
}

export interface SealedFile extends Layout {
  readonly tau: Uint8Array;
  /** K_F. */
  readonly fileKey: Uint8Array;
  readonly oprfSetId: Uint8Array;
  /** T_F. */
  readonly fingerprint: Uint8Array;
  /** The nonce of W, 16 bytes. */
  readonly nonce: Uint8Array;
  /** All blocks, those of the manifest last. */
  readonly blocks: readonly StoredBlock[];
  /** 32 bytes a block: tags are finished from them. */
  readonly sums: readonly Uint8Array[];
  readonly cid: CID;
}

/**
 * (Owner) Encrypts a file and cuts it into blocks, the manifest's after the data's.
 *
 * At most nine extents are in memory, and two for each thread of the pool: four that have keys, four whose keys are asked
 * for, one being read; those being digested or sealed.
 *
 * @returns at its end, all that tags, root, shares and the ledger record need.
 * @throws `INPUT_INVALID` where the source has another size; `KEY_INVALID`, `ANSWER_FALSE` naming a key server.
 */
export async function* sealFile(
  file: PlainFile,
  context: SealContext,
): AsyncGenerator<SealedBlock, SealedFile> {
  const layout = layoutOf(file.size, context.blockSize, context.padding);
  const set = openOprfSet(context.keyServers);
  const blocks: StoredBlock[] = [];
  const sums: Uint8Array[] = [];
  const spare: Uint8Array[] = [];
  const rows = sealRows(file, layout, set, context, spare);
  let row = await rows.next();
  try {
    for (; row.done !== true; row = await rows.next()) {
      for (const block of blocksOf(row.value, context.blockSize, blocks.length)) {
        const { length, digest, sectorSum } = block;
        blocks.push({ length, digest });
        sums.push(sectorSum);
        yield block;
      }
      if (row.value.bytes.length === EXTENT_BYTES) spare.push(row.value.bytes);
    }
  } finally {
    await rows.return(undefined as never);
  }
  const { tau, fileKey: key } = row.value;
  const { fileId, nonceKey } = context;
  return {
    ...layout,
    tau,
    fileKey: key,
    oprfSetId: set.id,
    fingerprint: fingerprint(key),
    nonce: tagNonce(nonceKey, { ...layout, fileId, firstUid: 0, tau, oprfSetId: set.id }),
    blocks,
    sums,
    cid: fileDag(blocks).cid,
  };
}

/** The blocks of a row; extents begin where blocks do. */
function* blocksOf(
  { bytes, digests, sums }: CutBlocks,
  blockSize: number,
  first: number,
): Generator<SealedBlock, void> {
  for (let i = 0; i * blockSize < bytes.length; i++) {
    const ciphertext = bytes.subarray(i * blockSize, (i + 1) * blockSize);
    yield {
      index: first + i,
      length: ciphertext.length,
      ciphertext,
      digest: digests.slice(32 * i, 32 * (i + 1)),
      sectorSum: sums.slice(32 * i, 32 * (i + 1)),
    };
  }
}

/**
 * The padded ciphertext, an extent a row, then the sealed manifest.
 *
 * @param spare - rooms of rows that have left. New ones for each extent would cost a tenth of all work in page faults and
 *   a collector that runs for nothing else.
 */
async function* sealRows(
  file: PlainFile,
  layout: Layout,
  set: OprfSet,
  { alpha, blockSize, oprf, pool = inline, random }: SealContext,
  spare: Uint8Array[],
): AsyncGenerator<CutBlocks, WholeFile> {
  const evaluate: Evaluate = (taus) => evaluateAll(set, taus, oprf, random);
  const extents: ManifestExtent[] = [];
  let whole: WholeFile | undefined;
  const keyed = keyExtents(readExtents(file.source, file.size, pool, spare), set, evaluate);
  const sealed = inOrder(keyed, pool.width - 1, ({ bytes, key, whole: found }) => {
    extents.push({ length: bytes.length, key });
    whole = found;
    const padding = found === undefined ? 0 : layout.paddedSize - layout.size;
    return pool.run(extentSealing, { bytes, key, padding, blockSize, alpha }, [bytes]);
  });
  yield* sealed;
  if (whole === undefined) throw new Error('bug: a file without a last extent');
  const manifest = { size: file.size, oprfSetId: set.id, extents };
  const bytes = await sealManifest(whole.fileKey, manifest);
  yield await pool.run(blockCutting, { bytes, blockSize, alpha }, [bytes]);
  return whole;
}

interface WholeFile {
  readonly tau: Uint8Array;
  readonly fileKey: Uint8Array;
}

interface KeyedExtent {
  readonly bytes: Uint8Array;
  /** E_j. */
  readonly key: Uint8Array;
  /** On the last extent only. */
  readonly whole: WholeFile | undefined;
}

type Evaluate = (taus: readonly Uint8Array[]) => Promise<Uint8Array[]>;

/** Gives every extent its key, reading and asking one group ahead. */
async function* keyExtents(
  extents: AsyncGenerator<Extent, void>,
  set: OprfSet,
  evaluate: Evaluate,
): AsyncGenerator<KeyedExtent, void> {
  let ahead = Promise.allSettled([readGroup(extents, set, evaluate)]);
  try {
    for (;;) {
      const [group] = await ahead;
      if (group.status === 'rejected') throw group.reason;
      if (group.value.length === 0) return;
      ahead = Promise.allSettled([readGroup(extents, set, evaluate)]);
      yield* group.value;
    }
  } finally {
    await extents.return();
  }
}

async function readGroup(
  extents: AsyncGenerator<Extent, void>,
  set: OprfSet,
  evaluate: Evaluate,
): Promise<KeyedExtent[]> {
  const group: Extent[] = [];
  while (group.length < GROUP) {
    const next = await extents.next();
    if (next.done === true) break;
    group.push(next.value);
  }
  const outputOf = await evaluateOnce(
    group.flatMap(({ tau, fileTau }) => (fileTau === undefined ? [tau] : [tau, fileTau])),
    evaluate,
  );
  return group.map(({ bytes, tau, fileTau }) => ({
    bytes,
    key: extentKey(outputOf(tau), set.id),
    whole: fileTau && { tau: fileTau, fileKey: fileKey(outputOf(fileTau), set.id) },
  }));
}

/** Asks once for equal inputs: the only extent of a file is the file, and a sparse file repeats its extents. */
async function evaluateOnce(
  taus: readonly Uint8Array[],
  evaluate: Evaluate,
): Promise<(tau: Uint8Array) => Uint8Array> {
  const distinct = new Map(taus.map((tau) => [hex(tau), tau]));
  const outputs = await evaluate([...distinct.values()]);
  const found = new Map([...distinct.keys()].map((tau, i) => [tau, outputs[i]]));
  return (tau) => {
    const output = found.get(hex(tau));
    if (output === undefined) throw new Error('bug: an input that was not evaluated');
    return output;
  };
}
