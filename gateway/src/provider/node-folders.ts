/**
 * Whether a node still has the folder it had: a new disk, which comes as an empty folder, or the disk of another holds
 * other blocks than the catalogue says.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { hex } from '@holdfast/protocol/bytes.js';
import { privateFile } from '../private-files.ts';
import { putFile, putFolder, putJob, type Catalogue, type Change } from './catalogue.ts';

/** (Provider) Remembers the folder of a node that is up; where it is another one, every file there is owed its copy. */
export async function knowFolder(
  catalogue: Catalogue,
  node: string,
  folder: string,
): Promise<void> {
  const id = hex(await privateFile(join(folder, 'id'), () => randomBytes(16)));
  if ((await catalogue.folderOf(node)) === id) return;
  const owed: Change[] = [];
  for await (const file of catalogue.files()) {
    if (!file.nodes.includes(node) || file.state === 'dropping') continue;
    const incomplete = [...new Set([...file.incomplete, node])];
    owed.push(putFile({ ...file, incomplete }));
    if (file.accepted !== null) owed.push(putJob({ kind: 'fill', fileId: file.fileId, node }));
  }
  await catalogue.write([...owed, putFolder(node, id)]);
}
