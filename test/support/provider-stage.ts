/**
 * A provider at work: its folders on disk, the contracts on the ledger in memory behind the gateway's own client, an owner
 * with the real pipeline, and a clock that the test drives.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
// First of ours: it silences what fabric-shim installs when it is imported.
import { connectWith, newMemoryLedger, type TestIdentity } from './memory-ledger.ts';
import type { Gateway } from '@hyperledger/fabric-gateway';
import { firstVersion, versionDigest } from '@holdfast/protocol/acceptance.js';
import { base64url, fromHex, hex } from '@holdfast/protocol/bytes.js';
import { CARD_BYTES } from '@holdfast/protocol/card.js';
import { newLeaf } from '@holdfast/protocol/chameleon.js';
import { ready } from '@holdfast/protocol/curve.js';
import { fileRoot, leafHash, treeHash } from '@holdfast/protocol/file-root.js';
import { fileId as newFileId } from '@holdfast/protocol/ids.js';
import type { Config } from '@holdfast/protocol/consortium-records.js';
import type {
  AcceptanceAnswer,
  AcceptanceRequest,
  UploadRequest,
} from '@holdfast/protocol/upload-messages.js';
import type { SealedFile } from '@holdfast/protocol/pipeline.js';
import { sealShares } from '@holdfast/protocol/share-record.js';
import { inline } from '@holdfast/protocol/pool.js';
import { finishTags, tagSession } from '@holdfast/protocol/tag.js';
import { contracts } from '../../chaincode/src/index.ts';
import { newFabricLedger } from '../../gateway/src/ledger/fabric-ledger.ts';
import type { Ledger, LedgerSession, RoleIdentity } from '../../gateway/src/ledger/ledger.ts';
import { newLog } from '../../gateway/src/log.ts';
import { embeddedDriver } from '../../gateway/src/storage/storage-driver.ts';
import { openProvider, type OpenProvider } from '../../gateway/src/provider/open-provider.ts';
import type { Provider, UploadState } from '../../gateway/src/roles.ts';
import { overtakable } from './overtaking.ts';
import {
  beaconSignature,
  CHANNEL,
  CONFIG,
  delegateAnnouncement,
  NODES,
  providerAnnouncement,
  secretOf,
} from './consortium.ts';
import { BLOCK_SIZE, newTestOwner, type TestOwner } from './owner-of-files.ts';
import { seededRandom } from './property.ts';
import { inChunks, sealed } from './sealing.ts';

/** A file as its owner holds it ready. */
export interface SealedUpload {
  readonly owner: StageOwner;
  readonly request: UploadRequest;
  readonly file: SealedFile;
  readonly content: Uint8Array;
  readonly blocks: readonly Uint8Array[];
  readonly tags: Uint8Array;
  readonly card: Uint8Array;
  readonly acceptance: AcceptanceRequest;
}

export interface StageOwner extends TestOwner {
  readonly table: TestOwner['table'];
  readonly tableBytes: Uint8Array;
  readonly session: LedgerSession;
}

export interface ProviderStage {
  readonly ledger: Ledger;
  readonly folder: string;
  /** Ends the provider that is open and opens it anew on the same folder. */
  reopen(): Promise<OpenProvider>;
  /** Ends the provider that is open. */
  end(): Promise<void>;
  openOwner(name: string): Promise<StageOwner>;
  epoch(): Promise<number>;
  advance(epochs?: number): Promise<number>;
  /** Does this between the endorsement of the provider's next transaction and its order. */
  overtake(work: () => Promise<unknown>): void;
  close(): Promise<void>;
}

