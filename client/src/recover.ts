/**
 * Everything back from 24 words: the ledger names the files, their shares open under the seed's key, their cards name them.
 *
 * @module
 */
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { openFacts } from '@holdfast/protocol/owner/stored-file.js';
import { openFactsCache } from './file-facts.ts';
import { ownedFiles } from './listing.ts';
import type { Session } from './session.ts';
import { partsThrough } from './stored-content.ts';

export interface Recovered {
  readonly fileId: string;
  readonly blocks: number;
  /** undefined where the keys or the name could not be had back; `problem` says why. */
  readonly name: string | undefined;
  readonly size: number | undefined;
  readonly problem: HoldfastError | undefined;
}

/** (Owner) Opens the keys of every file that the ledger lists; nothing of a file's content is fetched but its manifest. */
export async function* recoverFiles(session: Session): AsyncGenerator<Recovered, void> {
  const cache = await openFactsCache(session);
  for await (const { file } of ownedFiles(session)) {
    if (file.state === 'retired') continue;
    const { fileId, blockCount: blocks } = file;
    const found = await openFacts(session, file, partsThrough(session.api)).catch(asProblem);
    if (found instanceof HoldfastError) {
      yield { fileId, blocks, name: undefined, size: undefined, problem: found };
    } else {
      cache.set(fileId, found);
      yield { fileId, blocks, name: found.name, size: found.size, problem: undefined };
    }
  }
  await cache.save();
}

function asProblem(error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  throw error;
}
