/**
 * Whether a node still has the store it had: a new disk, which comes as an empty folder, or the disk of another holds
 * other blocks than the catalogue says.
 *
 * @module
 */
import { putFile, putFolder, putJob, type Catalogue, type Change } from './catalogue.ts';

/**
 * (Provider) Remembers the store of a node that is up; where it is another one, every file there is owed its copy.
 *
 * @param id - the store's own.
 */
export async function knowFolder(catalogue: Catalogue, node: string, id: string): Promise<void> {
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
