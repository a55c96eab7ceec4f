/**
 * `holdfast recover`: everything back from 24 words on a blank machine.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { Owner } from '../owner.ts';
import type { Recovered } from '../recover.ts';
import { removeDrafts, safeName, saveFile } from '../save-file.ts';
import { DEFAULT_GATEWAY, type Context } from './context.ts';
import { chooseNewPassword } from './password.ts';
import { ask } from './terminal.ts';
import { plural, secondsText, shortId, sizeText } from './words.ts';

export interface RecoverOptions {
  /** Folder for all files. */
  readonly output?: string;
  /** File with the words, `-` for standard input: for scripts. */
  readonly phraseFile?: string;
  readonly consortium?: string;
}

const INCOMPLETE = 4;

export async function recover(context: Context, options: RecoverOptions): Promise<number> {
  const { terminal, output, home, gateway = DEFAULT_GATEWAY } = context;
  const phrase = await readPhrase(context, options);
  const { password, isMade } = await chooseNewPassword(terminal);
  if (isMade) output.say(`Password: ${password}`);
  const began = Date.now();
  const { consortium } = options;
  const owner = await Owner.restore({
    gateway,
    home,
    password,
    phrase,
    pool: terminal.pool,
    ...(consortium === undefined ? {} : { consortium }),
  });
  const files: Recovered[] = [];
  for await (const opened of owner.recover()) {
    const path = join(options.output ?? '', uniqueName(opened, files));
    const bytes = owner.get(opened.fileId, { report: output.report });
    const file = options.output === undefined ? opened : await saved(opened, path, bytes);
    files.push(file);
    output.say(lineOf(file));
  }
  const missing = files.filter(({ problem }) => problem !== undefined).length;
  const found = files.length - missing;
  const { consortium: pinned } = owner.device;
  output.result(
    'recover',
    {
      ownerId: owner.ownerId,
      consortium: pinned.consortium,
      found,
      missing,
      files: files.map(({ problem, ...file }) => ({ ...file, problem: problem?.message ?? null })),
      ...(isMade ? { password } : {}),
    },
    `  ledger read · ${plural(files.length, 'file')} · key rebuilt ${found} of ${files.length}\n` +
      `Recovered. ${missing} missing. ${secondsText(Date.now() - began)} · consortium ${pinned.consortium}`,
  );
  return missing === 0 ? 0 : INCOMPLETE;
}

async function readPhrase({ terminal }: Context, options: RecoverOptions): Promise<string> {
  const { phraseFile } = options;
  if (phraseFile === undefined) return ask(terminal, '24 words: ', '--phrase-file');
  if (phraseFile === '-') return readAll(terminal.stdin);
  try {
    return await readFile(phraseFile, 'utf8');
  } catch (cause) {
    throw new HoldfastError('NOT_FOUND', `no file at ${phraseFile}`, { cause });
  }
}

async function readAll(stream: AsyncIterable<string | Uint8Array>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString('utf8');
}

/** What cannot be had back is named, and does not stand before what can. */
async function saved(
  file: Recovered,
  path: string,
  bytes: AsyncIterable<Uint8Array>,
): Promise<Recovered> {
  if (file.problem !== undefined) return file;
  try {
    await removeDrafts(path);
    await saveFile(path, bytes);
    return file;
  } catch (problem) {
    if (problem instanceof HoldfastError) return { ...file, problem };
    throw problem;
  }
}

const lineOf = ({ fileId, name, size, problem }: Recovered): string =>
  problem === undefined
    ? `  ✓ ${name}  ${sizeText(size ?? 0)}  ${shortId(fileId)}`
    : `  ✕ ${shortId(fileId)}  ${problem.message.replaceAll('\n', ' ')}`;

/** Two files may have one name. */
function uniqueName({ fileId, name }: Recovered, before: readonly Recovered[]): string {
  const plain = safeName(name ?? fileId);
  const isTaken = before.some((other) => safeName(other.name ?? '') === plain);
  return isTaken ? `${shortId(fileId)}-${plain}` : plain;
}
