/**
 * What a command says: for people on standard output and error, or as JSON, one object a line, the last of which is the
 * result or the error.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { ERRORS, HoldfastError, type ErrorCode } from '@holdfast/protocol/errors.js';
import type { Progress, Report, Stage } from '../progress.ts';
import { newBars } from './bars.ts';
import { Interrupted, type Terminal } from './terminal.ts';
import { harmless } from './words.ts';

export interface Output {
  /** How far sending has come, per cent; undefined where nothing is sent. */
  sentPercent(): number | undefined;
  readonly isJson: boolean;
  readonly isVerbose: boolean;
  readonly report: Report;
  /** A line for people; nothing in JSON. */
  say(text: string): void;
  /** The result: text for people, or its fields in JSON. */
  result(command: string, fields: object, text: string): void;
  /** Ends progress that is shown. */
  readonly rest: () => void;
}

const WIDTH = 78;
const INTERRUPTED = 130;
/** Bytes of an upload that are durable, of all. */
const SENT: Stage = 'send';

export function newOutput(
  { stdout, stderr }: Terminal,
  { json = false, verbose = false }: { readonly json?: boolean; readonly verbose?: boolean },
): Output {
  const line = (value: object): void => void stdout.write(`${JSON.stringify(value)}\n`);
  let sent: number | undefined;
  const watched =
    (report: Report): Report =>
    (progress) => {
      const { stage, done, total } = progress;
      if (stage === SENT && total !== undefined) sent = Math.floor((100 * done) / total);
      report(progress);
    };
  const sentPercent = (): number | undefined => sent;
  if (json) {
    return {
      isJson: true,
      isVerbose: verbose,
      sentPercent,
      report: watched(throttled((progress) => line({ event: 'progress', ...progress }))),
      say: () => undefined,
      result: (command, fields) => line({ event: 'result', command, ...fields }),
      rest: () => undefined,
    };
  }
  const bars = newBars(stderr);
  const say = (text: string): void => {
    bars.rest();
    stdout.write(`${harmless(text)}\n`);
  };
  return {
    isJson: false,
    isVerbose: verbose,
    sentPercent,
    report: watched(bars.report),
    say,
    result: (_command, _fields, text) => say(text),
    rest: bars.rest,
  };
}

const EVERY_MS = 200;

/** A stage's beginning and end, and not more than five lines a second between. */
function throttled(report: Report): Report {
  const told = new Map<string, number>();
  return (progress: Progress) => {
    const now = Date.now();
    const isEdge = progress.done === 0 || progress.done === progress.total;
    if (!isEdge && now - (told.get(progress.stage) ?? 0) < EVERY_MS) return;
    told.set(progress.stage, now);
    report(progress);
  };
}

/** What a person can do next, where one can say so. */
const NEXT: Partial<Record<ErrorCode, string>> = {
  SEED_LOCKED: 'Try again, or use your phrase: holdfast recover',
  GATEWAY_UNREACHABLE: 'Run the same command later; it continues. On this machine: npm start',
  LEDGER_UNREACHABLE: 'Run the same command later; it continues.',
  KEY_SERVER_UNREACHABLE: 'Run the same command later; it continues.',
  STORAGE_UNREACHABLE: 'Run the same command later; it continues.',
  RATE_LIMITED: 'Wait a minute, then run the same command; it continues.',
  CONFLICT: 'Run the same command again.',
  EPOCH_PASSED: 'Run the same command again.',
  STORE_FULL: "Tell the provider's operator; nothing was registered.",
  QUOTA_REACHED: "Ask your organisation's operator.",
  SHARES_TOO_FEW: 'The file cannot be opened with this owner’s key shares. Tell your operator.',
  ANSWER_FALSE:
    'Trust nothing this gateway says: use another one (--gateway) and tell its operator. Has an organisation joined: holdfast pin',
  ACCEPTANCE_INVALID: 'Nothing was registered. Try again, or tell your operator.',
};

export interface Told {
  readonly code: string;
  readonly exit: number;
  readonly title: string;
  readonly detail: string;
  readonly next: string | undefined;
}

/**
 * An error in three lines: what happened, what it means, what to do.
 *
 * @param next - what to do in this very place, where the command knows better than the list.
 * @param sentPercent - how far an upload had come when it was interrupted.
 */
export function tellError(error: unknown, next?: string, sentPercent?: number): Told {
  if (error instanceof Interrupted) {
    const title = sentPercent === undefined ? 'Stopped' : `Stopped at ${sentPercent} %`;
    const detail =
      sentPercent === undefined ? 'Nothing was changed.' : 'Sent blocks are kept for a while.';
    return { code: 'INTERRUPTED', exit: INTERRUPTED, title, detail, next };
  }
  if (error instanceof HoldfastError) {
    const [, exit, title] = ERRORS[error.code];
    const { code, detail } = error;
    return { code, exit, title, detail: sentence(detail), next: next ?? NEXT[code] };
  }
  const [, exit, title] = ERRORS.INTERNAL;
  const path = writeReport(error);
  return { code: 'INTERNAL', exit, title, detail: `A report is in ${path}.`, next };
}

export function printError({ stdout, stderr }: Terminal, isJson: boolean, told: Told): void {
  if (isJson) {
    stdout.write(`${JSON.stringify({ event: 'error', ...told })}\n`);
    return;
  }
  const head = `✕ ${told.title}`;
  const tail = `${told.code} · exit ${told.exit}`;
  const lines = [head + ' '.repeat(Math.max(2, WIDTH - head.length - tail.length)) + tail];
  lines.push(`  ${told.detail}`);
  if (told.next !== undefined) lines.push(`  → ${told.next}`);
  stderr.write(`${lines.join('\n')}\n`);
}

/**
 * Details are written without capital and full stop, as parts of a sentence. Some come from a gateway that need not be
 * honest: what would move the cursor or turn the writing around is not passed to the terminal.
 */
function sentence(detail: string): string {
  const plain = detail.replaceAll(/[\p{Cc}\p{Cf}]/gu, '_');
  const text = plain.charAt(0).toUpperCase() + plain.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function writeReport(error: unknown): string {
  const path = join(tmpdir(), `holdfast-report-${randomBytes(4).toString('hex')}.txt`);
  writeFileSync(path, `${inspect(error)}\n`, { mode: 0o600 });
  return path;
}
