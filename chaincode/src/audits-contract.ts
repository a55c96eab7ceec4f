import { beaconsOfRule, isDue, wantedBlocks } from '@holdfast/protocol/audit.js';
import { fromBase64url } from '@holdfast/protocol/bytes.js';
import type { TagKeyRecord } from '@holdfast/protocol/account-records.js';
import type { AuditRecord } from '@holdfast/protocol/audit-records.js';
import type { FileState } from '@holdfast/protocol/ledger-transactions.js';
import { verifyAnswer } from '@holdfast/protocol/proof.js';
import { auditedFile, readBeacons, settle, type Audit } from './audited-file.ts';
import { answer, begin, commit, type Call, type Parsed } from './call.ts';
import { HoldfastContract } from './contract.ts';
import { nameSettlement } from './epochs.ts';
import { Context, Info, Returns, Transaction } from './fabric.ts';
import { fileState } from './file-state.ts';
import { expectField, must, short } from './refuse.ts';
import type { AuditedFile } from './settlement.ts';
import { KEYS, LISTS } from './state-keys.ts';

/** Verdicts, computed here and reported by nobody (constructions 1.4 and 5.6). */
@Info({ title: 'audits', description: 'Challenges that are open, and their verdicts.' })
export class AuditsContract extends HoldfastContract {
  constructor() {
    super('audits');
  }

  /** (Provider) Proves its due files of one epoch: one proof of 128 bytes for all files under one tag key. */
  @Transaction()
  @Returns('string')
  async answer(ctx: Context, args: string): Promise<string> {
    const call = await begin(ctx, 'audits:answer', args);
    const { groups, now } = call.args;
    checkOrder(groups);
    const audit = await openAudit(call);
    const answered: AnsweredGroup[] = [];
    const count = sizeLimit(groups, call.config.answerBlocks);
    for (const group of groups) answered.push(await readGroup(call, audit, group, count));
    const { channel, caller } = call;
    const { epoch, value } = audit.beacon;
    const question = { channel, epoch, beacon: value, providerId: caller.mspId, groups: answered };
    must(verifyAnswer(question), 'PROOF_INVALID', 'the proofs do not hold');
    const audits: AuditRecord[] = [];
    for (const audited of answered.flatMap(({ files }) => files)) {
      audits.push(await settle(audit, audited, { verdict: 'intact', now, uids: [] }));
    }
    return commit(ctx, 'audits:answer', ['AuditsAnswered', { audits }], { audits });
  }

  /** (Provider) Names challenged blocks that it cannot prove: the verdict is `damaged`. */
  @Transaction()
  @Returns('string')
  async concede(ctx: Context, args: string): Promise<string> {
    const call = await begin(ctx, 'audits:concede', args);
    const { fileId, now, uids } = call.args;
    const audit = await openAudit(call);
    const audited = await auditedFile(audit, fileId);
    checkProvider(call, audited);
    const challenged = new Set(audited.challenge.uids);
    for (const [i, uid] of uids.entries()) {
      expectField(uid > (uids[i - 1] ?? -1), `/uids/${i}`, 'expected ascending block ids');
      expectField(challenged.has(uid), `/uids/${i}`, `block ${uid} is not in the challenge`);
    }
    const record = await settle(audit, audited, { verdict: 'damaged', now, uids });
    return commit(ctx, 'audits:concede', ['AuditConceded', { audit: record }], { audit: record });
  }

  /** (Ledger) Closes a challenge that the provider has let pass: the verdict is `unanswered`. */
  @Transaction()
  @Returns('string')
  async miss(ctx: Context, args: string): Promise<string> {
    const call = await begin(ctx, 'audits:miss', args);
    const { fileId, epoch, now } = call.args;
    const audit = await openAudit(call);
    const audited = await auditedFile(audit, fileId);
    const end = Math.max(epoch, audited.file.epochAmended) + call.config.answerWindow;
    must(now >= end, 'NOT_DUE', `the provider may answer until epoch ${end}`, '/now');
    const record = await settle(audit, audited, { verdict: 'unanswered', now, uids: [] });
    return commit(ctx, 'audits:miss', ['AuditMissed', { audit: record }], { audit: record });
  }

