/** A file that is stored under a key, whose answer was lost with the process: sent again it is stored once. */
import { newGatewayStage, type GatewayStage } from '../support/gateway-stage.ts';
import { join } from 'node:path';
import type { Contract } from '@hyperledger/fabric-gateway';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  managedFileAnswer,
  managedFileList,
  type ManagedFileAnswer,
} from '@holdfast/protocol/custody-messages.js';
import type { OwnerIdentity } from '../../gateway/src/ledger/ledger.ts';
import { openStore } from '../../gateway/src/store.ts';
import { newBasicSender } from '../support/managed-owner.ts';
import { filesHolding } from '../support/plaintext-scan.ts';
import { seededRandom } from '../support/property.ts';

const PASSWORD = 'granite-otter-walnut-velvet-orbit-lemon-tide';
const bytes = seededRandom(23)(300_000);

let stage: GatewayStage;
/** Whether the ledger takes no registration. */
let isAway = false;
const { ask, json } = newBasicSender(
  () => stage.url(),
  () => ({ name: 'anna', password: PASSWORD }),
);
const put = (name: string, key: string | undefined, body: Uint8Array = bytes): Promise<Response> =>
  ask(`/v1/files/${name}`, {
    method: 'PUT',
    body,
    headers: key === undefined ? {} : { 'idempotency-key': key },
  });

async function stored(answer: Response): Promise<ManagedFileAnswer> {
  const text = await answer.text();
  expect([answer.status, text]).toEqual([201, text]);
  return managedFileAnswer.parse(JSON.parse(text));
}

const idsOf = async (wanted: string): Promise<string[]> => {
  const { items } = managedFileList.parse(await (await ask('/v1/files')).json());
  return items.filter(({ name }) => name === wanted).map(({ fileId }) => fileId);
};

/** Ends the gateway, loses what it has answered, and starts it again, as a kill before the answer was kept leaves it. */
async function loseAnswers(): Promise<void> {
  await stage.stop();
  const store = await openStore(join(stage.folder, 'gateway'));
  const answers = store.table('answers');
  for await (const [name] of answers.entries()) await answers.delete(name);
  await store.close();
  await stage.start();
}

/** Lets no registration of an owner through while the ledger is away. */
function overALedgerThatGoesAway({ link }: GatewayStage): void {
  const connect = link.connectOwner.bind(link);
  Object.assign(link, {
    connectOwner(identity: OwnerIdentity) {
      const contract = connect(identity).getNetwork(link.channel).getContract(link.chaincode);
      const newProposal: Contract['newProposal'] = (name, options) => {
        if (isAway && name === 'files:register') throw new Error('the peer is away');
        return contract.newProposal(name, options);
      };
      return { getNetwork: () => ({ getContract: () => ({ newProposal }) }) };
    },
  });
}

let letter: ManagedFileAnswer;
let bare: ManagedFileAnswer;
let statusWhileAway: number;

beforeAll(async () => {
  stage = await newGatewayStage();
  overALedgerThatGoesAway(stage);
  const account = { name: 'anna', password: PASSWORD, custody: 'agent' };
  await (await json('/v1/accounts', 'POST', account)).text();
  letter = await stored(await put('letter', 'the-letter-once'));
  bare = await stored(await put('bare', undefined));
  isAway = true;
  ({ status: statusWhileAway } = await put('note', 'the-note-once'));
  isAway = false;
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(bytes.subarray(0, 1_000));
      controller.error(new Error('the line is cut'));
    },
  });
  const headers = { 'idempotency-key': 'the-plan-once' };
  await ask('/v1/files/plan', { method: 'PUT', body, headers }).catch(() => undefined);
  await loseAnswers();
}, 180_000);
afterAll(() => stage.close());

describe('a file stored under a key', () => {
  it('is the same file where its answer was lost after the ledger had it', async () => {
    const { firstAuditBy: _, ...said } = await stored(await put('letter', 'the-letter-once'));
    expect(letter).toMatchObject(said);
    expect(await idsOf('letter')).toEqual([letter.fileId]);
    const back = await ask(`/v1/files/${letter.fileId}`);
    expect(Buffer.from(await back.arrayBuffer()).equals(bytes)).toBe(true);
  }, 60_000);

  it('leaves its name nowhere on disk', async () => {
    const name = 'Scheidungsvereinbarung';
    const file = await stored(await put(name, 'the-secret-once'));
    expect(await stored(await put(name, 'the-secret-once'))).toEqual(file);
    expect(await filesHolding(stage.folder, [Buffer.from(name)])).toEqual([]);
    // the control: what is answered to others is kept, and would be found
    const kept = Buffer.from(letter.fileId);
    expect(await filesHolding(stage.folder, [kept])).not.toEqual([]);
  }, 60_000);

  it('is a second one without a key: that is what the key is for', async () => {
    const again = await stored(await put('bare', undefined));
    expect(again.fileId).not.toBe(bare.fileId);
    expect(await idsOf('bare')).toHaveLength(2);
  }, 60_000);

  it('goes on where the provider had accepted it and the ledger did not answer', async () => {
    expect(statusWhileAway).toBe(500);
    const file = await stored(await put('note', 'the-note-once'));
    expect(await idsOf('note')).toEqual([file.fileId]);
    const back = await ask(`/v1/files/${file.fileId}`);
    expect(Buffer.from(await back.arrayBuffer()).equals(bytes)).toBe(true);
  }, 60_000);

  it('begins anew where the first try was cut off', async () => {
    const file = await stored(await put('plan', 'the-plan-once'));
    expect(await idsOf('plan')).toEqual([file.fileId]);
  }, 60_000);

  it('is no other file: other bytes, another size or another name are refused', async () => {
    await loseAnswers();
    const other = Uint8Array.from(bytes, (byte, i) => (i === 0 ? byte ^ 1 : byte));
    for (const [name, body] of [
      ['letter', other],
      ['letter', bytes.subarray(0, 100_000)],
      ['will', bytes],
    ] as const) {
      const refused = await put(name, 'the-letter-once', body);
      const problem: unknown = await refused.json();
      expect([refused.status, problem]).toMatchObject([
        422,
        { errors: [{ pointer: '/Idempotency-Key' }] },
      ]);
    }
    expect(await idsOf('letter')).toEqual([letter.fileId]);
  }, 120_000);
});
