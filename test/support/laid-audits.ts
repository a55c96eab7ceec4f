/** Three files with an open challenge, under two tag keys, as records laid out by hand. */
// First: it silences what fabric-shim installs when it is imported.
import { newCaller, type Records, type Signing } from './laid-ledger.ts';
import { challengeOf, rhoOf } from '@holdfast/protocol/audit.js';
import type { AskRecord, DueRecord } from '@holdfast/protocol/audit-records.js';
import { base64url, hex } from '@holdfast/protocol/bytes.js';
import { ready } from '@holdfast/protocol/curve.js';
import type { FileRecord } from '@holdfast/protocol/file-records.js';
import type { Args } from '@holdfast/protocol/ledger-transactions.js';
import { prove } from '@holdfast/protocol/prover.js';
import { dueRecord } from './audit-records.ts';
import { CHANNEL, CONFIG } from './consortium.ts';
import { seededRandom } from './property.ts';
import { newTagger, stored, tagFile, type TaggedFile } from './tagged-files.ts';

/** The epoch whose challenge is open, and the newest. */
export const OPEN = 6;
export const NEWEST = 10;
/** Of each file, all challenged. */
export const BLOCKS = 4;

/** Nothing is drawn by lot. */
const config = { ...CONFIG, auditPeriod: 1_000 };

/** An epoch as keys of the state write it. */
export const twelve = (epoch: number): string => String(epoch).padStart(12, '0');

export interface LaidAudits {
  readonly birch: Signing;
  /** Two files of the first tag key and one of the second, in the order of an answer. */
  readonly held: readonly TaggedFile[];
  readonly records: Records;
  readonly idOf: (which: number) => string;
  /** The records with some members of one changed. */
  readonly changed: (key: string, change: object) => Records;
  /** What an honest provider answers, as the records stand. */
  readonly answerTo: (
    given: Records,
    wanted: readonly TaggedFile[],
    now?: number,
  ) => Promise<Answer>;
}

type Answer = Args<'audits:answer'>;

export async function layAudits(): Promise<LaidAudits> {
  await ready();
  const random = seededRandom();
  const blocks = () => Array.from({ length: BLOCKS }, () => random(70));
  const taggers = [newTagger(random, 70), newTagger(random, 70)].sort((a, b) =>
    a.tagKey.tagKeyId < b.tagKey.tagKeyId ? -1 : 1,
  );
  const held = taggers.flatMap((tagger, which) =>
    Array.from({ length: 2 - which }, () => tagFile(random, tagger, blocks())).sort((a, b) =>
      a.file.fileId < b.file.fileId ? -1 : 1,
    ),
  );
  const beacons = Array.from({ length: NEWEST + 1 }, (_, epoch) => ({
    epoch,
    value: hex(random(32)),
    delegate: epoch % 2 === 0 ? 'Alder' : 'Cedar',
  }));
  const beacon = beacons[OPEN]?.value ?? '';
  const records = Object.fromEntries<unknown>([
    ['config', config],
    ...beacons.map((record) => [`beacon/${twelve(record.epoch)}`, record] as const),
    ...taggers.map(({ tagKey }) => [`tagkey/${tagKey.tagKeyId}`, tagKey] as const),
    ...held.flatMap(({ file }): [string, unknown][] => [
      [`file/${file.fileId}`, file],
      [`placement/${file.fileId}`, { nodes: ['birch-1'] }],
      [`due/Birch/${file.fileId}`, dueRecord({ from: OPEN })],
      [`member/Birch/${twelve(2)}/${file.fileId}`, { fileId: file.fileId }],
    ]),
  ]);

  const challenged = (given: Records, fileId: string) =>
    challengeOf({
      channel: CHANNEL,
      epoch: OPEN,
      beacon,
      file: given[`file/${fileId}`] as FileRecord,
      due: given[`due/Birch/${fileId}`] as DueRecord,
      ask: (given[`ask/${fileId}`] as AskRecord | undefined) ?? null,
    });

  return {
    birch: await newCaller('Birch', 'provider'),
    held,
    records,
    idOf(which) {
      const fileId = held[which]?.file.fileId;
      if (fileId === undefined) throw new Error(`there is no file ${which}`);
      return fileId;
    },
    changed: (key, change) => ({
      ...records,
      [key]: { ...(records[key] as object | undefined), ...change },
    }),
    async answerTo(given, wanted, now = OPEN) {
      const groups = [];
      for (const { table, tagKey } of taggers) {
        const { tagKeyId } = tagKey;
        const files = wanted.filter(({ file }) => file.tagKeyId === tagKeyId);
        if (files.length === 0) continue;
        const question = { channel: CHANNEL, epoch: OPEN, beacon, providerId: 'Birch', tagKeyId };
        const kept = files.map((file) => stored(file, challenged(given, file.file.fileId)));
        const proof = base64url(await prove({ table, rho: rhoOf(question), files: kept }));
        groups.push({ tagKeyId, files: files.map(({ file: { fileId } }) => ({ fileId })), proof });
      }
      return { epoch: OPEN, now, groups };
    },
  };
}
