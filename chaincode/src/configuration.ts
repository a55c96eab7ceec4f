/**
 * When a configuration is one that the consortium can live under, and when it takes effect.
 *
 * @module
 */
import type { Config } from '@holdfast/protocol/consortium-records.js';
import type { Role } from '@holdfast/protocol/schema.js';
import { holdsRole } from './permissions.ts';
import { expectField } from './refuse.ts';

const AMOUNTS = ['feePerCall', 'auditReward', 'lateFee', 'missedSlotPenalty'] as const;

/**
 * Checks what a schema cannot say.
 *
 * @param present - the configuration in force, where there is one.
 * @throws `INPUT_INVALID` naming the field.
 */
export function checkConfig(config: Config, present: Config | undefined): void {
  const next = (present?.version ?? 0) + 1;
  expectField(config.version === next, '/config/version', `expected ${next}`);
  for (const amount of AMOUNTS) {
    expectField(config[amount] === '0', `/config/${amount}`, 'comes with payments: expected 0');
  }
  checkOrganisations(config);
  checkDelegates(config);
  checkMembers(config, 'keyServers', 'key-server');
  expectField(isDistinct(config.keyServers), '/config/keyServers', 'expected each one once');
}

function checkOrganisations({ organisations }: Config): void {
  const at = '/config/organisations';
  expectField(isDistinct(organisations.map(({ mspId }) => mspId)), at, 'expected each one once');
  for (const [i, { roles }] of organisations.entries()) {
    expectField(isDistinct(roles), `${at}/${i}/roles`, 'expected each role once');
  }
  const canChange = organisations.some(({ roles }) => roles.includes('operator'));
  expectField(canChange, at, 'expected an organisation with the role operator');
}

/** Constructions 5.2: whoever could re-draw two beacons in a row would bias both for the price of one. */
function checkDelegates(config: Config): void {
  checkMembers(config, 'genesisDelegates', 'delegate');
  const delegates = config.genesisDelegates;
  const isApart = delegates.every((mspId, i) => mspId !== delegates[(i + 1) % delegates.length]);
  expectField(
    delegates.length === 1 || isApart,
    '/config/genesisDelegates',
    'expected adjacent slots of different organisations',
  );
}

function checkMembers(config: Config, list: 'genesisDelegates' | 'keyServers', role: Role): void {
  for (const [i, mspId] of config[list].entries()) {
    const holds = holdsRole(config, mspId, role);
    expectField(holds, `/config/${list}/${i}`, `expected an organisation with the role ${role}`);
  }
}

/** Whether more than half of all organisations want what `digest` names; undefined is one that has not voted. */
export function isAgreed(votes: readonly (string | undefined)[], digest: string): boolean {
  return isMajority(votes.filter((vote) => vote === digest).length, votes.length);
}

/** Strictly more than half. */
export const isMajority = (count: number, all: number): boolean => 2 * count > all;

const isDistinct = (names: readonly string[]): boolean => new Set(names).size === names.length;
