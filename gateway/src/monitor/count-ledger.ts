/**
 * How long transactions take and how often others come first, for Prometheus.
 *
 * @module
 */
import { Counter, Histogram, type Registry } from 'prom-client';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { Ledger, LedgerSession } from '../ledger/ledger.ts';
import { isOvertaken } from '../ledger/validation.ts';

const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];
/** What an owner signed: which function it calls is between it and the ledger. */
const RELAYED = 'relayed';

/** (Agent) The same ledger, counted: those of the agent's and the roles' own functions by name. */
export function countedLedger(ledger: Ledger, registry: Registry): Ledger {
  const registers = [registry];
  const durations = new Histogram({
    name: 'holdfast_ledger_submit_duration_seconds',
    help: 'From a transaction, signed or not, to its place on the ledger or its refusal',
    labelNames: ['function'],
    buckets: SECONDS,
    registers,
  });
  const conflicts = new Counter({
    name: 'holdfast_ledger_conflicts_total',
    help: 'Transactions that read what another changed before they were committed',
    labelNames: ['function'],
    registers,
  });

  async function timed<T>(name: string, call: () => Promise<T>): Promise<T> {
    const stop = durations.startTimer({ function: name });
    try {
      return await call();
    } catch (error) {
      if (error instanceof HoldfastError && error.code === 'CONFLICT') {
        conflicts.inc({ function: name });
      }
      throw error;
    } finally {
      stop();
    }
  }

  const counted = (session: LedgerSession): LedgerSession => ({
    ...session,
    submit: (f, args, signal) => timed(f, () => session.submit(f, args, signal)),
  });

  return {
    ...ledger,
    as: (identity) => counted(ledger.as(identity)),
    asOwner: (identity) => counted(ledger.asOwner(identity)),
    submitEnvelope: (envelope, signature, signal) =>
      timed(RELAYED, async () => {
        const status = await ledger.submitEnvelope(envelope, signature, signal);
        if (isOvertaken(status.validation)) conflicts.inc({ function: RELAYED });
        return status;
      }),
  };
}
