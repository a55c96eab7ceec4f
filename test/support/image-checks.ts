/** What must hold in a folder of test/drills/recorded-writer.mjs, opened again after the power went. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { openAuditLines, spentToday } from '../../gateway/src/key-server/audit-lines.ts';
import type { LedgerSession } from '../../gateway/src/ledger/ledger.ts';
import { openCatalogue } from '../../gateway/src/provider/catalogue.ts';
import type { TaggedFile } from '../../gateway/src/provider/tagged-file.ts';
import { openStore } from '../../gateway/src/store.ts';
import { leftovers, passGrace } from './leftovers.ts';
import type { Recording } from './recording.ts';

const AT = Date.parse('2026-11-21T09:00:00.000Z');

interface Step {
  readonly k: number;
  readonly fileId: string;
  readonly step:
    'open' | 'content' | 'tags' | 'accepted' | 'line' | 'row' | 'key' | 'dropping' | 'dropped';
  readonly bytes?: number;
}

/** What the writer had acknowledged at a line of the recording. */
export const stepsAt = ({ said }: Recording, time: number): Step[] =>
  said
    .filter(({ end }) => end <= time)
    .flatMap(({ text }) => text.trim().split('\n'))
    .map((line) => JSON.parse(line) as Step);

/** @returns a sentence for everything acknowledged that is lost, and for everything half done. */
export async function violations(folder: string, steps: readonly Step[]): Promise<string[]> {
  try {
    return [
      ...(await lostFiles(folder, steps)),
      ...(await lostRecords(folder, steps)),
      ...(await halfStates(folder)),
    ];
  } catch (error) {
    return [`does not open: ${error instanceof Error ? (error.stack ?? '') : String(error)}`];
  }
}

async function lostFiles(folder: string, steps: readonly Step[]): Promise<string[]> {
  const catalogue = await openCatalogue(join(folder, 'provider', 'catalogue'));
  try {
    const found: string[] = [];
    for (const step of steps) {
      const isLeaving = steps.some(({ k, step: name }) => k === step.k && name === 'dropping');
      const file = await catalogue.file(step.fileId);
      if (step.step === 'dropped' && file !== undefined) found.push(`file ${step.k} came back`);
      if (!isLeaving && !has(file, step)) found.push(`file ${step.k}: ${step.step} is lost`);
    }
    return found;
  } finally {
    await catalogue.close();
  }
}

function has(file: TaggedFile | undefined, { step, bytes = 0 }: Step): boolean {
  if (file === undefined) return false;
  if (step === 'content') return file.contentBytes >= bytes;
  if (step === 'tags') return file.tagBytes > 0;
  return step !== 'accepted' || file.state === 'registered';
}

async function lostRecords(folder: string, steps: readonly Step[]): Promise<string[]> {
  const done = (name: Step['step']) => steps.filter(({ step }) => step === name);
  const found: string[] = [];
  const lines = join(folder, 'key-server');
  const { owners } = await spentToday(lines, AT);
  const spent = [...owners.values()].reduce((sum, n) => sum + n, 0);
  if (spent < done('line').length) found.push(`${spent} of ${done('line').length} audit lines`);
  const store = await openStore(join(folder, 'gateway'));
  for (const { k } of done('row')) {
    const row = await store.table('rows').get(`row ${k}`);
    if (row === undefined) found.push(`row ${k} is lost`);
  }
  await store.close();
  for (const { k } of done('key')) {
    const key = await readFile(join(folder, 'keys', `key-${k}`)).catch(() => Buffer.alloc(0));
    if (key.length !== 32) found.push(`key ${k} is lost`);
  }
  // whatever was cut off, the next line stands alone
  const again = await openAuditLines(lines);
  const ownerId = '0'.repeat(64);
  await again.write({ at: new Date(AT).toISOString(), ownerId, key: 'again', elements: 7 });
  await again.close();
  const after = (await spentToday(lines, AT)).owners.get(ownerId);
  if (after !== 7) found.push('an audit line after the crash');
  return found;
}

/** After the grace period there is what was registered, whole, and nothing else. */
async function halfStates(folder: string): Promise<string[]> {
  const catalogue = await openCatalogue(join(folder, 'provider', 'catalogue'));
  const registered = new Set<string>();
  for await (const { fileId, state } of catalogue.files()) {
    if (state === 'registered') registered.add(fileId);
  }
  await catalogue.close();
  const provider = {
    folder: join(folder, 'provider'),
    storageFolder: join(folder, 'nodes'),
    nodes: ['node-1', 'node-2'],
    session: {
      evaluate: () => Promise.reject(new HoldfastError('NOT_FOUND', 'no such file')),
    } as unknown as LedgerSession,
  };
  await passGrace(provider);
  return leftovers(provider, registered);
}
