/**
 * What edits did to the ids of a file's blocks, under a hash chain whose head is on the ledger (constructions, section 2).
 *
 * An audit samples live ids and needs, for each, the session it was tagged in. From the log of the edits since all blocks
 * were tagged last, the ledger computes both, at 37 bytes for an edit of one block. The log also replays the shape of the
 * tree, which does not follow from the blocks.
 *
 * ```text
 * entry = nonce (16) || u64 taggedAt || u32 k || k times (u8 kind || u32 position || u32 killedUid)
 * head' = T("edit", head, u32 new version, LP(entry))
 * ```
 *
 * kind is 0 for an update, 1 for an insertion, 2 for a deletion. Ids of blocks that came follow in the order of edits.
 *
 * @module
 */
import { EDITS_MAX, type EditKind, type LoggedEdit } from './block-edit.ts';
import { concat, equalBytes, fromHex, lengthPrefixed, u32be, u64be, u8 } from './bytes.ts';
import { HoldfastError } from './errors.ts';
import { transcript } from './hash.ts';
import type { Leaf } from './leaf-list.ts';
import type { FileVersion, TaggingBase } from './file-records.ts';
import { buildTree, deleteAt, insertAt, leafAt, updateAt, type RankTree } from './rank-tree.ts';
import { tagSession, type TagSession } from './tag.ts';

/** Most bytes of the log of one file; beyond it, all blocks are tagged anew. */
export const EDIT_LOG_MAX = 65_536;

const KINDS: readonly EditKind[] = ['update', 'insert', 'delete'];
const HEADER_BYTES = 28;
const EDIT_BYTES = 9;

/** The edits of one amendment, whose new blocks were tagged in one session. */
export interface LogEntry {
  readonly nonce: Uint8Array;
  /** Milliseconds, informational. */
  readonly taggedAt: number;
  readonly edits: readonly LoggedEdit[];
}

/** What a log says of a version of a file. */
export interface EditLog {
  readonly entries: readonly LogEntry[];
  /** Sessions by ascending first id, the one of the last full tagging first. */
  readonly sessions: readonly TagSession[];
  /** Ids from the base's first one on that are no longer live, ascending. */
  readonly dead: readonly number[];
}

/** (Owner, Ledger) The bytes of one entry; a log is its entries in a row. */
export const encodeEntry = ({ nonce, taggedAt, edits }: LogEntry): Uint8Array =>
  concat(
    nonce,
    u64be(taggedAt),
    u32be(edits.length),
    ...edits.flatMap((edit) => [
      u8(KINDS.indexOf(edit.kind)),
      u32be(edit.position),
      u32be(edit.killedUid),
    ]),
  );

/**
 * (Ledger) The head of the chain after an entry; before the first it is 32 zero bytes.
 *
 * @param version - the version that the entry led to.
 */
export const nextEditHead = (head: Uint8Array, version: number, entry: Uint8Array): Uint8Array =>
  transcript('edit', head, u32be(version), lengthPrefixed(entry));

/**
 * (Ledger) Reads a log and checks it against the version that it should lead to.
 *
 * @param file - the version, and the file it is of.
 * @param evidence - all entries since the base, none for a file that was not edited since.
 * @throws `TOO_LARGE` beyond 64 KiB; `PROOF_INVALID` where it is malformed or not the log of this version.
 */
