/**
 * What a peer's error says in our words: the contract's code, or what became of the call.
 *
 * @module
 */
import { status } from '@grpc/grpc-js';
import { CommitError, GatewayError, StatusCode } from '@hyperledger/fabric-gateway';
import { HoldfastError, parseRefusal } from '@holdfast/protocol/errors.js';

/** The call did not reach a verdict: it may be made again. A deadline comes back as either of two codes. */
const UNREACHED: readonly number[] = [
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.CANCELLED,
  status.RESOURCE_EXHAUSTED,
];

/** Whether a call was let wait until its deadline. */
export const isLate = ({ cause }: HoldfastError): boolean =>
  cause instanceof GatewayError &&
  [status.DEADLINE_EXCEEDED, status.CANCELLED].includes(cause.code);

/** Another transaction changed what this one read. */
const OVERTAKEN: readonly number[] = [
  StatusCode.MVCC_READ_CONFLICT,
  StatusCode.PHANTOM_READ_CONFLICT,
];

/**
 * (Agent) The refusal in an error of the SDK.
 *
 * @param what - the call, such as `files:register`.
 */
export function refusalOf(error: unknown, what: string): HoldfastError {
  if (error instanceof HoldfastError) return error;
  if (error instanceof CommitError) return commitRefusal(error, what);
  if (!(error instanceof GatewayError)) {
    return new HoldfastError('INTERNAL', `${what} failed`, { cause: error });
  }
  const texts = textsOf(error);
  return (
    contractRefusal(texts, error) ??
    peerRefusal(texts, error, what) ??
    callRefusal(texts, error, what)
  );
}

/**
 * (Agent) The refusal of bytes that somebody else made and we passed on: what has no code of ours is their fault.
 *
 * @param pointer - the field in which the bytes came.
 */
export function refusalOfRelayed(error: unknown, pointer: string): HoldfastError {
  const refusal = refusalOf(error, pointer.slice(1));
  const isCoded = error instanceof GatewayError && contractRefusal(textsOf(error), error);
  if (refusal.code !== 'INTERNAL' || isCoded) return refusal;
  const detail = `${pointer}: the peer takes no such ${pointer.slice(1)}`;
  return new HoldfastError('INPUT_INVALID', detail, { cause: error, pointer });
}

const textsOf = (error: GatewayError): readonly string[] => [
  ...error.details.map(({ message }) => message),
  error.message,
];

/** A contract's error stands only in the details of an endorsement, and in the message of an evaluation. */
function contractRefusal(texts: readonly string[], cause: GatewayError): HoldfastError | undefined {
  for (const text of texts) {
    const answer = /chaincode response \d+, ([^]*)$/.exec(text)?.[1];
    const refusal = answer === undefined ? undefined : parseRefusal(answer);
    if (refusal !== undefined) return new HoldfastError(refusal.code, refusal.detail, { cause });
  }
  return undefined;
}

/** What the peer itself refuses: no code of ours, texts of Fabric's own. */
const PEER: readonly (readonly [RegExp, HoldfastError['code'], string])[] = [
  [/ProposalResponsePayloads do not match/, 'CONFLICT', 'the endorsers saw different states'],
  [/duplicate transaction found/, 'ALREADY_EXISTS', 'this transaction is on the ledger already'],
  [/access denied|creator is malformed/, 'NOT_ALLOWED', 'the peer does not accept the signature'],
];

function peerRefusal(
  texts: readonly string[],
  cause: GatewayError,
  what: string,
): HoldfastError | undefined {
  for (const [pattern, code, reason] of PEER) {
    if (texts.some((text) => pattern.test(text))) {
      return new HoldfastError(code, `${what}: ${reason}`, { cause });
    }
  }
  return undefined;
}

const callRefusal = (texts: readonly string[], error: GatewayError, what: string): HoldfastError =>
  UNREACHED.includes(error.code) || isUnendorsed(texts, error)
    ? new HoldfastError('LEDGER_UNREACHABLE', `${what}: ${absence(texts)}`, { cause: error })
    : new HoldfastError('INTERNAL', `${what}: the peer refused the call`, { cause: error });

/** Who does not answer: a peer's words for orderers that are away, or have no leader. */
const absence = (texts: readonly string[]): string =>
  texts.some((text) => /could successfully process transaction|no orderer nodes/.test(text))
    ? 'too few orderers answer'
    : 'the peer does not answer';

/** Too few organisations' contracts answered at all: their processes are down, or come back just now. */
const isUnendorsed = (texts: readonly string[], { code }: GatewayError): boolean =>
  code === status.ABORTED && texts.some((text) => CHAINCODE_AWAY.test(text));

/** A peer's words for a chaincode that is down, goes down under a call, or hangs. */
const CHAINCODE_AWAY =
  /could not launch chaincode|chaincode stream terminated|timeout expired while executing/;

const commitRefusal = (error: CommitError, what: string): HoldfastError =>
  OVERTAKEN.includes(error.code)
    ? new HoldfastError('CONFLICT', `${what}: another transaction came first`, { cause: error })
    : new HoldfastError('INTERNAL', `${what} was committed as invalid`, { cause: error });
