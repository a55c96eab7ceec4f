/**
 * `holdfast get FILE`: the whole file, each block verified, or nothing.
 *
 * @module
 */
import { resolve } from 'node:path';
import { removeDrafts, saveFile, safeName } from '../save-file.ts';
import { findFile, unlock, type Context } from './context.ts';
import { plural, sizeText } from './words.ts';

export async function get(
  context: Context,
  named: string,
  { output: wanted, force = false }: { readonly output?: string; readonly force?: boolean },
): Promise<number> {
  const { output } = context;
  const owner = await unlock(context);
  const file = await findFile(owner, named);
  const path = resolve(wanted ?? safeName(file.name ?? file.fileId));
  const removed = await removeDrafts(path);
  if (removed > 0) output.say(`Removed ${sizeText(removed)} that an interrupted get had left`);
  const { fileId, blocks, version } = file;
  const size = await saveFile(path, owner.get(fileId, { report: output.report }), { force });
  output.result(
    'get',
    { fileId, name: file.name, path, size, blocks, version, removed },
    `Written ${path}, version ${version} · ${plural(blocks, 'block')} verified`,
  );
  return 0;
}
