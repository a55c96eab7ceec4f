/**
 * What a provider keeps and owes, in figures for its operator.
 *
 * @module
 */
import { contentSize } from './content.ts';
import type { Catalogue } from './catalogue.ts';
import { jobId } from './tagged-file.ts';

export interface ProviderFigures {
  /** Uploads that have begun and are not accepted. */
  readonly uploads: number;
  /** Bytes of accepted files, each as often as it has owners. */
  readonly logicalBytes: number;
  /** Names of what is owed. */
  readonly jobs: readonly string[];
}

/** How a repair went: `lost` where a block is whole on no node. */
export type RepairOutcome = 'mended' | 'lost' | 'failed';

export async function figuresOf(catalogue: Catalogue): Promise<ProviderFigures> {
  let uploads = 0;
  let logicalBytes = 0;
  for await (const file of catalogue.files()) {
    if (file.state === 'uploading') uploads += 1;
    if (file.state === 'accepted' || file.state === 'registered') logicalBytes += contentSize(file);
  }
  return { uploads, logicalBytes, jobs: (await catalogue.jobs()).map(jobId) };
}
