/**
 * Progress on a terminal: a bar for what has a length, a line for what is done. Elsewhere only the lines.
 *
 * @module
 */
import { MultiBar, type SingleBar } from 'cli-progress';
import type { Progress, Report, Stage } from '../progress.ts';
import { countText, sizeText } from './words.ts';

interface Shown {
  readonly report: Report;
  /** Takes the bars away; what comes next is text. */
  readonly rest: () => void;
}

/** Stages whose progress is bytes. */
const BARS: readonly Stage[] = ['read', 'send', 'blocks'];
const COLUMN = 10;

export function newBars(stream: NodeJS.WriteStream): Shown {
  let bars: MultiBar | undefined;
  const running = new Map<Stage, SingleBar>();
  const said = new Set<string>();

  function barOf({ stage, total }: Progress): SingleBar {
    const known = running.get(stage);
    if (known !== undefined) return known;
    bars ??= newMultiBar(stream);
    const bar = bars.create(total ?? 0, 0, { stage: stage.padEnd(COLUMN), amount: '' });
    running.set(stage, bar);
    return bar;
  }

  function rest(): void {
    bars?.stop();
    bars = undefined;
    running.clear();
  }

  return {
    rest,
    report(progress) {
      const { stage, done, note } = progress;
      if (BARS.includes(stage)) {
        if (stream.isTTY) barOf(progress).update(done, { amount: sizeText(done) });
        return;
      }
      const text = note === undefined ? undefined : noteText(progress, note);
      if (text === undefined || said.has(text)) return;
      said.add(text);
      rest();
      stream.write(`  ${stage.padEnd(COLUMN)}${text}\n`);
    },
  };
}

function newMultiBar(stream: NodeJS.WriteStream): MultiBar {
  return new MultiBar({
    stream,
    format: '  {stage}{bar}  {percentage} %  {amount}',
    barsize: 20,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: false,
    gracefulExit: false,
  });
}

/** What is said when a stage is done. */
function noteText({ stage, done, total }: Progress, note: string): string {
  if (stage === 'key') return `${done} of ${total} key servers (${note}), answers verified`;
  if (stage === 'ledger') return `recorded in ledger block ${countText(Number(note))} ✓`;
  return stage === 'replicas' ? note.replaceAll(/\S+/g, '$& ✓') : note;
}
