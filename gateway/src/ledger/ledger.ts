/**
 * The gateway's view of the ledger: typed functions of the contracts under a role's identity, the relay for what owners
 * sign, and the stream of events.
 *
 * @module
 */
import type { LedgerEventName, LedgerEvents } from '@holdfast/protocol/ledger-events.js';
import type { Args, Evaluate, Result, Submit } from '@holdfast/protocol/ledger-transactions.js';
import type { Role } from '@holdfast/protocol/schema.js';

/** Who signs: an organisation's identity with one role. */
export interface RoleIdentity {
  readonly mspId: string;
  readonly role: Role;
}

/** An owner whose keys the agent holds. */
export interface OwnerIdentity {
  readonly mspId: string;
  /** PEM. */
  readonly certificate: string;
  /** Low-S, DER. */
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>;
}

export interface Committed<F extends Submit> {
  readonly result: Result<F>;
  readonly transactionId: string;
  readonly ledgerBlockNumber: number;
}

export interface LedgerSession extends RoleIdentity {
  /**
   * @param whenEndorsed - what it throws keeps the transaction from being sent.
   * @throws the contract's refusal; `LEDGER_UNREACHABLE`; `CONFLICT` and `EPOCH_PASSED` are the caller's to rebuild.
   */
  submit<F extends Submit>(
    f: F,
    args: Args<F>,
    signal: AbortSignal,
    whenEndorsed?: () => Promise<void>,
  ): Promise<Committed<F>>;
  evaluate<F extends Evaluate>(f: F, args: Args<F>, signal: AbortSignal): Promise<Result<F>>;
}

/** Where a consumer of events stands; stored together with the effect of the event. */
export interface Checkpoint {
  readonly ledgerBlockNumber: number;
  /** The last event handled within that ledger block. */
  readonly transactionId?: string;
}

export type LedgerEvent = {
  [N in LedgerEventName]: {
    readonly name: N;
    readonly payload: LedgerEvents[N];
    readonly transactionId: string;
    readonly ledgerBlockNumber: number;
  };
}[LedgerEventName];

export interface Endorsed {
  readonly transactionId: string;
  /** Envelope as prepared by the peer, without the signature of its creator. */
  readonly envelope: Uint8Array;
}

export interface CommitStatus {
  readonly transactionId: string;
  readonly ledgerBlockNumber: number;
  /** Fabric's validation code, `VALID` where it counts. */
  readonly validation: string;
}

/** A transaction as it stands on the ledger, decoded. */
export interface LedgerTransaction {
  readonly transactionId: string;
  readonly ledgerBlockNumber: number;
  /** Fabric's validation code. */
  readonly validation: string;
  /** The time its creator gave: informational. */
  readonly at: string | null;
  readonly contract: string;
  readonly function: string;
  readonly creator: { readonly mspId: string; readonly commonName: string };
  readonly endorsers: readonly string[];
  /** What it weighs: the envelope, and the endorsements in it. */
  readonly bytes: { readonly envelope: number; readonly endorsements: number };
  /** Arguments and result as the contract takes and answers them, where they are JSON. */
  readonly args: unknown;
  readonly result: unknown;
  /** State keys, their parts joined by `/`. */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly event: { readonly name: string; readonly payload: unknown } | null;
}

export interface LedgerBlock {
  readonly number: number;
  /** Hashes, hex. */
  readonly previousHash: string;
  readonly dataHash: string;
  readonly transactions: readonly LedgerTransaction[];
}

export interface Ledger {
  as(identity: RoleIdentity): LedgerSession;
  asOwner(identity: OwnerIdentity): LedgerSession;
  /** Relays an owner's signed proposal; what comes back the owner checks itself. */
  endorse(proposal: Uint8Array, signature: Uint8Array, signal: AbortSignal): Promise<Endorsed>;
  submitEnvelope(
    envelope: Uint8Array,
    signature: Uint8Array,
    signal: AbortSignal,
  ): Promise<CommitStatus>;
  /** @throws `NOT_FOUND`. */
  transaction(transactionId: string, signal: AbortSignal): Promise<LedgerTransaction>;
  /** @throws `NOT_FOUND`. */
  ledgerBlock(number: number, signal: AbortSignal): Promise<LedgerBlock>;
  events(from: Checkpoint | undefined, signal: AbortSignal): AsyncIterable<LedgerEvent>;
  close(): Promise<void>;
}
