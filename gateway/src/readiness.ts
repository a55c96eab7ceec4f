/**
 * What a gateway needs to do its work, looked at when somebody asks.
 *
 * @module
 */
import type { Check } from './http/routes/health.ts';
import type { Revocations } from './identity/revocations.ts';
import type { LedgerSession } from './ledger/ledger.ts';
import { newLateness } from './monitor/lateness.ts';
import type { Stage } from './play.ts';
import type { Provider } from './roles.ts';
import type { RolesReached } from './roles-reached.ts';

const LEDGER_MS = 5_000;

export interface ReadinessParts {
  readonly reader: LedgerSession;
  readonly revocations: Pick<Revocations, 'problems'>;
  readonly reached: RolesReached;
}

export function newReadiness(
  { monitor, rules, monotonicMs, signal }: Stage,
  { reader, revocations, reached }: ReadinessParts,
): Readonly<Record<string, Check>> {
  const { provider: storage } = reached;
  return {
    ledger: async () => {
      await reader.evaluate('beacons:current', {}, AbortSignal.timeout(LEDGER_MS));
      return [];
    },
    ...(storage === undefined ? {} : { storage: storageCheck(storage, rules.minimumReplicas) }),
    clock: newLateness({ monitor, config: rules, monotonicMs, signal }),
    revocations: () => revocations.problems(),
    ...(reached.forAgent === undefined ? {} : { gateways: gatewaysCheck(reached) }),
  };
}

const storageCheck =
  (provider: Provider, least: number): Check =>
  async () => {
    const nodes = await provider.nodes();
    const up = nodes.filter((node) => node.up).length;
    return up >= least ? [] : [`${up} of ${nodes.length} nodes answer, ${least} are needed`];
  };

const gatewaysCheck =
  ({ elsewhere }: RolesReached): Check =>
  async () => {
    const looks = await Promise.allSettled(elsewhere.map((presence) => presence()));
    return looks.flatMap((look) => {
      if (look.status === 'fulfilled') return [];
      const { reason } = look as { readonly reason: unknown };
      return [reason instanceof Error ? reason.message : String(reason)];
    });
  };
