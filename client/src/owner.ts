/**
 * The owner's side as a library: keys, plaintext and passwords stay here.
 *
 * @module
 */
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { Config } from '@holdfast/protocol/consortium-records.js';
import type { Alert } from '@holdfast/protocol/alert-messages.js';
import type { AuditItem, ChallengeAnswer } from '@holdfast/protocol/file-messages.js';
import { hex } from '@holdfast/protocol/bytes.js';
import type { ByteRange } from '@holdfast/protocol/open-file.js';
import type { Pool } from '@holdfast/protocol/pool.js';
import { encodePhrase, parsePhrase } from '@holdfast/protocol/phrase.js';
import { SEED_LENGTH } from '@holdfast/protocol/owner-secrets.js';
import { unwrapSeed, wrapSeed } from '@holdfast/protocol/wrapped-seed.js';
import {
  findAccount,
  openAccount,
  OPENING_STEPS,
  readBalance,
} from '@holdfast/protocol/owner/open-account.js';
import { openStored } from '@holdfast/protocol/owner/stored-file.js';
import { askForAudit, type AuditOptions } from '@holdfast/protocol/owner/ask-audit.js';
import { challengeNow, listAudits } from './audit.ts';
import { meetAgain, meetConsortium, type Consortium } from './consortium.ts';
import { needDevice, readDevice, writeDevice, type Device } from './device-file.ts';
import { enrol } from './enrolment.ts';
import { newGatewayApi, type GatewayApi } from './gateway-api.ts';
import { readFile } from './get.ts';
import { newLanes } from '@holdfast/protocol/owner/lanes.js';
import { listFiles, type Listing } from './listing.ts';
import { readConfig, readDelegateName } from '@holdfast/protocol/owner/parties.js';
import { silent, type Progress, type Report } from './progress.ts';
import { putFile } from './put.ts';
import type { BlockSize, PutRequest, StoredFile } from './put-request.ts';
import { renewed } from './renewal.ts';
import { recoverFiles, type Recovered } from './recover.ts';
import { newSession, nowMs, openKeys, random, type OwnerKeys, type Session } from './session.ts';
import type { Source } from './source.ts';
import { partsThrough, readBlocks } from './stored-content.ts';
import { readFileState } from '@holdfast/protocol/owner/file-keys.js';
import { statusOf, type OwnStatus } from './status.ts';
import { watchAlerts } from './watch.ts';
import { verdictOf, type AskedVerdict, type Waiting } from './verdict.ts';

export interface NewOwner {
  /** Address of a gateway. */
  readonly gateway: string;
  /** Folder of what this device keeps. */
  readonly home: string;
  readonly password: string;
  /** The number that the owner was told; compared before anything is trusted. */
  readonly consortium?: string;
  readonly report?: Report;
  /** Where files are sealed and tagged; inline unless given. */
  readonly pool?: Pool | undefined;
  /**
   * Of all files that it will ever store; 256 KiB unless given, and the same whenever an interrupted call is repeated. An
   * account for 64 KiB is opened with a quarter of the work.
   */
  readonly longestBlock?: BlockSize;
}

export interface Unlock {
  readonly home: string;
  readonly password: string;
  /** Another gateway of the same consortium. */
  readonly gateway?: string;
  /** As in {@link NewOwner}. */
  readonly pool?: Pool | undefined;
}

