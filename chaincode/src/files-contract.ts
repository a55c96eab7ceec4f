import { fromBase64url, fromHex, hex } from '@holdfast/protocol/bytes.js';
import { fileId as newFileId } from '@holdfast/protocol/ids.js';
import type { FileState } from '@holdfast/protocol/ledger-transactions.js';
import { answer, begin, callersAccount, commit } from './call.ts';
import { HoldfastContract } from './contract.ts';
import { nameEpoch } from './epochs.ts';
import { Context, Info, Returns, Transaction } from './fabric.ts';
import { activeFile, fileState, ownFile } from './file-state.ts';
import { LEAD, writeNewFile } from './new-file.ts';
import { checkNodes, dueAfterPlacement } from './nodes.ts';
import { expectField, must, short } from './refuse.ts';
import { firstShares, newFileRecord } from './registration.ts';
import { FIRST_GENERATION, KEYS, LISTS } from './state-keys.ts';

/** What is stored where under which root, from registration to retirement. */
@Info({ title: 'files', description: 'Stored files: their roots, placements and asked audits.' })
export class FilesContract extends HoldfastContract {
  constructor() {
    super('files');
  }

  /** (Ledger) Takes an upload in one transaction: version, acceptance, key shares, batch membership (constructions 4.1). */
  @Transaction()
  @Returns('string')
  async register(ctx: Context, args: string): Promise<string> {
    const call = await begin(ctx, 'files:register', args);
    const { args: registration, state, config, channel } = call;
    const { epoch, terms, tagKeyId } = registration;
    const account = await callersAccount(call);
    const { ownerId } = account;
    const fileId = hex(newFileId(fromHex(ownerId), fromBase64url(registration.nonce)));
    await nameEpoch(state, epoch);
    await state.refuse(KEYS.file(fileId), `file ${short(fileId)} is registered`);
    await state.refuse(KEYS.anchor(registration.anchor), 'this anchor stands for another file');
    const tagKey = await state.find(KEYS.tagKey(tagKeyId), `tag key ${short(tagKeyId)}`);
    const { providerId } = terms;
    const organisation = KEYS.organisation(providerId, 'provider');
    const provider = await state.find(organisation, `provider ${providerId}`);
    const file = newFileRecord(registration, fileId, {
      account,
      tagKey,
      provider,
      config,
      channel,
    });
    await writeNewFile(state, file, firstShares(registration, fileId, ownerId));
    const { version, root } = file;
    const event = { fileId, ownerId, providerId, version, root, epoch };
    return commit(ctx, 'files:register', ['FileRegistered', event], { fileId, version });
  }

  /** (Provider) Says on which of its nodes it keeps the file now. */
  @Transaction()
  @Returns('string')
  async place(ctx: Context, args: string): Promise<string> {
    const call = await begin(ctx, 'files:place', args);
    const { state, config, caller } = call;
    const { fileId, nodes } = call.args;
    const file = await activeFile(state, fileId);
    const isOwn = file.providerId === caller.mspId;
    must(isOwn, 'NOT_ALLOWED', `file ${short(fileId)} is kept by ${file.providerId}`);
    const organisation = KEYS.organisation(caller.mspId, 'provider');
    const provider = await state.find(organisation, `provider ${caller.mspId}`);
    checkNodes(nodes, { provider, config, at: '/nodes' });
    const before = await state.find(KEYS.placement(fileId), `placement of ${short(fileId)}`);
    const dueKey = KEYS.due(file.providerId, fileId);
    const due = await state.find(dueKey, `audits of ${short(fileId)}`);
    const next = dueAfterPlacement(due, before.nodes, nodes);
    if (next !== undefined) await state.put(dueKey, next);
    await state.put(KEYS.placement(fileId), { nodes });
    return commit(ctx, 'files:place', ['FilePlaced', { fileId, nodes }], { fileId, nodes });
  }

  /** (Owner) Asks for an audit two epochs ahead: of which node, of how many blocks (paper 004 section 6.2). */
  @Transaction()
  @Returns('string')
  async ask(ctx: Context, args: string): Promise<string> {
    const call = await begin(ctx, 'files:ask', args);
    const { state, config } = call;
    const { fileId, epoch, node, blocks } = call.args;
    const most = config.answerBlocks;
    expectField((blocks ?? 0) <= most, '/blocks', `one audit covers at most ${most} blocks`);
    await ownFile(call, fileId);
    await nameEpoch(state, epoch);
    const { nodes } = await state.find(KEYS.placement(fileId), `placement of ${short(fileId)}`);
    const isThere = node === null || nodes.includes(node);
    expectField(isThere, '/node', `the file stands on ${nodes.join()}`);
    await state.refuse(KEYS.ask(fileId), `an audit of ${short(fileId)} is asked already`);
    const fromEpoch = epoch + LEAD;
    await state.put(KEYS.ask(fileId), { fromEpoch, node, blocks });
    return commit(ctx, 'files:ask', ['AuditAsked', { fileId, fromEpoch }], { fileId, fromEpoch });
  }

  /** (Owner) Ends the file: its current records go, ledger blocks keep what they hold (constructions 14). */
  @Transaction()
  @Returns('string')
  async retire(ctx: Context, args: string): Promise<string> {
    const call = await begin(ctx, 'files:retire', args);
    const { state } = call;
    const { fileId } = call.args;
    const file = await ownFile(call, fileId);
    const { ownerId, providerId } = file;
    const due = KEYS.due(providerId, fileId);
    await state.find(due, `audits of ${short(fileId)}`);
    await state.find(KEYS.shares(fileId, FIRST_GENERATION), `key shares of ${short(fileId)}`);
    await state.put(KEYS.file(fileId), { ...file, state: 'retired' });
    await state.remove(due);
    await state.remove(KEYS.ask(fileId));
    await state.remove(KEYS.placement(fileId));
    await state.remove(KEYS.owned(ownerId, fileId));
    await state.remove(KEYS.anchor(file.anchor));
    await state.remove(KEYS.shares(fileId, FIRST_GENERATION));
    return commit(ctx, 'files:retire', ['FileRetired', { fileId, ownerId }], { fileId });
  }

  @Transaction(false)
  @Returns('string')
  async get(ctx: Context, args: string): Promise<string> {
    const call = await begin(ctx, 'files:get', args);
    const { state } = call;
    const { fileId } = call.args;
    return answer('files:get', await fileState(state, fileId));
  }

  @Transaction(false)
  @Returns('string')
  async byAnchor(ctx: Context, args: string): Promise<string> {
    const call = await begin(ctx, 'files:byAnchor', args);
    const { state } = call;
    const { anchor } = call.args;
    return answer(
      'files:byAnchor',
      await state.find(KEYS.anchor(anchor), `anchor ${short(anchor)}`),
    );
  }

  @Transaction(false)
  @Returns('string')
  async list(ctx: Context, args: string): Promise<string> {
    const call = await begin(ctx, 'files:list', args);
    const { state } = call;
    const { ownerId, cursor, limit } = call.args;
    const { items, next } = await state.page(LISTS.owned(ownerId), { cursor, limit });
    const files: FileState[] = [];
    for (const { parts } of items) files.push(await fileState(state, parts.join()));
    return answer('files:list', { items: files, next });
  }
}
