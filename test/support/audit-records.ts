/** Records of the ledger as an audit meets them, with plain values that a test changes where it cares. */
import type { AskRecord, DueRecord } from '@holdfast/protocol/audit-records.js';
import type { Config } from '@holdfast/protocol/consortium-records.js';
import type { FileRecord } from '@holdfast/protocol/file-records.js';
import type { FileState } from '@holdfast/protocol/ledger-transactions.js';

export const threeOrganisations = (): Config => ({
  version: 1,
  organisations: ['Alder', 'Birch', 'Cedar'].map((mspId) => ({ mspId, roles: ['owner', 'agent'] })),
  genesisDelegates: ['Alder', 'Cedar'],
  keyServers: ['Alder', 'Cedar'],
  slotSeconds: 30,
  auditPeriod: 4,
  answerWindow: 3,
  repairWindow: 24,
  answerBlocks: 1_000,
  minimumReplicas: 2,
  epochsPerPeriod: 100,
  feePerCall: '0',
  auditReward: '0',
  lateFee: '0',
  missedSlotPenalty: '0',
  dedupSkip: 'organisation',
  allowSelfAudit: true,
});

const ZEROS = '0'.repeat(64);

export const fileRecord = (changes: Partial<FileRecord> = {}): FileRecord => ({
  fileId: 'f1'.repeat(32),
  ownerId: 'a1'.repeat(32),
  providerId: 'Birch',
  tagKeyId: 'b1'.repeat(32),
  version: 1,
  blockCount: 300,
  blockSize: 65_536,
  root: 'c1'.repeat(32),
  nextUid: 300,
  base: {
    version: 1,
    firstUid: 0,
    blockCount: 300,
    nonce: 'AAAAAAAAAAAAAAAAAAAAAA',
    taggedAt: 1_700_000_000_000,
  },
  editHead: ZEROS,
  chameleonKey: '',
  chameleonHash: '',
  opening: { r: '', s: '' },
  anchor: ZEROS,
  pricePerEpoch: '0',
  bond: '0',
  couponId: ZEROS,
  expiryEpoch: 100,
  acceptance: '',
  acceptedNodes: ['birch-1', 'birch-2'],
  epochRegistered: 1,
  epochAmended: 1,
  custody: 'owner',
  state: 'active',
  ...changes,
});

export const dueRecord = (changes: Partial<DueRecord> = {}): DueRecord => ({
  from: 3,
  last: null,
  verdict: null,
  node: null,
  uids: [],
  paidTo: 3,
  ...changes,
});

/** Audited in epoch 10, and intact. */
export const settled = (changes: Partial<DueRecord> = {}): DueRecord =>
  dueRecord({ from: 11, last: 10, verdict: 'intact', ...changes });

export const asked = (changes: Partial<AskRecord> = {}): AskRecord => ({
  fromEpoch: 12,
  node: null,
  blocks: null,
  ...changes,
});

export const fileState = (changes: Partial<FileState> = {}): FileState => ({
  file: fileRecord(),
  placement: { nodes: ['birch-1', 'birch-2'] },
  due: dueRecord(),
  ask: null,
  ...changes,
});
