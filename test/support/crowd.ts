/** Many owners, a provider and the clock on one ledger, whose transactions are endorsed and sent at once. */
import { HoldfastError, type ErrorCode } from '@holdfast/protocol/errors.js';
import type { Submit } from '@holdfast/protocol/ledger-transactions.js';
import { type BornLedger, newBornLedger } from './born-ledger.ts';
import { beaconSignature } from './consortium.ts';
import type { Endorsed } from './contract-ledger.ts';
import { newTestFile, type TestOwner } from './owner-of-files.ts';
import { type HeldFile, newAnswer } from './provider.ts';
import { perform, refusalOf, type Step, type World, worldOf } from './serial-model.ts';

/** What became of the steps of one round. */
export interface Outcome {
  /** Refused before anything was sent. */
  readonly refused: readonly { readonly step: Step; readonly code: ErrorCode }[];
  readonly committed: readonly Step[];
  /** Sent, and found to have read what another step of the round has changed. */
  readonly conflicting: readonly Step[];
}

export interface Crowd {
  readonly owners: readonly TestOwner[];
  readonly ledger: BornLedger;
  /** What the model has come to. */
  readonly world: World;
  /** Prepares a file that nobody has registered. @returns the step that does. */
  newFile(owner: TestOwner): Promise<Step & { what: 'register' }>;
  /** Files whose challenge is open, by its epoch. */
  due(): Promise<{ readonly epoch: number; readonly fileIds: readonly string[] }[]>;
  /** What lets the next epoch begin: ticks, and in the round after them the beacon. */
  clock(): Step[];
  /**
   * Endorses all steps on the state as it is, sends them at once in the order given, and runs on the model those that
   * went through. @throws where the model refuses one of these.
   */
  round(steps: readonly Step[]): Promise<Outcome>;
  close(): Promise<void>;
}

/** Of the organisations whose delegates sign beacons. */
const TICKING = ['Alder', 'Cedar'];
/** How many epochs back the provider looks for challenges that it has not answered yet. */
const LOOK_BACK = 3;
const AGENT_LANES = 16;
/** Little to compute: what the files hold changes nothing here. */
const SMALL = {
  blockCount: 2,
  blockLength: 62,
  sharing: { shareCount: 2, threshold: 2, privacy: 1 },
};

/** @param count - owners, for each of whom two notes of 500 wait. */
export async function newCrowd(count: number): Promise<Crowd> {
  const ledger = await newBornLedger();
  const owners = await openOwners(ledger, count);
  await grant(ledger, owners);
  const byId = new Map(owners.map((owner) => [owner.ownerId, owner]));
  const held = new Map<string, HeldFile>();
  const world = worldOf(ledger.state);
  const provider = await ledger.as('Birch', 'provider');

  const identityOf = (ownerId: string) => found(byId.get(ownerId)).identity;
  const heldFile = (fileId: string): HeldFile => found(held.get(fileId));

  async function endorse(step: Step): Promise<Endorsed<Submit>> {
    switch (step.what) {
      case 'transfer': {
        const { to, amount, lane } = step;
        const args = { to, amounts: [String(amount)], lane };
        return ledger.endorse(identityOf(step.owner), 'accounts:transfer', args);
      }
      case 'collect': {
        const args = { lane: step.lane, credits: [...step.notes], sources: step.sources };
        return ledger.endorse(identityOf(step.owner), 'accounts:collect', args);
      }
      case 'register': {
        const { registration } = heldFile(step.fileId).file;
        return ledger.endorse(identityOf(step.owner), 'files:register', registration);
      }
      case 'ask': {
        const { fileId, epoch } = step;
        const args = { fileId, epoch, node: null, blocks: null, lane: 0 };
        return ledger.endorse(identityOf(step.owner), 'files:ask', args);
      }
      case 'retire': {
        const args = { fileId: step.fileId, lane: 0 };
        return ledger.endorse(identityOf(step.owner), 'files:retire', args);
      }
      case 'answer': {
        const args = await newAnswer(ledger, step.fileIds.map(heldFile), step);
        return ledger.endorse(provider, 'audits:answer', args);
      }
      case 'tick': {
        const by = await ledger.as(step.mspId, 'delegate');
        return ledger.endorse(by, 'beacons:tick', { epoch: step.epoch });
      }
      case 'advance':
        return ledger.endorse(provider, 'beacons:advance', nextBeacon(ledger, step.epoch));
    }
  }

  return {
    ledger,
    owners,
    world,
    async newFile(owner) {
      const epoch = world.epoch;
      const file = await newTestFile(owner, {
        ...SMALL,
        epoch,
        terms: { expiryEpoch: epoch + 10 },
      });
      held.set(file.fileId, { owner, file });
      return { what: 'register', owner: owner.ownerId, fileId: file.fileId, epoch };
    },
    async due() {
      const open = [];
      for (let epoch = Math.max(1, world.epoch - LOOK_BACK); epoch <= world.epoch; epoch++) {
        const fileIds = await openIn(ledger, epoch);
        if (fileIds.length > 0) open.push({ epoch, fileIds });
      }
      return open;
    },
    clock() {
      const epoch = world.epoch + 1;
      const missing = TICKING.filter((mspId) => !world.ticks.has(`${epoch}/${mspId}`));
      if (missing.length === 0) return [{ what: 'advance', epoch }];
      return missing.map((mspId) => ({ what: 'tick', mspId, epoch }));
    },
    async round(steps) {
      const refused: { step: Step; code: ErrorCode }[] = [];
      const sent: { step: Step; endorsed: Endorsed<Submit> }[] = [];
      const endorsements = steps.map((step) => endorse(step).catch(codeOf));
      for (const [i, outcome] of (await Promise.all(endorsements)).entries()) {
        const step = found(steps[i]);
        if (typeof outcome === 'string') refused.push({ step, code: outcome });
        else sent.push({ step, endorsed: outcome });
      }
      checkRefusals(world, steps, refused);
      const codes = await Promise.all(
        sent.map(({ endorsed }) => endorsed.commit().then(() => null, codeOf)),
      );
      const committed: Step[] = [];
      const conflicting: Step[] = [];
      for (const [i, { step, endorsed }] of sent.entries()) {
        if (codes[i] !== null) conflicting.push(step);
        else {
          const { result } = endorsed;
          perform(world, step, 'credits' in result ? result.credits : []);
          committed.push(step);
        }
      }
      return { refused, committed, conflicting };
    },
    close: () => ledger.close(),
  };
}

