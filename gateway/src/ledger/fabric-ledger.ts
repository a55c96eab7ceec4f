/**
 * The ledger over the Fabric Gateway SDK: typed calls under a role's identity, the relay, the stream of events.
 *
 * Every call has a deadline; the SDK itself sets none. A transaction whose fate is unknown is submitted again as it is,
 * never as a new one.
 *
 * @module
 */
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Checkpoint as FabricCheckpoint,
  type Commit,
  type Contract,
  type Gateway,
} from '@hyperledger/fabric-gateway';
import { fromUtf8 } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { Args, Evaluate, Result, Submit } from '@holdfast/protocol/ledger-transactions.js';
import { withDeadline } from '../deadline.ts';
import { newExplorer } from './explorer.ts';
import type {
  Checkpoint,
  Committed,
  CommitStatus,
  Endorsed,
  Ledger,
  LedgerEvent,
  LedgerSession,
  RoleIdentity,
} from './ledger.ts';
import type { LedgerLink } from './ledger-link.ts';
import { isLate, refusalOf, refusalOfRelayed } from './refusal.ts';
import { isOvertaken, validationName } from './validation.ts';
import {
  envelopeOf,
  preparedTransaction,
  proposedTransaction,
  readEnvelope,
  readProposal,
} from './relay.ts';

/** How often a call that found nobody is made, and the pause before the next, milliseconds. */
const TRIES = 3;
const PAUSE_MS = 500;
/** Who takes longer to find nobody, milliseconds, is not asked again by the same caller. */
const SOON_MS = 3_000;
/** What an endorsed transaction may wait until it is in a block, milliseconds, however often it is sent. */
const ORDERED_MS = 18_000;

/**
 * (Agent) A ledger.
 *
 * @param own - the identity under which commit status, events and look-ups are asked.
 */
export function newFabricLedger(
  link: LedgerLink,
  own: RoleIdentity,
  orderedMs = ORDERED_MS,
): Ledger {
  const contractOf = (gateway: Gateway): Contract =>
    gateway.getNetwork(link.channel).getContract(link.chaincode);
  const contractAs = (identity: RoleIdentity): Contract => contractOf(link.gatewayAs(identity));
  const ownGateway = (): Gateway => link.gatewayAs(own);
  return {
    as(identity) {
      contractAs(identity);
      return newSession(identity, () => contractAs(identity), orderedMs);
    },
    asOwner(identity) {
      const contract = contractOf(link.connectOwner(identity));
      return newSession({ mspId: identity.mspId, role: 'owner' }, () => contract, orderedMs);
    },
    ...newRelay(ownGateway, orderedMs),
    ...newExplorer(() => ownGateway().getNetwork(link.channel).getContract('qscc'), link.channel),
    events: (from, signal) => followEvents(ownGateway, link, from, signal),
    close: () => link.close(),
  };
}

/** @param contract - asked at each call: identities are renewed. */
function newSession(
  identity: RoleIdentity,
  contract: () => Contract,
  orderedMs: number,
): LedgerSession {
  return {
    ...identity,
    async submit<F extends Submit>(
      f: F,
      args: Args<F>,
      signal: AbortSignal,
      whenEndorsed?: () => Promise<void>,
    ): Promise<Committed<F>> {
      const proposal = contract().newProposal(f, { arguments: [JSON.stringify(args)] });
      const transaction = await calling(f, signal, () => proposal.endorse());
      await whenEndorsed?.();
      const status = await ordered(f, signal, orderedMs, () => transaction.submit());
      if (status.validation !== 'VALID') throw invalid(f, status);
      return { result: parseResult<F>(f, transaction.getResult()), ...status };
    },
    async evaluate<F extends Evaluate>(f: F, args: Args<F>, signal: AbortSignal) {
      const given = { arguments: [JSON.stringify(args)] };
      const answer = await persisting(f, signal, () => contract().newProposal(f, given).evaluate());
      return parseResult<F>(f, answer);
    },
  };
}

/** What the contracts answer has the shape they declare. */
function parseResult<F extends Submit | Evaluate>(f: F, bytes: Uint8Array): Result<F> {
  try {
    return JSON.parse(fromUtf8(bytes)) as Result<F>;
  } catch (cause) {
    throw new HoldfastError('INTERNAL', `${f} answered no JSON`, { cause });
  }
}

