/** A program's writes as the system saw them: recorded by strace, in the order in which they were done. */
import { execFile, execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

/** A file, by whatever name, and what was written to it. */
export interface RecordedFile {
  readonly writes: { readonly end: number; readonly bytes: Buffer }[];
  /** Calls of fsync and fdatasync that came back. */
  readonly syncs: { readonly start: number; readonly end: number }[];
}

/** A change of a folder's names. */
export interface NameChange {
  readonly kind: 'create' | 'folder' | 'rename' | 'link' | 'remove';
  readonly end: number;
  readonly path: string;
  /** Of a rename or link. */
  readonly from?: string;
  /** Of a file that begins here. */
  readonly file?: RecordedFile;
}

export interface Recording {
  /** Times are numbers of lines. */
  readonly length: number;
  readonly files: readonly RecordedFile[];
  readonly names: readonly NameChange[];
  /** Of folders, by path. */
  readonly folderSyncs: ReadonlyMap<
    string,
    readonly { readonly start: number; readonly end: number }[]
  >;
  /** What the program said on standard output, and what it answered over HTTP. */
  readonly said: readonly { readonly start: number; readonly end: number; readonly text: string }[];
}

const CALLS =
  'openat,write,pwrite64,writev,fsync,fdatasync,rename,unlink,mkdir,rmdir,ftruncate,truncate,link';

/** How strace is told what to write down, and how. */
// prettier-ignore
export const TRACING: readonly string[] =
  ['-f', '-y', '-xx', '-s', '1000000', '-e', `trace=${CALLS}`, '-e', 'signal=none'];

/** Why nothing can be recorded here; undefined where it can. */
export function whyNoRecording(): string | undefined {
  try {
    execFileSync('strace', ['-f', '-o', '/dev/null', 'true'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'strace is not installed or may not trace here';
  }
}

/** Runs Node on a program and records what it writes below `folder`. */
export async function record(
  folder: string,
  trace: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Recording> {
  const command = [...TRACING, '-o', trace, process.execPath, ...args];
  const options = { env: { ...process.env, ...env }, maxBuffer: 2 ** 26 };
  await promisify(execFile)('strace', command, options);
  return parseTrace(await readFile(trace, 'latin1'), folder);
}

interface Call {
  readonly name: string;
  readonly args: string;
  readonly result: number;
  readonly start: number;
  readonly end: number;
}

/** How an answer over HTTP begins. */
const ANSWER = Buffer.from('HTTP/1.1 ');
const UNFINISHED = ' <unfinished ...>';
const RESUMED = /^<\.\.\. \w+ resumed>/;

/** Calls in the order in which they came back. */
function* callsOf(trace: string): Generator<Call> {
  const begun = new Map<string, { readonly start: number; readonly text: string }>();
  for (const [index, line] of trace.split('\n').entries()) {
    const space = line.indexOf(' ');
    const thread = line.slice(0, space);
    const text = line.slice(space).trimStart();
    if (text.endsWith(UNFINISHED)) {
      begun.set(thread, { start: index, text: text.slice(0, -UNFINISHED.length) });
      continue;
    }
    const before = RESUMED.test(text) ? begun.get(thread) : undefined;
    const call = callOf((before?.text ?? '') + text.replace(RESUMED, ''));
    if (call !== undefined) yield { ...call, start: before?.start ?? index, end: index };
  }
}

function callOf(text: string): Pick<Call, 'name' | 'args' | 'result'> | undefined {
  const [, name, args, result] = /^(\w+)\(([^]*)\) += (-?\d+)/.exec(text) ?? [];
  if (name === undefined || args === undefined) return undefined;
  return { name, args, result: Number(result) };
}

const bytesOf = (hexText: string): Buffer => Buffer.from(hexText.replaceAll('\\x', ''), 'hex');
const strings = (args: string): string[] =>
  [...args.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, text = '']) => bytesOf(text).toString());
/** The path behind a descriptor, as `-y` shows it. */
const pathOf = (args: string): string =>
  bytesOf(/^\d+<((?:\\x[0-9a-f]{2})*)>/.exec(args)?.[1] ?? '').toString();

/** Reads a trace. @throws where it holds a call whose effect is not known here. */
export function parseTrace(trace: string, folder: string): Recording {
  const live = new Map<string, RecordedFile>();
  const files: RecordedFile[] = [];
  const names: NameChange[] = [];
  const folderSyncs = new Map<string, { start: number; end: number }[]>();
  const said: { start: number; end: number; text: string }[] = [];
  let length = 0;
  const isOurs = (path: string) => path.startsWith(`${folder}/`) || path === folder;

  function change(kind: NameChange['kind'], end: number, path: string, from?: string): void {
    if (!isOurs(path)) return;
    if (kind === 'rename' && from !== undefined) moveAll(live, from, path);
    if (kind === 'link' && from !== undefined) copy(live, from, path);
    if (kind === 'remove') live.delete(path);
    names.push({ kind, end, path, ...(from === undefined ? {} : { from }) });
  }

  function opened({ args, end }: Call): void {
    const [path = ''] = strings(args);
    if (!isOurs(path) || !args.includes('O_CREAT') || live.has(path)) return;
    const file: RecordedFile = { writes: [], syncs: [] };
    live.set(path, file);
    files.push(file);
    names.push({ kind: 'create', end, path, file });
  }

  function wrote({ args, result, start, end }: Call): void {
    const bytes = Buffer.concat(
      [...args.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, text = '']) => bytesOf(text)),
    ).subarray(0, result);
    if (args.startsWith('1<') || bytes.subarray(0, 9).equals(ANSWER)) {
      said.push({ start, end, text: bytes.toString() });
    }
    live.get(pathOf(args))?.writes.push({ end, bytes });
  }

  function synced({ args, start, end }: Call): void {
    const path = pathOf(args);
    const file = live.get(path);
    if (file !== undefined) file.syncs.push({ start, end });
    else folderSyncs.set(path, [...(folderSyncs.get(path) ?? []), { start, end }]);
  }

  const effects: Readonly<Record<string, (call: Call) => void>> = {
    openat: opened,
    write: wrote,
    writev: wrote,
    fsync: synced,
    fdatasync: synced,
    mkdir: ({ args, end }) => change('folder', end, strings(args)[0] ?? ''),
    rmdir: ({ args, end }) => change('remove', end, strings(args)[0] ?? ''),
    unlink: ({ args, end }) => change('remove', end, strings(args)[0] ?? ''),
    rename: ({ args, end }) => change('rename', end, strings(args)[1] ?? '', strings(args)[0]),
    link: ({ args, end }) => change('link', end, strings(args)[1] ?? '', strings(args)[0]),
  };
  for (const call of callsOf(trace)) {
    length = call.end;
    if (call.result < 0) continue;
    const effect = effects[call.name];
    if (effect !== undefined) effect(call);
    else if (isOurs(pathOf(call.args)) || isOurs(strings(call.args)[0] ?? '')) {
      throw new Error(`${call.name} was not expected: ${call.args.slice(0, 200)}`);
    }
  }
  return { length, files, names, folderSyncs, said };
}

/** What is named `from`, and for a folder all in it, is named `to` instead. */
export function moveAll<T>(named: Map<string, T>, from: string, to: string): void {
  const moved = [...named].filter(([path]) => path === from || path.startsWith(`${from}/`));
  for (const [path, value] of moved) {
    named.delete(path);
    named.set(to + path.slice(from.length), value);
  }
}

function copy<T>(named: Map<string, T>, from: string, to: string): void {
  const value = named.get(from);
  if (value !== undefined) named.set(to, value);
}

/** The time from which a change of names is sure to be there: it has been synced, or with a new file the file itself. */
export function sureFrom(recording: Recording, { path, end, file }: NameChange): number {
  const own = file?.syncs.filter(({ start }) => start > end) ?? [];
  return Math.min(folderSynced(recording, path, end), ...own.map((sync) => sync.end));
}

function folderSynced({ folderSyncs }: Recording, path: string, time: number): number {
  const later = (folderSyncs.get(dirname(path)) ?? []).filter(({ start }) => start > time);
  return Math.min(...later.map(({ end }) => end));
}
