/** What a provider answers a challenge with, from the blocks and tags it holds. */
import { challengeOf, rhoOf } from '@holdfast/protocol/audit.js';
import { base64url } from '@holdfast/protocol/bytes.js';
import type { Args } from '@holdfast/protocol/ledger-transactions.js';
import { rowOf } from '@holdfast/protocol/point-row.js';
import { prove } from '@holdfast/protocol/prover.js';
import type { BornLedger } from './born-ledger.ts';
import { CHANNEL } from './consortium.ts';
import type { TestFile, TestOwner } from './owner-of-files.ts';

/** A file where its blocks lie. */
export interface HeldFile {
  readonly owner: TestOwner;
  readonly file: TestFile;
}

type Group = Args<'audits:answer'>['groups'][number];

/** Proofs of all files, one for each tag key, in the order that the ledger wants. */
export async function newAnswer(
  ledger: BornLedger,
  held: readonly HeldFile[],
  { epoch, now = ledger.epoch() }: { epoch: number; now?: number },
): Promise<Args<'audits:answer'>> {
  const groups: Group[] = [];
  const ids = [...new Set(held.map(({ owner }) => owner.tagKeyId))].sort();
  for (const tagKeyId of ids) {
    const files = held
      .filter(({ owner }) => owner.tagKeyId === tagKeyId)
      .sort((a, b) => (a.file.fileId < b.file.fileId ? -1 : 1));
    groups.push(await proveGroup(ledger, tagKeyId, files, epoch));
  }
  return { epoch, now, groups };
}

async function proveGroup(
  ledger: BornLedger,
  tagKeyId: string,
  held: readonly HeldFile[],
  epoch: number,
): Promise<Group> {
  const beacon = ledger.beaconOf(epoch);
  const files = [];
  for (const { file } of held) {
    const challenge = await challengeFor(ledger, file.fileId, epoch);
    files.push({
      challenge,
      block: (uid: number) => Promise.resolve(file.blocks[uid] ?? new Uint8Array()),
      tag: (uid: number) => Promise.resolve(file.tagOf(uid)),
    });
  }
  const table = held[0]?.owner.table ?? rowOf([]);
  const rho = rhoOf({ channel: CHANNEL, epoch, beacon, providerId: 'Birch', tagKeyId });
  const proof = await prove({ table, rho, files });
  return {
    tagKeyId,
    files: held.map(({ file }) => ({ fileId: file.fileId })),
    proof: base64url(proof),
  };
}

/** The challenge of a file, from what the ledger answers. */
export async function challengeFor(ledger: BornLedger, fileId: string, epoch: number) {
  const by = await ledger.as('Birch', 'provider');
  const { file, due, ask } = await ledger.evaluate(by, 'files:get', { fileId });
  const beacon = ledger.beaconOf(epoch);
  return challengeOf({ channel: CHANNEL, epoch, beacon, file, due, ask });
}
