import { describe, expect, it } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { newBars } from '../../client/src/cli/bars.ts';
import type { Progress } from '../../client/src/progress.ts';

/** What is written while this happens. */
function shown(isTTY: boolean, happening: readonly Progress[]): string {
  const chunks: string[] = [];
  const stream = Object.assign(new PassThrough(), {
    isTTY,
    columns: 120,
    cursorTo: () => true,
    moveCursor: () => true,
    clearLine: () => true,
  });
  stream.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  const bars = newBars(stream as unknown as NodeJS.WriteStream);
  for (const progress of happening) bars.report(progress);
  bars.rest();
  return chunks.join('');
}

const happening: readonly Progress[] = [
  { stage: 'read', done: 512, total: 1_024 },
  { stage: 'key', done: 1, total: 2 },
  { stage: 'key', done: 2, total: 2, note: 'Alder, Cedar' },
  { stage: 'key', done: 2, total: 2, note: 'Alder, Cedar' },
  { stage: 'read', done: 1_024, total: 1_024 },
  { stage: 'replicas', done: 2, total: 2, note: 'birch-1 birch-2' },
  { stage: 'ledger', done: 1, total: 1, note: '4096' },
];

describe('progress', () => {
  it('is lines of what is done, each once, where there is no terminal', () => {
    expect(shown(false, happening).split('\n')).toEqual([
      '  key       2 of 2 key servers (Alder, Cedar), answers verified',
      '  replicas  birch-1 ✓ birch-2 ✓',
      '  ledger    recorded in ledger block 4,096 ✓',
      '',
    ]);
  });

  it('is a bar besides on a terminal, as far as the bytes have come', () => {
    const text = shown(true, happening);
    expect(text).toContain('answers verified');
    expect(text).toContain('100 %  1.0 KiB');
    expect(text).toContain('read');
  });

  it('is nothing where nothing happens', () => {
    expect(shown(true, [])).toBe('');
  });
});
