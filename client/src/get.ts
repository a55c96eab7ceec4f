/**
 * A file on its way back (step 11 of the main job): any k shares, K_F, the manifest, then block after block, each
 * compared with the root on the ledger before a byte of it is released.
 *
 * @module
 */
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { contentRange, openFile, type ByteRange } from '@holdfast/protocol/open-file.js';
import type { OpenedStored } from '@holdfast/protocol/owner/stored-file.js';
import type { Report } from './progress.ts';
import type { Session } from './session.ts';
import { readContent } from './stored-content.ts';

/**
 * (Owner) The plaintext of a file, or of a range of it.
 *
 * @throws `ANSWER_FALSE` naming the block that does not match; what came before it is right, and not the whole file.
 */
export async function* readFile(
  session: Session,
  { record, file }: OpenedStored,
  report: Report,
  range: ByteRange = { start: 0, end: file.manifest.size },
): AsyncGenerator<Uint8Array, void> {
  const content = readContent(session.api, record.fileId, contentRange(file, range));
  let done = 0;
  const total = range.end - range.start;
  try {
    for await (const bytes of openFile(file, content, range)) {
      done += bytes.length;
      report({ stage: 'blocks', done, total });
      yield bytes;
    }
  } catch (error) {
    throw refusalBehind(error);
  }
}

/** A block that is cut short because the gateway refused to go on is the gateway's refusal, not a false answer. */
function refusalBehind(error: unknown): unknown {
  const cause = error instanceof HoldfastError ? error.cause : undefined;
  return cause instanceof HoldfastError && cause.code !== 'INPUT_INVALID' ? cause : error;
}
