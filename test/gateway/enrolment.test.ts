/** Orderers that are away, and transactions that overtake: what is refused, in which words, and that money moves once. */
import { newMemoryLedger, type MemoryLedger } from '../support/memory-ledger.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { hex } from '@holdfast/protocol/bytes.js';
import { organisationAccountId } from '@holdfast/protocol/ids.js';
import { contracts } from '../../chaincode/src/index.ts';
import { configured, funded } from '../../gateway/src/consortium.ts';
import * as product from '../../gateway/src/enrolment/enrolment.ts';
import { newOwners } from '../../gateway/src/enrolment/owners.ts';
import { registrarOf } from '../../gateway/src/ledger/connection-parts.ts';
import type { Connection } from '../../gateway/src/ledger/connection.ts';
import { newFabricLedger } from '../../gateway/src/ledger/fabric-ledger.ts';
import type { LedgerSession } from '../../gateway/src/ledger/ledger.ts';
import { CaServer } from '../../network/devpeer/src/ca-server.ts';
import { Organisations } from '../../network/devpeer/src/organisations.ts';
import { Register } from '../../network/devpeer/src/register.ts';
import { orderersOf, type Orderers } from '../support/ledger-orderers.ts';
import { variantOf } from '../support/attack-variant.ts';
import { newRequest } from '../support/gateway-owner.ts';
import { connect } from '../support/gateway-stage.ts';
import { newTable } from '../support/table.ts';

const AGENT = { mspId: 'Alder', role: 'agent' } as const;
const FILE = 'gateway/src/enrolment/enrolment.ts';
/** What the hasty agent's orders may wait for their blocks, milliseconds. */
const ORDERED_MS = 300;
const WELCOME = 1_000n;
const { signal } = new AbortController();

let folder: string;
let memory: MemoryLedger;
let register: Register;
let ca: CaServer;
let connection: Connection;
let agent: LedgerSession;
/** The same, which hardly waits. */
let hasty: LedgerSession;
let orderers: Orderers;
let owners = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-enrolment-'));
  memory = await newMemoryLedger({ contracts });
  const authorities = [...memory.authorities.values()];
  register = await Register.open(join(folder, 'register'));
  ca = await CaServer.listen(authorities, register, new Organisations(authorities), '127.0.0.1', 0);
  const connected = await connect(memory, ca.port);
  ({ connection } = connected);
  const ledger = newFabricLedger(connected.link, AGENT);
  agent = ledger.as(AGENT);
  hasty = newFabricLedger(connected.link, AGENT, ORDERED_MS).as(AGENT);
  await configured(ledger, memory.mspIds, agent);
  await funded(ledger, 'Alder');
  orderers = orderersOf(memory.peer);
});
afterEach(() => orderers.comeBack());
afterAll(async () => {
  await ca.close();
  await register.close();
  await memory.close();
  await rm(folder, { recursive: true, force: true });
});

type Enrolment = Pick<typeof product, 'newEnrolment'>;

/** Enrols owners on behalf of this session, each key under another number. */
function enrolling(session: LedgerSession, { newEnrolment }: Enrolment = product) {
  const enrol = newEnrolment({
    registrar: () => registrarOf(connection, 'Alder'),
    agent: session,
    owners: newOwners({
      agent: session,
      enrolled: newTable(),
      revocations: { expectUnrevoked: () => undefined },
      nowMs: Date.now,
    }),
    granted: newTable(),
    enrolmentKey: new Uint8Array(32).fill(9),
  });
  return async (number: number) => enrol(await newRequest(number));
}
const newOwner = () => ++owners;

/** Tokens in the agent's lane. */
async function held(): Promise<bigint> {
  const ownerId = hex(organisationAccountId('Alder'));
  const { lanes } = await agent.evaluate('accounts:purse', { ownerId }, signal);
  return BigInt(lanes[0]?.balance ?? 0);
}

/** Another transaction on the lane that enrolments pay from. */
const spend = (session = agent) =>
  session.submit(
    'accounts:transfer',
    { to: 'ab'.repeat(32), amounts: ['1'], lane: 0 },
    AbortSignal.timeout(10_000),
  );

/** The agent, of which something happens between the endorsement and the order of each transaction. */
const withBetween = (between: () => Promise<unknown>): LedgerSession => ({
  ...agent,
  submit: (f, args, patience, whenEndorsed) =>
    agent.submit(f, args, patience, async () => {
      await whenEndorsed?.();
      await between();
    }),
});

