/** Files on their way through audits, as a provider and its owners drive them. */
import type { DueRecord } from '@holdfast/protocol/audit-records.js';
import { type BornLedger, newBornLedger } from './born-ledger.ts';
import type { TestIdentity } from './memory-ledger.ts';
import { newTestFile, type TestOwner } from './owner-of-files.ts';
import { type HeldFile, newAnswer } from './provider.ts';
import { flipped } from './tamper.ts';

export interface AuditedLedger {
  readonly ledger: BornLedger;
  readonly provider: TestIdentity;
  readonly ann: TestOwner;
  readonly bob: TestOwner;
  dueOf(fileId: string): DueRecord;
  /** Registers a file in the present epoch. */
  register(owner: TestOwner): Promise<HeldFile>;
  /** Files that are due in the present epoch, for the first time. */
  dueNow(...owners: TestOwner[]): Promise<HeldFile[]>;
  /** Lets epochs begin; what the lot opens in them is answered. @returns the last, in which nothing is answered. */
  advanceAnswering(held: HeldFile, epochs: number): Promise<number>;
}

export async function newAuditedLedger(): Promise<AuditedLedger> {
  const ledger = await newBornLedger();
  const provider = await ledger.as('Birch', 'provider');
  const register: AuditedLedger['register'] = async (owner) => {
    const file = await newTestFile(owner, { epoch: ledger.epoch() });
    await ledger.submit(owner.identity, 'files:register', file.registration);
    return { owner, file };
  };
  const isOpen = async (fileId: string, epoch: number): Promise<boolean> => {
    const args = { providerId: 'Birch', epoch };
    const { items } = await ledger.evaluate(provider, 'audits:due', args);
    return items.some(({ file }) => file.fileId === fileId);
  };
  return {
    ledger,
    provider,
    ann: await ledger.openOwner('ann'),
    bob: await ledger.openOwner('bob', 'Cedar'),
    dueOf: (fileId) => ledger.state.get(`due/Birch/${fileId}`) as DueRecord,
    register,
    async dueNow(...owners) {
      const held: HeldFile[] = [];
      for (const owner of owners) held.push(await register(owner));
      await ledger.advance(2);
      return held;
    },
    async advanceAnswering(held, epochs) {
      for (let i = 1; i < epochs; i++) {
        await ledger.advance();
        const epoch = ledger.epoch();
        if (!(await isOpen(held.file.fileId, epoch))) continue;
        await ledger.submit(provider, 'audits:answer', await newAnswer(ledger, [held], { epoch }));
      }
      await ledger.advance();
      return ledger.epoch();
    },
  };
}

/** The same file with one bit of a block changed. */
export const damaged = ({ owner, file }: HeldFile, uid: number): HeldFile => ({
  owner,
  file: {
    ...file,
    blocks: file.blocks.map((block, i) => (i === uid ? flipped(block, 99) : block)),
  },
});

/** An epoch as keys of the state write it. */
export const twelve = (epoch: number): string => String(epoch).padStart(12, '0');
