/**
 * A key server's audit trail: one JSON line an answered request, on disk before the answer leaves.
 *
 * @module
 */
import { open, readFile, truncate, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { digest, name, parseJson } from '@holdfast/protocol/schema.js';
import { errnoOf, makeFolder, syncFolder } from '../storage/durable-file.ts';
import { dayOf, type Spent } from './quota.ts';

const auditLine = z.object({
  at: z.string(),
  /** Of the owner; absent: the key server's own. */
  organisation: name.optional(),
  ownerId: digest,
  key: z.string(),
  elements: z.int(),
});
export type AuditLine = z.infer<typeof auditLine>;

export interface AuditLines {
  /** Resolves when the line is durable; lines that come together share one flush. @throws `STORE_FULL`. */
  write(line: AuditLine): Promise<void>;
  close(): Promise<void>;
}

const pathOf = (folder: string, day: string): string => join(folder, `audit-${day}.jsonl`);

/** Evaluations, today. @throws `INPUT_INVALID` where a line that was answered is damaged. */
export async function spentToday(folder: string, nowMs: number): Promise<Spent> {
  const owners = new Map<string, number>();
  const organisations = new Map<string | undefined, number>();
  for (const line of await wholeLines(pathOf(folder, dayOf(nowMs)))) {
    const { organisation, ownerId, elements } = line;
    owners.set(ownerId, (owners.get(ownerId) ?? 0) + elements);
    organisations.set(organisation, (organisations.get(organisation) ?? 0) + elements);
  }
  return { owners, organisations };
}

/** The lines of a file, which a crash may have left with some at its end that were never answered: those go. */
async function wholeLines(path: string): Promise<AuditLine[]> {
  const bytes = await readFile(path).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return Buffer.alloc(0);
    throw error;
  });
  const found: AuditLine[] = [];
  let whole = 0;
  let damaged: HoldfastError | undefined;
  for (let end = bytes.indexOf('\n'); end >= 0; end = bytes.indexOf('\n', end + 1)) {
    const start = bytes.lastIndexOf('\n', end - 1) + 1;
    const line = attempt(bytes.subarray(start, end).toString('utf8'), path);
    if (line instanceof HoldfastError) {
      damaged ??= line;
    } else if (damaged === undefined) {
      found.push(line);
      whole = end + 1;
    } else {
      throw damaged;
    }
  }
  if (whole < bytes.length) await truncate(path, whole);
  return found;
}

function attempt(line: string, path: string): AuditLine | HoldfastError {
  try {
    return parseJson(auditLine, line, path);
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw error;
  }
}

/** (Key server) One file a day. */
export async function openAuditLines(folder: string): Promise<AuditLines> {
  await makeFolder(folder);
  let file: { readonly day: string; readonly handle: FileHandle } | undefined;
  let waiting: string[] = [];
  let flush: Promise<void> | undefined;
  let last: Promise<void> = Promise.resolve();

  async function fileOf(day: string): Promise<FileHandle> {
    if (file?.day === day) return file.handle;
    await close();
    const path = pathOf(folder, day);
    await wholeLines(path);
    file = { day, handle: await open(path, 'a', 0o600) };
    await syncFolder(folder);
    return file.handle;
  }

  async function close(): Promise<void> {
    const before = file;
    file = undefined;
    await before?.handle.close();
  }

  async function flushAll(day: string): Promise<void> {
    const lines = waiting;
    waiting = [];
    flush = undefined;
    try {
      const handle = await fileOf(day);
      await handle.appendFile(lines.join(''));
      await handle.datasync();
    } catch (cause) {
      // what the disk took of them is not known: the file is opened anew, as after a crash
      await close();
      if (!['ENOSPC', 'EDQUOT'].includes(errnoOf(cause) ?? '')) throw cause;
      const detail = `the disk of ${folder} has no space left`;
      throw new HoldfastError('STORE_FULL', detail, { cause });
    }
  }

  return {
    write(line) {
      waiting.push(`${JSON.stringify(line)}\n`);
      flush ??= last.then(() => flushAll(line.at.slice(0, 10)));
      last = flush.catch(() => undefined);
      return flush;
    },
    async close() {
      await last;
      await close();
    },
  };
}
