/**
 * The one closed list of what can go wrong, shared by every room and every door.
 *
 * A refusal travels as `CODE: sentence`, because a Fabric peer passes on nothing but the message; the receiver
 * recovers the code with {@link parseRefusal}. `status` is the HTTP status of the gateway's answer, `exit` the exit
 * code of the command line.
 *
 * @module
 */

/** Code -> [HTTP status, exit code, title]. */
export const ERRORS = {
  INPUT_INVALID: [400, 2, 'Bad input'],
  SEED_LOCKED: [401, 7, 'Wrong password'],
  NOT_ALLOWED: [403, 6, 'Not allowed'],
  QUOTA_REACHED: [403, 8, 'Quota reached'],
  NOT_FOUND: [404, 5, 'Not found'],
  BALANCE_TOO_LOW: [402, 8, 'Balance too low'],
  ALREADY_EXISTS: [409, 10, 'Exists already'],
  FILE_CHANGED: [409, 10, 'The file changed meanwhile'],
  EPOCH_PASSED: [409, 9, 'The epoch has passed'],
  CONFLICT: [409, 9, 'Another transaction came first'],
  NOT_DUE: [409, 2, 'Not due'],
  TOO_LARGE: [413, 2, 'Too large'],
  PROOF_INVALID: [422, 4, 'The proof does not hold'],
  SHARE_INVALID: [422, 4, 'A key share is damaged'],
  SHARES_TOO_FEW: [422, 4, 'Too few key shares'],
  TAG_INVALID: [422, 2, 'A tag does not match its block'],
  ACCEPTANCE_INVALID: [422, 2, 'The acceptance does not hold'],
  KEY_INVALID: [422, 2, 'The key does not hold'],
  RATE_LIMITED: [429, 9, 'Too many requests'],
  STORE_FULL: [507, 8, 'The store is full'],
  REPLICAS_PENDING: [202, 3, 'Some replicas follow later'],
  FILE_DAMAGED: [200, 3, 'Blocks are damaged'],
  FILE_LOST: [502, 4, 'Blocks are lost'],
  ANSWER_FALSE: [502, 4, 'The gateway contradicts the ledger'],
  GATEWAY_UNREACHABLE: [503, 9, 'The gateway does not answer'],
  KEY_SERVER_UNREACHABLE: [503, 9, 'A key server does not answer'],
  STORAGE_UNREACHABLE: [503, 9, 'Storage does not answer'],
  LEDGER_UNREACHABLE: [503, 9, 'The ledger does not answer'],
  INTERNAL: [500, 1, 'Our fault'],
} as const satisfies Record<string, readonly [status: number, exit: number, title: string]>;

/** One of the closed list. */
export type ErrorCode = keyof typeof ERRORS;

/** A refusal, in any room: `message` reads `CODE: sentence` and holds no secret. */
export class HoldfastError extends Error {
  readonly code: ErrorCode;
  /** The sentence without its code: what was expected, what came, which field. */
  readonly detail: string;
  /** JSON pointer of the field at fault, such as `/shares/entries/0/commitment`, where there is one. */
  readonly pointer: string | undefined;

  constructor(
    code: ErrorCode,
    detail: string,
    options?: { readonly cause?: unknown; readonly pointer?: string },
  ) {
    super(`${code}: ${detail}`, options?.cause === undefined ? {} : { cause: options.cause });
    this.name = 'HoldfastError';
    this.code = code;
    this.detail = detail;
    this.pointer = options?.pointer;
  }
}

/** Runs a check of one field: what it refuses without saying where, names this field. */
export function atField<T>(pointer: string, check: () => T): T {
  try {
    return check();
  } catch (cause) {
    if (!(cause instanceof HoldfastError) || cause.pointer !== undefined) throw cause;
    throw new HoldfastError(cause.code, `${pointer}: ${cause.detail}`, { cause, pointer });
  }
}

/**
 * Finds the refusal in text that a peer, a gateway or a log wrapped, such as
 * `chaincode response 500, NOT_FOUND: no file 12ab…`.
 *
 * @returns undefined where the text carries no code of ours.
 */
export function parseRefusal(text: string): HoldfastError | undefined {
  const found = /\b([A-Z]+(?:_[A-Z]+)*): ([^]*)$/.exec(text);
  const [, code, detail] = found ?? [];
  if (code === undefined || detail === undefined || !(code in ERRORS)) return undefined;
  return new HoldfastError(code as ErrorCode, detail);
}
