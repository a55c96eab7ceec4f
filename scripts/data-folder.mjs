/** The folder in which a system started here keeps its ledger, stores and identities, and `system.json` in it: what runs. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { birthOf } from '../network/processes.mjs';
import { root } from './ready.mjs';
import { replaceFile } from './replace-file.mjs';

export const dataFolder = () => resolve(root, process.env.DATA_DIR ?? '.holdfast');

const markOf = (folder) => join(folder, 'system.json');

function read(folder) {
  try {
    return JSON.parse(readFileSync(markOf(folder), 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * The system that runs on a folder, as `{ pid, url }`; undefined where none does. After a power cut another process may
 * have its number, which was then born at another time.
 */
export function running(folder) {
  const { pid, birth, url } = read(folder) ?? {};
  const isItself = birth === undefined || birthOf(pid) === birth;
  return pid !== undefined && isItself && isThere(pid) ? { pid, url } : undefined;
}

function isThere(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // somebody else's
    return error.code === 'EPERM';
  }
}

/** Makes the folder where there is none. */
export function enter(folder) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const isNew = readdirSync(folder).length === 0;
  write(folder, { isOurs: isNew || isOurs(folder) });
}

/** Whether all that it holds was made by systems: nothing lay in it when the first one came. */
export const isOurs = (folder) => read(folder)?.isOurs ?? false;

/** Says that the system of this process answers there; without an address, that nothing runs. */
export const mark = (folder, url) =>
  write(folder, {
    isOurs: isOurs(folder),
    ...(url === undefined ? {} : { pid: process.pid, birth: birthOf(process.pid), url }),
  });

const write = (folder, system) => replaceFile(markOf(folder), JSON.stringify(system));
