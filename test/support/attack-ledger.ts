/**
 * A ledger with a provider and owners who attack it, on the product or, as the entry of `variantOf`, on a variant of it.
 * What files hold is small: it changes nothing here.
 */
import { firstVersion, versionDigest } from '@holdfast/protocol/acceptance.js';
import type { AuditRecord } from '@holdfast/protocol/audit-records.js';
import { newLeaf } from '@holdfast/protocol/chameleon.js';
import type { Config } from '@holdfast/protocol/consortium-records.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { Args, Submit } from '@holdfast/protocol/ledger-transactions.js';
import { newBornLedger } from './born-ledger.ts';
import { CONFIG } from './consortium.ts';
import type { Endorsed } from './contract-ledger.ts';
import type { TestIdentity } from './memory-ledger.ts';
import { newTestFile, type TestFileOptions, type TestOwner } from './owner-of-files.ts';
import { challengeFor, newAnswer, type HeldFile } from './provider.ts';

const SMALL = { blockLength: 62, sharing: { shareCount: 2, threshold: 2, privacy: 1 } };

/** Whose table all owners share: making one takes seconds. */
let first: TestOwner | undefined;

export async function newLedgerStage(config: Config = CONFIG, alike = first) {
  const ledger = await newBornLedger(config);
  const provider = await ledger.as('Birch', 'provider');
  first = alike;

  const stage = {
    ledger,
    provider,
    first: () => first,
    async openOwner(name: string, mspId = 'Alder', custody = 'owner'): Promise<TestOwner> {
      const owner = await ledger.openOwner(name, mspId, custody, first);
      first ??= owner;
      return owner;
    },
    async prepare(owner: TestOwner, options: Partial<TestFileOptions> = {}): Promise<HeldFile> {
      const file = await newTestFile(owner, { epoch: ledger.epoch(), ...SMALL, ...options });
      return { owner, file };
    },
    async register(owner: TestOwner, options: Partial<TestFileOptions> = {}): Promise<HeldFile> {
      const held = await stage.prepare(owner, options);
      await ledger.submit(owner.identity, 'files:register', held.file.registration);
      return held;
    },
    /** The registration of a file in this version, as its owner can make it alone. */
    reopened({ owner, file }: HeldFile, version: Args<'files:register'>['version']) {
      const digest = versionDigest(file.fileId, firstVersion(version));
      const { chameleonHash, opening } = newLeaf(owner.chameleonKey, digest, owner.random);
      return { ...file.registration, version, chameleonHash, opening };
    },
    challengeOf: ({ file }: HeldFile, epoch = ledger.epoch()) =>
      challengeFor(ledger, file.fileId, epoch),
    async answer(held: HeldFile, epoch = ledger.epoch()): Promise<readonly AuditRecord[]> {
      const args = await newAnswer(ledger, [held], { epoch });
      return (await ledger.submit(provider, 'audits:answer', args)).result.audits;
    },
    /** Tokens for an organisation's agent, then for its owners. */
    async fund(owners: readonly TestOwner[], amounts: readonly string[]): Promise<void> {
      const operator = await ledger.as('Alder', 'operator');
      const agent = await ledger.as('Alder', 'agent');
      const total = [String(owners.length * amounts.length * 1_000_000)];
      const granted = { mspId: 'Alder', amounts: total };
      const { credits } = (await ledger.submit(operator, 'accounts:grantBudget', granted)).result;
      await ledger.submit(agent, 'accounts:collect', {
        lane: 0,
        credits: [...credits],
        sources: [],
      });
      for (const { ownerId, identity } of owners) {
        const notes = { to: ownerId, amounts: [...amounts], lane: 0 };
        const sent = await ledger.submit(agent, 'accounts:transfer', notes);
        const collected = { lane: 0, credits: [...sent.result.credits], sources: [] };
        await ledger.submit(identity, 'accounts:collect', collected);
      }
    },
    /** The code of a refusal; undefined where there was none. */
    async refusalOf(by: TestIdentity, name: Submit, args: unknown): Promise<string | undefined> {
      return ledger.submit(by, name, args as never).then(() => undefined, codeOf);
    },
    /** Endorses all, then sends all: how many came too late. */
    async conflictsOf(transactions: readonly Promise<Endorsed<Submit>>[]): Promise<number> {
      const endorsed = await Promise.all(transactions);
      const codes = await Promise.all(
        endorsed.map((one) => one.commit().then(() => undefined, codeOf)),
      );
      return codes.filter((code) => code === 'CONFLICT').length;
    },
  };
  return stage;
}

export type LedgerStage = Awaited<ReturnType<typeof newLedgerStage>>;

/** Classes of a variant are others: what counts is the code. */
function codeOf(problem: unknown): string {
  if (problem instanceof HoldfastError) return problem.code;
  throw problem;
}