export async function newProviderStage(change: Partial<Config> = {}): Promise<ProviderStage> {
  await ready();
  const memory = await newMemoryLedger({ contracts, channel: CHANNEL });
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-provider-'));
  const gateways = new Map<string, Gateway>();
  const ledgerOf = (gatewayAs: (identity: RoleIdentity) => Gateway, own: RoleIdentity) =>
    newFabricLedger(
      {
        channel: memory.channel,
        chaincode: memory.chaincode,
        gatewayAs,
        connectOwner: ({ mspId, certificate, sign }) =>
          connectWith(memory.client, { mspId, certificatePem: certificate, signer: sign }),
        close: () => Promise.resolve(),
      },
      own,
    );
  for (const [mspId, role] of [
    ['Alder', 'operator'],
    ['Alder', 'agent'],
    ['Alder', 'delegate'],
    ['Cedar', 'delegate'],
  ] as const) {
    gateways.set(`${mspId}/${role}`, await memory.gatewayAs({ mspId, role }));
  }
  const { client, overtake } = overtakable(memory.client);
  const birch = await memory.newIdentity({ mspId: 'Birch', role: 'provider' });
  gateways.set('Birch/provider', connectWith(client, birch));
  const gatewayAs = ({ mspId, role }: RoleIdentity): Gateway => {
    const gateway = gateways.get(`${mspId}/${role}`);
    if (gateway === undefined) throw new Error(`no ${role} of ${mspId}`);
    return gateway;
  };
  const agent = { mspId: 'Alder', role: 'agent' } as const;
  const ledger = ledgerOf(gatewayAs, agent);
  const { signal } = new AbortController();
  const operator = ledger.as({ mspId: 'Alder', role: 'operator' });
  const config = { ...CONFIG, ...change };
  await operator.submit('accounts:configure', { config }, signal);
  const provider = ledger.as({ mspId: 'Birch', role: 'provider' });
  await provider.submit('accounts:announce', { announcement: providerAnnouncement() }, signal);
  for (const mspId of CONFIG.genesisDelegates) {
    const announcement = delegateAnnouncement(mspId);
    await ledger
      .as({ mspId, role: 'delegate' })
      .submit('accounts:announce', { announcement }, signal);
  }

  const current = () => ledger.as(agent).evaluate('beacons:current', {}, signal);
  async function beginNext(): Promise<void> {
    const { epoch: last, value } = await current();
    const epoch = last + 1;
    const msps = ['Alder', 'Cedar'];
    for (const mspId of msps) {
      await ledger.as({ mspId, role: 'delegate' }).submit('beacons:tick', { epoch }, signal);
    }
    const delegate = msps[epoch % 2] ?? '';
    const signature = beaconSignature(delegate, epoch, value);
    const session = ledger.as({ mspId: delegate, role: 'delegate' });
    await session.submit('beacons:advance', { epoch, signature, msps }, signal);
  }

  let open: OpenProvider | undefined;
  let stopping = new AbortController();
  const endProvider = async () => {
    stopping.abort();
    await open?.close();
    open = undefined;
  };
  return {
    ledger,
    folder,
    async reopen() {
      await endProvider();
      stopping = new AbortController();
      open = await openProvider({
        pool: inline,
        folder,
        storage: embeddedDriver(join(folder, 'nodes'), NODES),
        session: provider,
        ledger,
        channel: CHANNEL,
        acceptanceSecret: secretOf('acceptance of Birch'),
        padding: true,
        random: seededRandom(),
        nowMs: Date.now,
        log: newLog('silent'),
        signal: stopping.signal,
      });
      return open;
    },
    end: endProvider,
    async openOwner(name) {
      const identity: TestIdentity = await memory.newIdentity({ mspId: 'Alder', role: 'owner' });
      const owner = await newTestOwner(identity, name);
      const own = { mspId: 'Alder', role: 'owner' } as const;
      const session = ledgerOf(() => memory.connect(identity), own).as(own);
      await session.submit('accounts:open', owner.opening, signal);
      return { ...owner, session };
    },
    epoch: async () => (await current()).epoch,
    async advance(epochs = 1) {
      for (let i = 0; i < epochs; i++) await beginNext();
      return (await current()).epoch;
    },
    overtake,
    async close() {
      await endProvider();
      await memory.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Seals a file as its owner would. */
export async function sealUpload(owner: StageOwner, plaintext: Uint8Array): Promise<SealedUpload> {
  const { random, tagKey, ownerId, tagKeyId } = owner;
  const fileNonce = random(32);
  const fileId = newFileId(fromHex(ownerId), fileNonce);
  const { file, content, blocks } = await sealed(plaintext, {
    fileId,
    nonceKey: random(32),
    alpha: tagKey.alpha,
    random,
  });
  const taggedAt = 1_795_252_800_000;
  const { blockCount, paddedSize, manifestSize } = file;
  const base = { version: 1, firstUid: 0, blockCount, nonce: base64url(file.nonce), taggedAt };
  const salt = random(32);
  const leaves = file.blocks.map(({ length, digest }, uid) => leafHash(uid, length, digest));
  return {
    owner,
    request: {
      fileId: hex(fileId),
      tagKeyId,
      blockSize: BLOCK_SIZE,
      paddedSize,
      manifestSize,
      firstUid: 0,
      taggedAt,
      padding: true,
    },
    file,
    content,
    blocks: blocks.map(({ ciphertext }) => ciphertext),
    tags: finishTags(file.sums, tagSession(hex(fileId), base), tagKey),
    card: random(CARD_BYTES),
    acceptance: {
      nonce: base.nonce,
      salt: base64url(salt),
      root: hex(fileRoot(salt, blockCount, treeHash(leaves))),
      fileNonce: base64url(fileNonce),
    },
  };
}

/** Brings table, terms and all parts; what is left is the acceptance. */
export async function bring(provider: Provider, upload: SealedUpload): Promise<UploadState> {
  const { owner, request } = upload;
  await provider.tagKey(owner.tagKeyId, inChunks(owner.tableBytes));
  const state = await provider.open(owner.ownerId, request);
  await provider.write(state.uploadId, 'content', 0, inChunks(upload.content));
  await provider.write(state.uploadId, 'tags', 0, inChunks(upload.tags));
  await provider.write(state.uploadId, 'card', 0, inChunks(upload.card));
  return state;
}

/** What the owner signs onto the ledger for an accepted upload. */
export async function register(
  { owner, request, file, acceptance: asked }: SealedUpload,
  { terms }: UploadState,
  { acceptance, anchor }: AcceptanceAnswer,
  epoch: number,
): Promise<void> {
  const { blockCount } = file;
  const { root, nonce } = asked;
  const { blockSize, taggedAt } = request;
  const version = { root, blockCount, blockSize, nonce, taggedAt };
  const { chameleonHash, opening } = newLeaf(
    owner.chameleonKey,
    versionDigest(request.fileId, firstVersion(version)),
    owner.random,
  );
  const ownerId = fromHex(owner.ownerId);
  const { shareCount, threshold, privacy, entries } = await sealShares(
    { fileKey: file.fileKey, fileSecret: owner.random(32) },
    {
      shareCount: 5,
      threshold: 3,
      privacy: 2,
      ownerId,
      fileId: fromHex(request.fileId),
      generation: 1,
      purpose: 'self',
    },
    { recipients: [{ recipientId: ownerId, hpkeKey: owner.hpkeKey }], sealedAtEpoch: epoch },
    owner.random,
  );
  await owner.session.submit(
    'files:register',
    {
      epoch,
      nonce: asked.fileNonce,
      tagKeyId: owner.tagKeyId,
      version,
      terms: { ...terms, nodes: [...terms.nodes] },
      anchor,
      acceptance,
      chameleonHash,
      opening,
      shares: { shareCount, threshold, privacy, entries },
      lane: 0,
    },
    new AbortController().signal,
  );
}