/** An owner whose seed is open. */
export class Owner {
  readonly #session: Session;
  readonly #lanes = newLanes();

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * A new owner: a seed drawn here, a certificate for its key, an account on the ledger.
   *
   * Interrupted, the same call with the same password goes on with the same seed.
   *
   * @returns also the seed as 24 words, the only other way in: to be shown once and kept nowhere.
   * @throws `ALREADY_EXISTS` where this device has an owner.
   */
  static async create(options: NewOwner): Promise<{ owner: Owner; phrase: string }> {
    const { home, password, pool, longestBlock, report = silent } = options;
    await Owner.refuseSecond(home);
    const before = await readDevice(home);
    const seed =
      before === undefined ? random(SEED_LENGTH) : await unwrapSeed(before.seed, password);
    const keys = await openKeys(seed);
    const device = before ?? (await newDevice(options, seed, keys));
    // before anything is on the ledger
    if (before === undefined) await writeDevice(home, device);
    const session = newSession(home, device, keys, pool);
    await openAccount(
      session,
      (tagKeyId, table) => bringTable(session, tagKeyId, table),
      (done) => report(openingStage(done)),
      longestBlock,
    );
    await writeDevice(home, { ...device, opened: true });
    return { owner: new Owner(session), phrase: encodePhrase(seed) };
  }

  /** @throws `ALREADY_EXISTS` where this device has an owner. */
  static async refuseSecond(home: string): Promise<void> {
    const device = await readDevice(home);
    if (device?.opened === true) {
      throw new HoldfastError('ALREADY_EXISTS', `this device has owner ${device.ownerId}`);
    }
  }

  /** The owner of this device; its certificate is renewed where it ends soon. @throws `NOT_FOUND` where there is none, `SEED_LOCKED` where the password is wrong. */
  static async unlock({ home, password, gateway, pool }: Unlock): Promise<Owner> {
    const device = await needDevice(home);
    const keys = await openKeys(await unwrapSeed(device.seed, password));
    const chosen = gateway ?? device.gateway;
    const lasting = await renewed(home, device, chosen, keys.key);
    return new Owner(newSession(home, { ...lasting, gateway: chosen }, keys, pool));
  }

  /**
   * An owner from its 24 words: the same key is enrolled again, the account is found on the ledger.
   *
   * @throws `NOT_FOUND` where the ledger has no account for them; `ALREADY_EXISTS` where this device has another owner.
   */
  static async restore(options: NewOwner & { readonly phrase: string }): Promise<Owner> {
    const { home, phrase, pool } = options;
    const seed = parsePhrase(phrase);
    const keys = await openKeys(seed);
    const before = await readDevice(home);
    const device = await newDevice(options, seed, keys, before);
    if (before !== undefined && before.ownerId !== device.ownerId) {
      throw new HoldfastError('ALREADY_EXISTS', `this device has another owner, ${before.ownerId}`);
    }
    const session = newSession(home, device, keys, pool);
    if ((await findAccount(session)) === undefined) {
      throw new HoldfastError('NOT_FOUND', 'the ledger has no account for these words');
    }
    await writeDevice(home, { ...device, opened: true });
    return new Owner(session);
  }

  get ownerId(): string {
    return this.#session.device.ownerId;
  }

  get device(): Device {
    return this.#session.device;
  }

