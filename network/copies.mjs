/**
 * A copy of all that a network keeps, of one moment: taken while nothing runs, with the digest of every file, and put
 * back only where every digest holds.
 *
 * It holds every private key of the network: keep it as you keep those.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expected } from '../scripts/ready.mjs';
import { replaceFile } from '../scripts/replace-file.mjs';

const LIST = 'backup.json';
const FILES = 'files';
const CHUNK = 1 << 20;
/** Files of the running processes, and what they said. */
const LEFT_OUT = /(?:^|\/)(?:pid|log|logs|node_modules|system\.json)$/;

/**
 * Copies a run folder, of which nothing runs.
 *
 * @param facts what else the list is to say
 * @returns number of files and of bytes
 */
export async function writeBackup(run, target, facts) {
  if (existsSync(target)) throw expected(`${target} is there already: another folder, please`, 2);
  const { folders, paths } = await contentOf(run);
  await makeFolders(join(target, FILES), folders);
  const files = {};
  for (const path of paths) {
    files[path] = await copyFile(join(run, path), join(target, FILES, path));
  }
  const text = JSON.stringify({ format: 1, ...facts, folders, files }, undefined, 1);
  // last: a backup that was cut off has no list
  replaceFile(join(target, LIST), text);
  return sumOf(files);
}

/** What a backup says of itself. @throws where it is none, or was cut off. */
export async function readBackup(target) {
  const text = await readFile(join(target, LIST), 'utf8').catch(() => undefined);
  if (text === undefined) throw expected(`${target} holds no backup, or one that was cut off`, 2);
  const list = JSON.parse(text);
  if (list.format === 1) return list;
  throw expected(`${target}: a backup of format 1 is expected, and this is ${list.format}`, 2);
}

/**
 * Puts a backup's files into a new folder, which has its name only when every digest was right.
 *
 * @throws naming the first file that is not as it was
 */
export async function readBack(target, { folders, files }, run) {
  if (existsSync(run)) throw expected(`${run} is there already: another RUN_DIR, please`, 2);
  const draft = `${run}.restoring`;
  await rm(draft, { recursive: true, force: true });
  try {
    await makeFolders(draft, folders);
    for (const [path, wanted] of Object.entries(files)) {
      await copyBack(join(target, FILES, path), join(draft, path), wanted, path);
    }
    await rename(draft, run);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
  return sumOf(files);
}

async function copyBack(from, to, wanted, path) {
  const found = existsSync(from) ? await copyFile(from, to) : {};
  if (found.sha256 !== wanted.sha256)
    throw expected(`${path} is not what was backed up: nothing was restored`);
  await chmod(to, wanted.mode);
}

const sumOf = (files) => ({
  count: Object.keys(files).length,
  bytes: Object.values(files).reduce((sum, { size }) => sum + size, 0),
});

/** Paths from `run` on, those of a folder after its own. */
async function contentOf(run, below = '') {
  const folders = [];
  const paths = [];
  for (const entry of await readdir(join(run, below), { withFileTypes: true })) {
    const path = join(below, entry.name);
    if (LEFT_OUT.test(path)) continue;
    if (entry.isDirectory()) {
      const within = await contentOf(run, path);
      folders.push([path, (await stat(join(run, path))).mode & 0o777], ...within.folders);
      paths.push(...within.paths);
    } else if (entry.isFile()) {
      paths.push(path);
    }
  }
  return { folders, paths };
}

async function makeFolders(base, folders) {
  await mkdir(base, { recursive: true, mode: 0o700 });
  for (const [path, mode] of folders) await mkdir(join(base, path), { mode: mode | 0o700 });
}

/** Copies with holes for what is zero: an orderer lays 64 MiB of zeros by. */
async function copyFile(from, to) {
  const hash = createHash('sha256');
  const source = await open(from);
  try {
    const { size, mode } = await source.stat();
    const copy = await open(to, 'wx', mode & 0o777);
    try {
      const chunk = Buffer.alloc(CHUNK);
      for (let at = 0; at < size;) {
        const { bytesRead } = await source.read(chunk, 0, CHUNK, at);
        if (bytesRead === 0) throw expected(`${from} grew shorter while it was copied`);
        const part = chunk.subarray(0, bytesRead);
        hash.update(part);
        if (!isZero(part)) await copy.write(part, 0, bytesRead, at);
        at += bytesRead;
      }
      await copy.truncate(size);
      await copy.sync();
      return { size, mode: mode & 0o777, sha256: hash.digest('hex') };
    } finally {
      await copy.close();
    }
  } finally {
    await source.close();
  }
}

const ZEROS = Buffer.alloc(CHUNK);
const isZero = (part) => part.equals(ZEROS.subarray(0, part.length));
