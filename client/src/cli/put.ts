/**
 * `holdfast put FILE`: seals a file here and stores it.
 *
 * @module
 */
import { basename } from 'node:path';
import { fileSource } from '../file-source.ts';
import type { StoredFile } from '../put-request.ts';
import { unlock, type Context } from './context.ts';
import type { Output } from './output.ts';
import { clockText, plural, secondsText, shortId, sizeText } from './words.ts';

export interface PutOptions {
  readonly name?: string;
  /** KiB. */
  readonly blockSize?: '64' | '256';
}

const PENDING = 3;
/** From the epoch that was named to the end of the first one that can audit it. */
const EPOCHS_TO_FIRST = 3;

export async function put(
  context: Context,
  path: string,
  { name = basename(path), blockSize = '256' }: PutOptions,
): Promise<number> {
  const { output } = context;
  const source = fileSource(path);
  const owner = await unlock(context);
  const began = Date.now();
  context.next = `Run the same command again, it continues: holdfast put ${path}`;
  const stored = await owner.put(name, source, {
    blockSize: blockSize === '64' ? 65_536 : 262_144,
    report: output.report,
    acknowledge(told) {
      context.next = undefined;
      printStored(output, name, told, Date.now() - began);
    },
  });
  return stored.pendingNodes.length > 0 ? PENDING : 0;
}

function printStored(output: Output, name: string, stored: StoredFile, ms: number): void {
  const { fileId, size, blocks, nodes, pendingNodes, transactionId, cid, root } = stored;
  output.result(
    'put',
    { ...stored, replicas: nodes.length - pendingNodes.length },
    [
      `Stored ${name}  ${sizeText(size)} · ${plural(blocks, 'block')} · ${plural(nodes.length, 'replica')} · ${secondsText(ms)}`,
      `  file ${shortId(fileId)} · first audit by ${clockText(EPOCHS_TO_FIRST * stored.slotSeconds)}`,
      ...(output.isVerbose
        ? [
            `  cid ${cid}`,
            `  root ${root}`,
            `  tx ${transactionId ?? 'of the try before'}`,
            `  id ${fileId}`,
          ]
        : []),
      ...(pendingNodes.length > 0 ? [pendingText(stored)] : []),
    ].join('\n'),
  );
}

const pendingText = ({ nodes, pendingNodes }: StoredFile): string =>
  `! Stored with ${nodes.length - pendingNodes.length} replicas; ${pendingNodes.join(', ')} does not answer. The minimum is met and recorded; the rest follows by itself.`;
