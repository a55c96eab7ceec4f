/**
 * On which of its nodes a provider keeps a file.
 *
 * @module
 */
import type { DueRecord } from '@holdfast/protocol/audit-records.js';
import type { Config, ProviderOrganisation } from '@holdfast/protocol/consortium-records.js';
import { expectField } from './refuse.ts';

interface Offer {
  readonly provider: Pick<ProviderOrganisation, 'mspId' | 'nodes'>;
  readonly config: Pick<Config, 'minimumReplicas'>;
}

/** @throws `INPUT_INVALID` unless they are enough, distinct and announced by the provider. */
export function checkNodes(
  nodes: readonly string[],
  { provider, config, at }: Offer & { readonly at: string },
): void {
  const least = config.minimumReplicas;
  expectField(new Set(nodes).size === nodes.length, at, 'expected each node once');
  expectField(nodes.length >= least, at, `expected at least ${least} nodes`);
  for (const [i, node] of nodes.entries()) {
    const isAnnounced = provider.nodes.includes(node);
    expectField(isAnnounced, `${at}/${i}`, `${provider.mspId} has announced no node ${node}`);
  }
}

/**
 * A node that joins the placement answers next, unless one that was not intact is still in it: that one stays named, or a
 * provider could outrun its repair by adding another.
 *
 * @returns undefined where nothing changes.
 */
export function dueAfterPlacement(
  due: DueRecord,
  before: readonly string[],
  after: readonly string[],
): DueRecord | undefined {
  const joined = after.find((node) => !before.includes(node));
  const wasIntact = due.verdict === null || due.verdict === 'intact';
  const staysNamed = !wasIntact && due.node !== null && after.includes(due.node);
  return joined === undefined || staysNamed ? undefined : { ...due, node: joined };
}
