/**
 * How the embedded consortium is born: its configuration, what its roles announce, the agent's first budget.
 *
 * Everything is looked up before it is done, so a restart does nothing twice. On any other network operators configure,
 * and this only announces.
 *
 * @module
 */
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { organisationAccountId } from '@holdfast/protocol/ids.js';
import type { Announcement, Config } from '@holdfast/protocol/consortium-records.js';
import { hex } from '@holdfast/protocol/bytes.js';
import { rebuilt } from '@holdfast/protocol/owner/rebuilt.js';
import type { Ledger, LedgerSession } from './ledger/ledger.ts';
import { pause } from './pause.ts';

/** The consortium of a fresh clone (architecture, "Embedded by default"). */
export const EMBEDDED: Config = {
  version: 1,
  organisations: [
    { mspId: 'Alder', roles: ['agent', 'key-server', 'delegate', 'owner', 'operator'] },
    { mspId: 'Birch', roles: ['provider', 'operator'] },
    { mspId: 'Cedar', roles: ['key-server', 'delegate', 'operator'] },
  ],
  genesisDelegates: ['Alder', 'Cedar'],
  keyServers: ['Alder', 'Cedar'],
  slotSeconds: 30,
  auditPeriod: 4,
  answerWindow: 3,
  repairWindow: 3,
  answerBlocks: 1_000,
  minimumReplicas: 2,
  epochsPerPeriod: 2_880,
  feePerCall: '0',
  auditReward: '0',
  lateFee: '0',
  missedSlotPenalty: '0',
  dedupSkip: 'organisation',
  allowSelfAudit: true,
};

/** The agent's budget, base units: four thousand new owners. */
const BUDGET = ['1000000', '1000000', '1000000', '1000000'] as const;

const SUBMIT_MS = 120_000;

/** What is there, or undefined where the ledger has no such record. */
async function orAbsent<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

/** Two gateways that start at once do the same thing: one of them comes second. */
async function orDone(doing: Promise<unknown>): Promise<void> {
  try {
    await doing;
  } catch (error) {
    const code = error instanceof HoldfastError ? error.code : undefined;
    if (code !== 'ALREADY_EXISTS' && code !== 'CONFLICT') throw error;
  }
}

/** Whether these are the organisations of the embedded consortium. */
export const isEmbedded = (organisations: readonly string[]): boolean =>
  organisations.toSorted().join() === EMBEDDED.organisations.map(({ mspId }) => mspId).join();

/**
 * (Operator) The configuration in force; the embedded consortium gets its first one.
 *
 * @param organisations - those of the connection file; only exactly the embedded ones are configured.
 * @throws `NOT_FOUND` on another network that nobody has configured yet.
 */
export async function configured(
  ledger: Ledger,
  organisations: readonly string[],
  reader: LedgerSession,
): Promise<Config> {
  const read = () => reader.evaluate('accounts:config', {}, AbortSignal.timeout(SUBMIT_MS));
  if (!isEmbedded(organisations)) return read();
  const present = await orAbsent(read());
  if (present !== undefined) return present;
  const operator = ledger.as({ mspId: 'Alder', role: 'operator' });
  await orDone(
    operator.submit('accounts:configure', { config: EMBEDDED }, AbortSignal.timeout(SUBMIT_MS)),
  );
  return read();
}

/** (Key server, Provider, Delegate) Announces what is not announced, or was announced differently. */
export async function announce(session: LedgerSession, announcement: Announcement): Promise<void> {
  const { mspId, role } = session;
  const present = await orAbsent(
    session.evaluate('accounts:organisation', { mspId, role }, AbortSignal.timeout(SUBMIT_MS)),
  );
  if (present !== undefined && isSame(present, { ...announcement, mspId })) return;
  await orDone(
    session.submit('accounts:announce', { announcement }, AbortSignal.timeout(SUBMIT_MS)),
  );
}

function isSame(a: Announcement & { mspId: string }, b: Announcement & { mspId: string }): boolean {
  const names = (value: object) => Object.keys(value).toSorted((x, y) => (x < y ? -1 : 1));
  const text = (value: object) => JSON.stringify(value, [...names(a), ...names(b)]);
  return text(a) === text(b);
}

/** (Operator, Agent) Grants the agent its budget where it has none, and collects what is granted. */
export async function funded(ledger: Ledger, mspId: string): Promise<void> {
  const agent = ledger.as({ mspId, role: 'agent' });
  const ownerId = hex(organisationAccountId(mspId));
  const purse = () => agent.evaluate('accounts:purse', { ownerId }, AbortSignal.timeout(SUBMIT_MS));
  const { lanes, credits } = await purse();
  if (lanes.length === 0 && credits.items.length === 0) {
    const operator = ledger.as({ mspId, role: 'operator' });
    const amounts = [...BUDGET];
    await orDone(
      operator.submit('accounts:grantBudget', { mspId, amounts }, AbortSignal.timeout(SUBMIT_MS)),
    );
  }
  await rebuilt(async () => {
    const notes = (await purse()).credits.items.map(({ creditId }) => creditId).slice(0, 64);
    if (notes.length === 0) return;
    const collection = { lane: 0, credits: notes, sources: [] };
    await agent.submit('accounts:collect', collection, AbortSignal.timeout(SUBMIT_MS));
  }, pause);
}
