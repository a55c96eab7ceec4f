/**
 * Verdicts, how long they take, and how long damage stands, for Prometheus: counted as the ledger tells of them.
 *
 * @module
 */
import { Counter, Histogram, type Registry } from 'prom-client';
import type { AuditRecord } from '@holdfast/protocol/audit-records.js';
import type { LedgerEvent } from '../ledger/ledger.ts';
import type { Monitor } from './monitor.ts';
import { auditsOf } from './watched-file.ts';

const SECONDS = [1, 5, 15, 30, 60, 300, 900, 3_600, 14_400, 86_400];
/** Epochs whose beginning is remembered, nodes that have a name of their own, and damage that is waited for. */
const MOST_EPOCHS = 64;
const MOST_NODES = 64;
const MOST_DAMAGE = 10_000;

export interface CountAuditsParts {
  readonly registry: Registry;
  readonly monitor: Pick<Monitor, 'onEvent'>;
  readonly monotonicMs: () => number;
  readonly signal: AbortSignal;
}

/** (Agent) What began before this process did is counted, and not timed. */
export function countAudits({ registry, monitor, monotonicMs, signal }: CountAuditsParts): void {
  const registers = [registry];
  const audits = new Counter({
    name: 'holdfast_audits_total',
    help: 'Settled audits',
    labelNames: ['verdict', 'node'],
    registers,
  });
  const auditSeconds = new Histogram({
    name: 'holdfast_audit_duration_seconds',
    help: 'From the beacon of an epoch to a verdict on its challenge',
    buckets: SECONDS,
    registers,
  });
  const repairSeconds = new Histogram({
    name: 'holdfast_repair_duration_seconds',
    help: 'From the verdict that finds damage on a node to the one that finds the file intact there',
    buckets: SECONDS,
    registers,
  });
  const begun = new Map<number, number>();
  const damaged = new Map<string, number>();
  const nodes = new Set<string>();

  /** Who is audited decides what its nodes are called, not how much we remember. */
  const labelOf = (node: string): string => {
    if (nodes.size < MOST_NODES) nodes.add(node);
    return nodes.has(node) ? node : 'other';
  };

  function settle({ fileId, node, verdict, epoch }: AuditRecord): void {
    audits.inc({ verdict, node: labelOf(node) });
    const began = begun.get(epoch);
    if (began !== undefined) auditSeconds.observe((monotonicMs() - began) / 1000);
    const place = `${fileId} ${node}`;
    const found = damaged.get(place);
    if (verdict === 'damaged' && found === undefined && damaged.size < MOST_DAMAGE) {
      damaged.set(place, monotonicMs());
    } else if (verdict === 'intact' && found !== undefined) {
      repairSeconds.observe((monotonicMs() - found) / 1000);
      damaged.delete(place);
    }
  }

  function follow(event: LedgerEvent): void {
    if (event.name === 'BeaconAdvanced') begin(event.payload.epoch);
    if (event.name === 'FileRetired') {
      for (const place of damaged.keys()) {
        if (place.startsWith(event.payload.fileId)) damaged.delete(place);
      }
    }
    for (const audit of auditsOf(event)) settle(audit);
  }

  function begin(epoch: number): void {
    begun.set(epoch, monotonicMs());
    const [oldest] = begun.keys();
    if (begun.size > MOST_EPOCHS && oldest !== undefined) begun.delete(oldest);
  }

  monitor.onEvent(follow, signal);
}
