/**
 * Those who wait for a transaction to commit, or for the next block.
 *
 * @module
 */
export interface CommitInfo {
  readonly ledgerBlockNumber: number;
  /** Fabric's validation code. */
  readonly code: number;
}

type Waiter = (outcome: CommitInfo | Error) => void;

export class CommitWaiters {
  readonly #transactions = new Map<string, Set<Waiter>>();
  readonly #blocks = new Set<() => void>();

  waitFor(transactionId: string, signal: AbortSignal): Promise<CommitInfo> {
    return new Promise((resolve, reject) => {
      const waiters = this.#transactions.get(transactionId) ?? new Set();
      this.#transactions.set(transactionId, waiters);
      const settle: Waiter = (outcome) => {
        signal.removeEventListener('abort', cancel);
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      };
      const cancel = (): void => {
        waiters.delete(settle);
        if (waiters.size === 0) this.#transactions.delete(transactionId);
        reject(new Error('canceled'));
      };
      waiters.add(settle);
      if (signal.aborted) cancel();
      else signal.addEventListener('abort', cancel, { once: true });
    });
  }

  committed(transactionId: string, info: CommitInfo): void {
    const waiters = this.#transactions.get(transactionId);
    this.#transactions.delete(transactionId);
    for (const settle of waiters ?? []) settle(info);
  }

  /** Resolves at the next block, at an abort, and when the ledger stops. */
  nextBlock(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        this.#blocks.delete(wake);
        resolve();
      };
      this.#blocks.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  newBlock(): void {
    for (const wake of this.#blocks) wake();
  }

  /** Nothing will commit any more. */
  fail(error: Error): void {
    for (const waiters of this.#transactions.values()) {
      for (const settle of waiters) settle(error);
    }
    this.#transactions.clear();
    this.newBlock();
  }
}