function newRelay(
  ownGateway: () => Gateway,
  orderedMs: number,
): Pick<Ledger, 'endorse' | 'submitEnvelope'> {
  return {
    async endorse(proposal, signature, signal): Promise<Endorsed> {
      const { transactionId } = readProposal(proposal);
      const bytes = proposedTransaction(proposal, transactionId);
      const signed = made('/proposal', () => ownGateway().newSignedProposal(bytes, signature));
      const transaction = await calling('the proposal', signal, () =>
        signed.endorse().catch(blaming('/proposal')),
      );
      return { transactionId, envelope: envelopeOf(transaction.getBytes()) };
    },
    async submitEnvelope(envelope, signature, signal): Promise<CommitStatus> {
      const { transactionId } = readEnvelope(envelope);
      const bytes = preparedTransaction(envelope, transactionId);
      const signed = made('/envelope', () => ownGateway().newSignedTransaction(bytes, signature));
      return ordered('the envelope', signal, orderedMs, () =>
        signed.submit().catch(blaming('/envelope')),
      );
    },
  };
}

const blaming =
  (pointer: string) =>
  (error: unknown): never => {
    throw refusalOfRelayed(error, pointer);
  };

/** The SDK reads what it is given, and throws what it likes. */
function made<T>(pointer: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    return blaming(pointer)(error);
  }
}

/** Sends what is endorsed, and waits for its block: all in all not longer than `orderedMs`. */
function ordered(
  what: string,
  signal: AbortSignal,
  orderedMs: number,
  send: () => Promise<Commit>,
): Promise<CommitStatus> {
  const late = (cause?: unknown): HoldfastError => unknownFate(what, cause);
  return withDeadline(orderedMs, signal, late, async (within) => {
    const commit = await persisting(what, within, send);
    const status = await persisting(what, within, () => commit.getStatus());
    return {
      transactionId: status.transactionId,
      ledgerBlockNumber: Number(status.blockNumber),
      validation: validationName(status.code),
    };
  }).catch((error: unknown) => {
    throw error instanceof HoldfastError && isLate(error) ? late(error.cause) : error;
  });
}

/** It may be ordered yet: whoever sends it again sends the same. */
const unknownFate = (what: string, cause: unknown): HoldfastError =>
  new HoldfastError('LEDGER_UNREACHABLE', `${what}: sent, and in no block yet`, { cause });

function invalid(what: string, status: CommitStatus): HoldfastError {
  return isOvertaken(status.validation)
    ? new HoldfastError('CONFLICT', `${what}: another transaction came first`)
    : new HoldfastError('INTERNAL', `${what} was committed as ${status.validation}`);
}

/** One call, in our errors; an abort ends the wait, the call itself ends at its deadline. */
async function calling<T>(what: string, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
  });
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([call(), aborted]);
  } catch (error) {
    throw signal.aborted ? signal.reason : refusalOf(error, what);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/**
 * A call that may be repeated as it is: tried again where nobody is there, but not where somebody let it wait, who would
 * hold up a request for minutes.
 */
async function persisting<T>(
  what: string,
  signal: AbortSignal,
  call: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const began = performance.now();
    try {
      return await calling(what, signal, call);
    } catch (error) {
      const unreached = error instanceof HoldfastError && error.code === 'LEDGER_UNREACHABLE';
      const waited = performance.now() - began > SOON_MS;
      if (!unreached || isLate(error) || waited || attempt === TRIES) throw error;
      await delay(PAUSE_MS * attempt, undefined, { signal });
    }
  }
}

/** Events from a checkpoint on, for ever: a stream that breaks is opened again where it stood. */
async function* followEvents(
  ownGateway: () => Gateway,
  link: LedgerLink,
  from: Checkpoint | undefined,
  signal: AbortSignal,
): AsyncGenerator<LedgerEvent, void> {
  let position: Checkpoint = from ?? { ledgerBlockNumber: 0 };
  while (!signal.aborted) {
    try {
      for await (const event of openEvents(ownGateway(), link, position, signal)) {
        yield event;
        position = event;
      }
    } catch (error) {
      const refusal = refusalOf(error, 'events');
      if (!signal.aborted && refusal.code !== 'LEDGER_UNREACHABLE') throw refusal;
    }
    await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function* openEvents(
  own: Gateway,
  link: LedgerLink,
  position: Checkpoint,
  signal: AbortSignal,
): AsyncGenerator<LedgerEvent, void> {
  const network = own.getNetwork(link.channel);
  const options = { checkpoint: checkpointOf(position) };
  const stream = await network.getChaincodeEvents(link.chaincode, options);
  const close = () => stream.close();
  signal.addEventListener('abort', close, { once: true });
  // it may have come while the stream was being opened
  if (signal.aborted) close();
  try {
    for await (const event of stream) {
      yield {
        name: event.eventName,
        payload: JSON.parse(fromUtf8(event.payload)) as LedgerEvent['payload'],
        transactionId: event.transactionId,
        ledgerBlockNumber: Number(event.blockNumber),
      } as LedgerEvent;
    }
  } finally {
    signal.removeEventListener('abort', close);
    stream.close();
  }
}

const checkpointOf = ({ ledgerBlockNumber, transactionId }: Checkpoint): FabricCheckpoint => ({
  getBlockNumber: () => BigInt(ledgerBlockNumber),
  getTransactionId: () => transactionId,
});
