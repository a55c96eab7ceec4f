/**
 * What can be stored: bytes of a known length that can be read from their start.
 *
 * @module
 */
export interface Source {
  readonly size: number;
  /** Milliseconds since 1970, as the owner's system knows it; 0 where unknown. */
  readonly modifiedAt: number;
  /** What tells this source from others of this device, such as a path: an interrupted upload is found by it. */
  readonly key: string;
  open(): AsyncIterable<Uint8Array>;
}