/** The ledger refuses a step exactly where the model does, and for the same reason. */
function checkRefusals(world: World, steps: readonly Step[], refused: Outcome['refused']): void {
  for (const step of steps) {
    const code = refused.find((one) => one.step === step)?.code ?? null;
    const expected = refusalOf(world, step);
    if (code === expected) continue;
    throw new Error(`${step.what}: refused with ${code}, expected ${expected}`);
  }
}

async function openOwners(ledger: BornLedger, count: number): Promise<TestOwner[]> {
  const first = await ledger.openOwner('owner 0');
  const others = Array.from({ length: count - 1 }, (_, i) =>
    ledger.openOwner(`owner ${i + 1}`, i % 2 === 0 ? 'Cedar' : 'Alder', 'owner', first),
  );
  return [first, ...(await Promise.all(others))];
}

/** Alder's agent pays every owner, out of as many of its lanes as there are. */
async function grant(ledger: BornLedger, owners: readonly TestOwner[]): Promise<void> {
  const operator = await ledger.as('Alder', 'operator');
  const agent = await ledger.as('Alder', 'agent');
  const amounts = Array.from({ length: AGENT_LANES }, () => '1000000');
  const { result } = await ledger.submit(operator, 'accounts:grantBudget', {
    mspId: 'Alder',
    amounts,
  });
  await Promise.all(
    result.credits.map((credit, lane) =>
      ledger.submit(agent, 'accounts:collect', { lane, credits: [credit], sources: [] }),
    ),
  );
  for (let start = 0; start < owners.length; start += AGENT_LANES) {
    await Promise.all(
      owners.slice(start, start + AGENT_LANES).map(({ ownerId: to }, lane) => {
        const transfer = { to, amounts: ['500', '500'], lane };
        return ledger.submit(agent, 'accounts:transfer', transfer);
      }),
    );
  }
}

async function openIn(ledger: BornLedger, epoch: number): Promise<string[]> {
  const by = await ledger.as('Birch', 'provider');
  const fileIds: string[] = [];
  let cursor: string | undefined;
  do {
    const args = { providerId: 'Birch', epoch, ...(cursor === undefined ? {} : { cursor }) };
    const { items, next } = await ledger.evaluate(by, 'audits:due', args);
    fileIds.push(...items.map(({ file }) => file.fileId));
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  return fileIds;
}

function nextBeacon(ledger: BornLedger, epoch: number) {
  const delegate = found(TICKING[epoch % TICKING.length]);
  const signature = beaconSignature(delegate, epoch, ledger.beaconOf(epoch - 1));
  return { epoch, signature, msps: TICKING };
}

function codeOf(problem: unknown): ErrorCode {
  if (problem instanceof HoldfastError) return problem.code;
  throw problem;
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('not there');
  return value;
}
