/** A real disk of a few megabytes, where mounting one is allowed. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly folder: string;
  /** Takes this many bytes, or all that there are. */
  fill(bytes: number): Promise<void>;
  /** Gives back what was taken. */
  empty(): Promise<void>;
  remove(): void;
}

const CHUNK = 1_048_576;

/** @returns why there is none. */
export function newSmallDisk(megabytes: number): SmallDisk | string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], {
      stdio: 'ignore',
    });
  } catch {
    rmSync(folder, { recursive: true });
    return 'mounting a small disk is not allowed here';
  }
  const ballast = join(folder, 'ballast');
  return {
    folder,
    async fill(bytes) {
      const file = await open(ballast, 'a');
      try {
        for (let size = CHUNK, left = bytes; left > 0 && size >= 1; left -= size) {
          size = Math.min(size, left);
          await file.write(new Uint8Array(size)).catch((error: NodeJS.ErrnoException) => {
            if (error.code !== 'ENOSPC') throw error;
            left += size;
            size = Math.floor(size / 2);
          });
        }
      } finally {
        await file.close();
      }
    },
    empty: () => rm(ballast, { force: true }),
    remove() {
      execFileSync('umount', ['-l', folder]);
      rmSync(folder, { recursive: true });
    },
  };
}
