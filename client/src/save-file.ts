/**
 * Downloads on disk: a file appears under its name only when it is whole.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { access, link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { utf8 } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';

/**
 * Writes what comes to a file beside `path`, and gives it its name at the end.
 *
 * @param options.force - whether a file of this name may be replaced.
 * @returns bytes written.
 * @throws `ALREADY_EXISTS`; whatever `bytes` throws, after which nothing is left behind.
 */
export async function saveFile(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  { force = false }: { readonly force?: boolean } = {},
): Promise<number> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.part`;
  const file = await open(draft, 'wx', 0o600);
  const removeDraft = (): void => rmSync(draft, { force: true });
  process.once('exit', removeDraft); // Ctrl-C
  try {
    let size = 0;
    for await (const chunk of bytes) {
      await file.writeFile(chunk);
      size += chunk.length;
    }
    await file.sync();
    await file.close();
    await (force ? rename(draft, path) : nameNew(draft, path));
    return size;
  } finally {
    await file.close().catch(() => undefined);
    await rm(draft, { force: true });
    process.off('exit', removeDraft);
  }
}

/**
 * Removes what downloads to `path` have left behind whose process was killed. What such a process had written may have
 * gone with the power, so it is fetched again.
 *
 * @returns bytes removed.
 */
export async function removeDrafts(path: string): Promise<number> {
  const folder = dirname(path);
  let removed = 0;
  for (const name of await readdir(folder).catch(() => [])) {
    const rest = name.startsWith(`${basename(path)}.`) ? name.slice(basename(path).length) : '';
    const pid = /^\.(\d+)-[0-9a-f]{8}\.part$/.exec(rest)?.[1];
    if (pid === undefined || isRunning(Number(pid))) continue;
    removed += (await stat(join(folder, name))).size;
    await rm(join(folder, name), { force: true });
  }
  return removed;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** What a file system without links answers. */
const LINKLESS: readonly unknown[] = ['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'];

/** A link fails where the name is taken; a rename, for file systems without links, is preceded by a look. */
async function nameNew(draft: string, path: string): Promise<void> {
  try {
    await link(draft, path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const isTaken = code === 'EEXIST' || (LINKLESS.includes(code) && (await exists(path)));
    if (isTaken) {
      throw new HoldfastError('ALREADY_EXISTS', `${path} is there already`, { cause });
    }
    if (!LINKLESS.includes(code)) throw cause;
    await rename(draft, path);
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Bytes of UTF-8: file systems take 255, and a draft's name is longer than the file's. */
const LONGEST_NAME = 200;

/** A card's name as the name of a file in one folder, whatever device wrote the card. */
export function safeName(name: string): string {
  let plain = '';
  for (const letter of name.replaceAll(/[/\\:\p{Cc}]/gu, '_')) {
    if (utf8(plain + letter).length > LONGEST_NAME) break;
    plain += letter;
  }
  return /^\.*$/.test(plain) ? `_${plain}` : plain;
}