  /** (Provider) Its files whose challenge of the epoch is open. A page examines `limit` files and holds those due. */
  @Transaction(false)
  @Returns('string')
  async due(ctx: Context, args: string): Promise<string> {
    const call = await begin(ctx, 'audits:due', args);
    const { state, config } = call;
    const { providerId, epoch, cursor, limit } = call.args;
    await state.find(KEYS.beacon(epoch), `beacon ${epoch} yet`);
    const active = await state.page(LISTS.due(providerId), { cursor, limit });
    const beacons = new Map<number, string>();
    const items: FileState[] = [];
    for (const { parts } of active.items) {
      const file = await fileState(state, parts.join());
      await readBeacons({ state, beacons }, beaconsOfRule(file.due, epoch, config));
      if (isDue({ state: file, epoch, beacons, config })) items.push(file);
    }
    return answer('audits:due', { items, next: active.next });
  }

  @Transaction(false)
  @Returns('string')
  async get(ctx: Context, args: string): Promise<string> {
    const call = await begin(ctx, 'audits:get', args);
    const { state } = call;
    const { fileId, epoch } = call.args;
    const what = `audit of ${short(fileId)} in epoch ${epoch}`;
    return answer('audits:get', await state.find(KEYS.audit(fileId, epoch), what));
  }

  /** Oldest first. */
  @Transaction(false)
  @Returns('string')
  async ofFile(ctx: Context, args: string): Promise<string> {
    const call = await begin(ctx, 'audits:ofFile', args);
    const { state } = call;
    const { fileId, cursor, limit } = call.args;
    const { items, next } = await state.page(LISTS.audits(fileId), { cursor, limit });
    return answer('audits:ofFile', { items: items.map(({ record }) => record), next });
  }
}

type Settling = 'audits:answer' | 'audits:concede' | 'audits:miss';
type Group = Parsed<'audits:answer'>['groups'][number];

interface AnsweredGroup {
  readonly tagKey: TagKeyRecord;
  readonly files: readonly AuditedFile[];
  readonly proof: Uint8Array;
}

async function openAudit(call: Call<Settling>): Promise<Audit> {
  const { args, state, config, channel } = call;
  const beacon = await nameSettlement(state, args);
  return { state, config, channel, beacon, beacons: new Map([[beacon.epoch, beacon.value]]) };
}

async function readGroup(
  call: Call<'audits:answer'>,
  audit: Audit,
  { tagKeyId, files, proof }: Group,
  count: (audited: AuditedFile) => void,
): Promise<AnsweredGroup> {
  const tagKey = await call.state.find(KEYS.tagKey(tagKeyId), `tag key ${short(tagKeyId)}`);
  const audited: AuditedFile[] = [];
  for (const { fileId } of files) {
    const file = await auditedFile(audit, fileId);
    checkProvider(call, file);
    const isTagged = file.file.tagKeyId === tagKeyId;
    must(isTagged, 'INPUT_INVALID', `file ${short(fileId)} is tagged with another key`, '/groups');
    count(file);
    audited.push(file);
  }
  return { tagKey, files: audited, proof: fromBase64url(proof) };
}

function checkProvider({ caller }: Call<Settling>, { file }: AuditedFile): void {
  const isOwn = file.providerId === caller.mspId;
  must(isOwn, 'NOT_ALLOWED', `file ${short(file.fileId)} is kept by ${file.providerId}`);
}

/** One spelling of an answer, and no proof or file in it twice. */
function checkOrder(groups: readonly Group[]): void {
  for (const [i, { tagKeyId, files }] of groups.entries()) {
    const isAfter = tagKeyId > (groups[i - 1]?.tagKeyId ?? '');
    expectField(isAfter, `/groups/${i}/tagKeyId`, 'expected ascending tag keys');
    for (const [j, { fileId }] of files.entries()) {
      const follows = fileId > (files[j - 1]?.fileId ?? '');
      expectField(follows, `/groups/${i}/files/${j}`, 'expected ascending files');
    }
  }
}

/**
 * Every endorser checks the whole answer at once, so what it samples is bounded; conceded blocks come on top. It is counted
 * file by file: what is too large is not read to its end. One file alone always passes: a limit that was lowered since its
 * audit was asked for would convict an honest provider.
 */
function sizeLimit(groups: readonly Group[], most: number): (audited: AuditedFile) => void {
  const named = groups.reduce((sum, { files }) => sum + files.length, 0);
  let sampled = 0;
  const check = (blocks: number): void =>
    must(
      blocks <= most || named === 1,
      'TOO_LARGE',
      `${blocks} blocks sampled, of at most ${most}`,
      '/groups',
    );
  check(named); // one of each file at least
  return ({ file, ask, beacon }) => {
    sampled += wantedBlocks(file, ask, beacon.epoch);
    check(sampled);
  };
}