export function readEditLog(
  file: FileVersion & { readonly fileId: string },
  evidence: Uint8Array,
): EditLog {
  if (evidence.length > EDIT_LOG_MAX) {
    throw new HoldfastError('TOO_LARGE', `the log of edits has more than ${EDIT_LOG_MAX} bytes`);
  }
  const { base } = file;
  const first = tagSession(file.fileId, base);
  const sessions: TagSession[] = [first];
  const entries: LogEntry[] = [];
  const dead: number[] = [];
  let nextUid = base.firstUid + base.blockCount;
  let head: Uint8Array = new Uint8Array(32);
  for (const { entry, bytes } of readEntries(evidence)) {
    const { nonce, taggedAt, edits } = entry;
    entries.push(entry);
    head = nextEditHead(head, base.version + entries.length, bytes);
    sessions.push({ fileId: first.fileId, firstUid: nextUid, nonce, taggedAt });
    for (const { kind, killedUid } of edits) {
      if (kind !== 'insert') dead.push(killedUid);
      if (kind !== 'delete') nextUid++;
    }
  }
  const isLog =
    equalBytes(head, fromHex(file.editHead, 32)) &&
    base.version + entries.length === file.version &&
    nextUid === file.nextUid &&
    nextUid - base.firstUid - dead.length === file.blockCount;
  if (!isLog) throw new HoldfastError('PROOF_INVALID', 'not the log of edits of this version');
  return { entries, sessions, dead: dead.sort((a, b) => a - b) };
}

function* readEntries(
  evidence: Uint8Array,
): Generator<{ readonly entry: LogEntry; readonly bytes: Uint8Array }> {
  const view = new DataView(evidence.buffer, evidence.byteOffset, evidence.length);
  let at = 0;
  while (at < evidence.length) {
    if (at + HEADER_BYTES > evidence.length) throw malformed(at);
    const taggedAt = Number(view.getBigUint64(at + 16));
    const count = view.getUint32(at + 24);
    const start = at + HEADER_BYTES;
    const end = start + EDIT_BYTES * count;
    const isSound = count >= 1 && count <= EDITS_MAX && Number.isSafeInteger(taggedAt);
    if (!isSound || end > evidence.length) throw malformed(at);
    const edits = Array.from({ length: count }, (_, i) => readEdit(view, start + EDIT_BYTES * i));
    const nonce = evidence.slice(at, at + 16);
    yield { entry: { nonce, taggedAt, edits }, bytes: evidence.subarray(at, end) };
    at = end;
  }
}

function readEdit(view: DataView, at: number): LoggedEdit {
  const kind = KINDS[view.getUint8(at)];
  if (kind === undefined) throw malformed(at);
  return { kind, position: view.getUint32(at + 1), killedUid: view.getUint32(at + 5) };
}

const malformed = (at: number): HoldfastError =>
  new HoldfastError('PROOF_INVALID', `the log of edits is malformed at byte ${at}`);

/** The session in which a live block was tagged. */
export function sessionOf(sessions: readonly TagSession[], uid: number): TagSession {
  const session = sessions.findLast(({ firstUid }) => firstUid <= uid);
  if (session === undefined) throw new Error(`bug: block ${uid} is older than the base`);
  return session;
}

/**
 * (Owner, Provider) The tree of a version, replayed from the last full tagging.
 *
 * @param leafOf - leaves of live blocks; of dead ones nothing is left to know.
 */
export function replayTree(
  base: TaggingBase,
  { entries }: EditLog,
  leafOf: (uid: number) => Leaf | undefined,
): RankTree | undefined {
  const known = (uid: number): Leaf =>
    leafOf(uid) ?? { uid, length: 0, digest: new Uint8Array(32) };
  const first = Array.from({ length: base.blockCount }, (_, i) => known(base.firstUid + i));
  let tree = buildTree(first);
  let nextUid = base.firstUid + base.blockCount;
  for (const edit of entries.flatMap(({ edits }) => edits)) {
    if (edit.kind === 'insert') {
      tree = insertAt(tree, edit.position, known(nextUid++));
      continue;
    }
    if (tree === undefined || leafAt(tree, edit.position).uid !== edit.killedUid) {
      throw new HoldfastError('PROOF_INVALID', 'the log of edits does not fit the blocks');
    }
    tree =
      edit.kind === 'delete'
        ? deleteAt(tree, edit.position)
        : updateAt(tree, edit.position, known(nextUid++));
  }
  return tree;
}
