/** What a delegate reports when some of what it looks at fails, or is made to fail by the provider that is looked at. */
import { describe, expect, it } from '@jest/globals';
import { HoldfastError, type ErrorCode } from '@holdfast/protocol/errors.js';
import type { FileState } from '@holdfast/protocol/ledger-transactions.js';
import { newLookBack } from '../../gateway/src/auditor/look-back.ts';
import type { LedgerSession } from '../../gateway/src/ledger/ledger.ts';
import { newLog } from '../../gateway/src/log.ts';
import type { Provider } from '../../gateway/src/roles.ts';
import { fileRecord, fileState, threeOrganisations } from '../support/audit-records.ts';

/** A slot of Alder's; the window of the challenges three epochs before has just ended. */
const EPOCH = 10;
const config = threeOrganisations();
const fileOf = (mark: string): FileState =>
  fileState({ file: fileRecord({ fileId: mark.repeat(32) }) });
const idOf = ({ file: { fileId } }: FileState): string => fileId;

interface Played {
  /** Unanswered challenges by epoch. */
  readonly open: Readonly<Record<number, readonly FileState[]>>;
  readonly provider?: Partial<Provider>;
  /** What the ledger refuses a miss of a file with. */
  readonly refuse?: (fileId: string) => ErrorCode | undefined;
  readonly slotSeconds?: number;
}

/** One look back; @returns the files that were reported as missed, and how it ended. */
async function lookBack({
  open,
  provider = {},
  refuse = () => undefined,
  slotSeconds = config.slotSeconds,
}: Played) {
  const missed: string[] = [];
  const session = {
    mspId: 'Alder',
    role: 'delegate',
    evaluate: async (name: string, { epoch }: { epoch: number }) =>
      name === 'audits:due'
        ? { items: open[epoch] ?? [], next: null }
        : { epoch: EPOCH, value: 'ee'.repeat(32) },
    submit: async (_name: string, { fileId }: { fileId: string }) => {
      const code = refuse(fileId);
      if (code !== undefined) throw new HoldfastError(code, 'so it is');
      missed.push(fileId);
    },
  } as unknown as LedgerSession;
  const monitor = {
    clock: () => ({ epoch: EPOCH, ticks: [] }),
    alert: () => Promise.resolve(),
  };
  const round = newLookBack({
    session,
    channel: 'holdfast',
    config: { ...config, slotSeconds },
    monitor,
    providers: new Map([['Birch', provider as Provider]]),
    log: newLog('silent'),
  });
  const ended = round(new AbortController().signal);
  return {
    missed,
    ended: await ended.then(
      () => 'done',
      (error: unknown) => error,
    ),
  };
}

describe('a delegate that looks back', () => {
  const [first, second, third] = [fileOf('f1'), fileOf('f2'), fileOf('f3')] as const;
  const ended = EPOCH - config.answerWindow;

  it('reports silence although the provider refuses to show the damage of another file', async () => {
    const read = () => Promise.reject(new HoldfastError('NOT_FOUND', 'no such file here'));
    const open = { [EPOCH - 1]: [first], [ended]: [second] };
    const { missed } = await lookBack({ open, provider: { read } });
    expect(missed).toEqual([idOf(second)]);
  });

  it('reports silence before it asks the provider anything, who may take as long as it likes', async () => {
    const asked: string[][] = [];
    const report: string[] = [];
    const read = () => {
      asked.push([...report]);
      return Promise.reject(new HoldfastError('STORAGE_UNREACHABLE', 'it does not answer'));
    };
    const open = { [EPOCH - 1]: [first], [ended]: [second], [ended - 1]: [third] };
    const refuse = (fileId: string) => void report.push(fileId);
    await lookBack({ open, provider: { read }, refuse });
    expect(asked).toEqual([[idOf(second), idOf(third)]]);
  });

  it('is done when its slot is over, though the provider never answers', async () => {
    const read = () => new Promise<never>(() => undefined);
    const open = { [EPOCH - 1]: [first, second], [ended]: [third] };
    const { missed, ended: end } = await lookBack({ open, provider: { read }, slotSeconds: 0.1 });
    expect([missed, end]).toEqual([[idOf(third)], 'done']);
  });

  it('reports every file although the ledger refuses one', async () => {
    const open = { [ended]: [first, second, third] };
    const refuse = (fileId: string) => (fileId === idOf(first) ? 'INTERNAL' : undefined);
    const { missed } = await lookBack({ open, refuse });
    expect(missed).toEqual([idOf(second), idOf(third)]);
  });

  it('looks again where the ledger does not answer', async () => {
    const open = { [ended]: [first, second] };
    const { ended: end } = await lookBack({ open, refuse: () => 'LEDGER_UNREACHABLE' });
    expect(end).toMatchObject({ code: 'LEDGER_UNREACHABLE' });
  });
});