/** The agent, that others overtake so many times. */
function overtaken(times: number): LedgerSession {
  let left = times;
  return withBetween(async () => {
    if (left-- > 0) await spend();
  });
}

describe('orderers that are away', () => {
  it('are named, and asked three times for one order', async () => {
    orderers.leave();
    const before = orderers.sent();
    await expect(spend()).rejects.toMatchObject({
      code: 'LEDGER_UNREACHABLE',
      detail: 'accounts:transfer: too few orderers answer',
    });
    expect(orderers.sent() - before).toBe(3);
  });

  it('but one, which takes orders, keep nobody waiting, and order that one later', async () => {
    const before = await held();
    orderers.leaveOne();
    const began = performance.now();
    await expect(spend(hasty)).rejects.toMatchObject({
      code: 'LEDGER_UNREACHABLE',
      detail: 'accounts:transfer: sent, and in no block yet',
    });
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(await held()).toBe(before);
    orderers.comeBack();
    await spend().catch(() => spend());
    expect(await held()).toBe(before - 2n);
  });

  it('keep nobody waiting for whoever came before', async () => {
    const enrol = enrolling(agent);
    orderers.leave();
    const before = orderers.sent();
    const asked = Array.from({ length: 4 }, newOwner);
    for (const one of await Promise.allSettled(asked.map(enrol))) {
      expect(one).toMatchObject({ reason: { code: 'LEDGER_UNREACHABLE' } });
    }
    // each on its own would have asked three times
    expect(orderers.sent() - before).toBeLessThan(3 * asked.length);
    orderers.comeBack();
    expect((await enrol(newOwner())).credits).toHaveLength(4);
  });
});

describe('an enrolment that others overtake', () => {
  it('is repeated, with pauses, until its transfer is in: its money moves once', async () => {
    const before = await held();
    const enrol = enrolling(overtaken(5));
    const { credits } = await enrol(newOwner());
    expect(new Set(credits).size).toBe(4);
    expect(before - (await held())).toBe(WELCOME + 5n);
  });

  it('fails without the repetition, and nothing has moved', async () => {
    const careless = await variantOf<Enrolment>(FILE, {
      file: FILE,
      from: 'await rebuilt(() => transfer(agent, ownerId), pause)',
      to: 'await transfer(agent, ownerId)',
    });
    const before = await held();
    const enrol = enrolling(overtaken(1), careless);
    await expect(enrol(newOwner())).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(before - (await held())).toBe(1n);
  });
});

describe('an enrolment whose transfer came to no known end', () => {
  /** The agent that meets the first transfer at the worst moment: around its look for notes, or before its order. */
  const meeting = (moment: 'before the look' | 'after the look'): LedgerSession => ({
    ...withBetween(async () => {
      if (moment === 'after the look') orderers.comeBack();
    }),
    async evaluate(f, args, patience) {
      if (moment === 'before the look' && f === 'accounts:purse') {
        orderers.comeBack();
        // until it is in its block
        while ((await held()) === lastHeld) await new Promise((resolve) => setImmediate(resolve));
      }
      return agent.evaluate(f, args, patience);
    },
  });
  let lastHeld: bigint;

  async function enrolTwice(
    moment: 'before the look' | 'after the look',
    enrolment?: Enrolment,
  ): Promise<bigint> {
    const number = newOwner();
    lastHeld = await held();
    const before = lastHeld;
    orderers.leaveOne();
    await expect(enrolling(hasty, enrolment)(number)).rejects.toMatchObject({
      code: 'LEDGER_UNREACHABLE',
      detail: 'accounts:transfer: sent, and in no block yet',
    });
    const { credits } = await enrolling(meeting(moment), enrolment)(number);
    expect(credits).toHaveLength(4);
    return before - (await held());
  }

  it.each(['before the look', 'after the look'] as const)(
    'is found by the next one, be it ordered %s: money moves once',
    async (moment) => {
      expect(await enrolTwice(moment)).toBe(WELCOME);
    },
  );

  it('would be paid twice where nobody looked', async () => {
    const careless = await variantOf<Enrolment>(FILE, {
      file: FILE,
      from: 'if (before.length > 0) throw',
      to: 'if (before.length < 0) throw',
    });
    expect(await enrolTwice('after the look', careless)).toBe(2n * WELCOME);
  });
});
