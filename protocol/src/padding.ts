/**
 * How long a file's ciphertext is and where its blocks end.
 *
 * Padme (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs", PETS 2019,
 * section 4): a length keeps log2(log2 L) + 1 leading bits of its mantissa, so O(log log L) bits of it leak at a cost of
 * at most 12 %. The padding is zero bytes that continue the plaintext of the last extent; it is no part of tau.
 *
 * @module
 */
import { manifestSize } from './manifest.ts';

/** No file is stored in fewer bytes, so there is always a data block. */
const LEAST_BYTES = 64;

/**
 * (Owner) Bytes of ciphertext before the manifest.
 *
 * @param size - bytes of plaintext.
 * @param padding - whether the provider asks for Padme.
 */
export function paddedSize(size: number, padding: boolean): number {
  const length = Math.max(size, LEAST_BYTES);
  return padding ? padme(length) : length;
}

function padme(length: number): number {
  const exponent = length.toString(2).length - 1;
  const unit = 2 ** (exponent - exponent.toString(2).length);
  return Math.ceil(length / unit) * unit;
}

/** Where the parts of a stored file are, as its provider sees them. */
export interface ContentLayout {
  readonly blockSize: number;
  readonly paddedSize: number;
  readonly manifestSize: number;
  /** Blocks of padded ciphertext. */
  readonly dataBlocks: number;
  /** All blocks: those of the manifest follow the data. */
  readonly blockCount: number;
}

/** The same as its owner sees them. */
export interface Layout extends ContentLayout {
  readonly size: number;
}

/** (Owner) The layout of a file, from its size alone. */
export function layoutOf(size: number, blockSize: number, padding: boolean): Layout {
  const sizes = { paddedSize: paddedSize(size, padding), manifestSize: manifestSize(size) };
  return { size, ...contentLayout({ ...sizes, blockSize }) };
}

/** (Provider) The layout of a file from the sizes that its owner names. */
export function contentLayout({
  blockSize,
  paddedSize: padded,
  manifestSize: manifest,
}: Pick<ContentLayout, 'blockSize' | 'paddedSize' | 'manifestSize'>): ContentLayout {
  const dataBlocks = Math.ceil(padded / blockSize);
  const blockCount = dataBlocks + Math.ceil(manifest / blockSize);
  return { blockSize, paddedSize: padded, manifestSize: manifest, dataBlocks, blockCount };
}

/** Bytes of block `index`: the last of the data and the last of the manifest may be short. */
export function blockLength(layout: ContentLayout, index: number): number {
  const { blockSize, dataBlocks } = layout;
  return index < dataBlocks
    ? Math.min(blockSize, layout.paddedSize - index * blockSize)
    : Math.min(blockSize, layout.manifestSize - (index - dataBlocks) * blockSize);
}

/** The block in which byte `offset` of the content stands, and where in the content that block begins. */
export function blockAt(
  layout: ContentLayout,
  offset: number,
): { readonly index: number; readonly start: number } {
  const { blockSize, dataBlocks, paddedSize: padded } = layout;
  const base = offset < padded ? 0 : padded;
  const within = Math.floor((offset - base) / blockSize);
  return { index: within + (base === 0 ? 0 : dataBlocks), start: base + within * blockSize };
}