  /** The rules of the consortium, attested. */
  config(): Promise<Config> {
    return readConfig(this.#session.ledger);
  }

  /** The name of an organisation's delegate, as audits name the organisation; attested. */
  delegateName(mspId: string): Promise<string> {
    return readDelegateName(this.#session.ledger, mspId);
  }

  /** Tokens in all lanes of the purse, and in notes that were not collected yet; a decimal string. */
  balance(): Promise<string> {
    return readBalance(this.#session);
  }

  /** Seals a file here, stores it, registers it; resolves when the ledger has it. */
  put(
    name: string,
    source: Source,
    options: Partial<Pick<PutRequest, 'blockSize' | 'report' | 'acknowledge'>> = {},
  ): Promise<StoredFile> {
    const { blockSize = 262_144, report = silent, acknowledge = () => undefined } = options;
    return putFile(this.#session, this.#lanes, { name, source, blockSize, report, acknowledge });
  }

  /** The plaintext, each block verified before a byte of it comes out. A failing block ends it with an error. */
  async *get(
    fileId: string,
    options: { readonly range?: ByteRange; readonly report?: Report } = {},
  ): AsyncGenerator<Uint8Array, void> {
    const opened = await openStored(this.#session, fileId, partsThrough(this.#session.api));
    yield* readFile(this.#session, opened, options.report ?? silent, options.range);
  }

  list(): Promise<Listing> {
    return listFiles(this.#session);
  }

  status(fileId: string): Promise<OwnStatus> {
    return statusOf(this.#session, fileId);
  }

  /** Digests of the stored blocks by uid, as the ledger's root binds them. */
  async leaves(
    fileId: string,
  ): Promise<readonly { readonly length: number; readonly digest: string }[]> {
    const { file } = await readFileState(this.#session, fileId);
    const blocks = await readBlocks(this.#session, file);
    return blocks.map(({ length, digest }) => ({ length, digest: hex(digest) }));
  }

  /** The newest audits of a file: verdicts that the contract computed, attested. */
  audits(fileId: string): Promise<readonly AuditItem[]> {
    return listAudits(this.#session, fileId);
  }

  /** Asks the ledger for an audit two epochs ahead. */
  ask(
    fileId: string,
    options: AuditOptions = {},
  ): Promise<{ readonly fromEpoch: number; readonly transactionId: string | undefined }> {
    return askForAudit(this.#session, this.#lanes, fileId, options);
  }

  /** Has one node checked at once, off the ledger. */
  challenge(fileId: string, options: AuditOptions = {}): Promise<ChallengeAnswer['now']> {
    return challengeNow(this.#session, fileId, options);
  }

  /** {@link ask}, then waits for the verdict. */
  audit(fileId: string, options: AuditOptions & Waiting = {}): Promise<AskedVerdict> {
    return verdictOf(this.#session, this.#lanes, fileId, options);
  }

  /** What happens to this owner's files, until `signal` says to stop; `after` resumes behind an alert's id. */
  watch(options: {
    readonly after?: string;
    readonly signal: AbortSignal;
  }): AsyncGenerator<Alert, void> {
    return watchAlerts(this.#session.api, options.after, options.signal);
  }

  /** Every file that the ledger lists, its keys and name opened. */
  recover(): AsyncGenerator<Recovered, void> {
    return recoverFiles(this.#session);
  }
}

/** Enrols the key: what the device is to keep. @param before - what it has kept. */
async function newDevice(
  options: NewOwner,
  seed: Uint8Array,
  keys: OwnerKeys,
  before?: Device,
): Promise<Device> {
  const { gateway, password, consortium: expected } = options;
  const api = newGatewayApi({ url: gateway, random, nowMs });
  const pinned = await pinnedNow(api, expected, before);
  const { ownerId, mspId, certificate } = await enrol(api, keys.key, pinned, nowMs());
  return {
    version: 1,
    gateway: api.url,
    ownerId,
    mspId,
    certificate,
    consortium: pinned,
    opened: false,
    seed: await wrapSeed(seed, password, random),
  };
}

/** Pins that the device has stay, and no others are taken in, unless the owner says a consortium's number. */
async function pinnedNow(
  api: GatewayApi,
  expected: string | undefined,
  before: Device | undefined,
): Promise<Consortium> {
  if (expected === undefined && before !== undefined) {
    await meetAgain(api, before.consortium);
    return before.consortium;
  }
  const { channel, chaincode, consortium, organisations, development } = await meetConsortium(
    api,
    expected,
  );
  return { channel, chaincode, consortium, organisations, development };
}

/** U goes to the provider through the gateway. */
const bringTable = async ({ api }: Session, tagKeyId: string, table: Uint8Array): Promise<void> => {
  const headers = { 'content-type': 'application/octet-stream' };
  await api.request('PUT', `/v1/tag-keys/${tagKeyId}`, { body: table, headers });
};

const openingStage = (done: number): Progress => ({
  stage: 'audit-key',
  done,
  total: OPENING_STEPS,
  ...(done === OPENING_STEPS ? { note: 'audit key checked' } : {}),
});
