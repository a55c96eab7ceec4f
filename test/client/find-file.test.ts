import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { findFile } from '../../client/src/cli/context.ts';
import { labelOf, lastText } from '../../client/src/cli/ls.ts';
import { newOutput } from '../../client/src/cli/output.ts';
import type { Terminal } from '../../client/src/cli/terminal.ts';
import type { Listed } from '../../client/src/listing.ts';
import type { Owner } from '../../client/src/owner.ts';
import { refusalOfAsync } from '../support/refusal.ts';

const listed = (fileId: string, name?: string, changes: Partial<Listed> = {}): Listed => ({
  fileId: fileId.padEnd(64, '0'),
  name,
  size: 10,
  version: 1,
  blocks: 1,
  nodes: ['birch-1'],
  state: 'intact',
  lastVerdict: 'intact',
  dueFrom: 8,
  lastEpoch: 7,
  epoch: 9,
  lastVerdictAt: null,
  safe: true,
  ...changes,
});

const files = [
  listed('abcdef01', 'letter'),
  listed('abcdef02', 'letter'),
  listed('abcdee', 'photo'),
  listed('123456', 'abcdee'),
  listed('fedcba'),
];
const owner = { list: async () => ({ files, storing: 0, slotSeconds: 30 }) } as unknown as Owner;

describe('the file that a person means', () => {
  it.each([
    ['photo', 'abcdee'],
    ['abcdef01', 'abcdef01'],
    ['fedcba', 'fedcba'],
    // A name comes before an id that begins alike.
    ['abcdee', '123456'],
  ])('%s is found', async (named, id) => {
    expect((await findFile(owner, named)).fileId).toBe(id.padEnd(64, '0'));
  });

  it.each(['abcde', 'Photo', 'fedcbA', '999999', ''])('%j is none', async (named) => {
    expect((await refusalOfAsync(findFile(owner, named))).code).toBe('NOT_FOUND');
  });

  it.each(['letter', 'abcdef'])('%s could be several, which are named', async (named) => {
    const refusal = await refusalOfAsync(findFile(owner, named));
    expect(refusal.code).toBe('INPUT_INVALID');
    expect(refusal.detail).toContain('2 files are meant');
    expect(refusal.detail).toContain('abcdef');
  });
});

describe('a file in a list', () => {
  it('is called by its name, else by the first digits of its id', () => {
    expect(files.map(labelOf)).toEqual(['letter', 'letter', 'photo', 'abcdee', 'fedcba']);
  });

  it('never shows a verdict without its age, by the clock or by epochs', () => {
    expect(lastText(listed('a'), 30)).toBe('✓ intact 1 m ago');
    const seen = new Date(Date.now() - 7_200_000).toISOString();
    const damaged = listed('a', 'a', { lastVerdict: 'damaged', lastVerdictAt: seen });
    expect(lastText(damaged, 30)).toBe('✕ damaged 2 h ago');
    expect(lastText(listed('a', 'a', { lastVerdict: null }), 30)).toBe('… none yet');
    expect(lastText(listed('a', 'a', { lastEpoch: null }), 30)).toBe('… none yet');
  });
});

describe('output', () => {
  afterEach(() => {
    jest.useRealTimers();
  });
  function written(json: boolean) {
    const lines: string[] = [];
    const stream = { isTTY: false, write: (text: string) => lines.push(text) };
    const terminal = { stdout: stream, stderr: stream } as unknown as Terminal;
    return { lines, output: newOutput(terminal, { json, verbose: true }) };
  }
  const sending = (done: number) => ({ stage: 'send', done, total: 200 }) as const;

  it('in JSON is one object a line: beginnings, ends, five a second between, and the result last', () => {
    jest.useFakeTimers({ now: 1_000 });
    const { lines, output } = written(true);
    expect([output.isJson, output.isVerbose, output.sentPercent()]).toEqual([
      true,
      true,
      undefined,
    ]);
    for (const done of [0, 50, 51]) output.report(sending(done));
    jest.setSystemTime(1_200);
    for (const done of [52, 53, 200]) output.report(sending(done));
    output.say('for people');
    output.result('put', { fileId: 'ab' }, 'stored');
    const told = lines.map((line) => JSON.parse(line) as { event: string; done?: number });
    expect(told.filter(({ event }) => event === 'progress').map(({ done }) => done)).toEqual([
      0, 52, 200,
    ]);
    expect(told.at(-1)).toEqual({ event: 'result', command: 'put', fileId: 'ab' });
    expect(output.sentPercent()).toBe(100);
  });

  it('for people is the text alone', () => {
    const { lines, output } = written(false);
    output.report(sending(101));
    output.report({ stage: 'read', done: 1, total: undefined });
    output.say('look');
    output.result('put', { fileId: 'ab' }, 'stored');
    expect(lines).toEqual(['look\n', 'stored\n']);
    expect([output.isJson, output.sentPercent()]).toEqual([false, 50]);
  });
});
