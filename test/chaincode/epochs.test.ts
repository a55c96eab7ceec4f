/** How a transaction of an owner says when it was made, epoch by epoch. */
import { layAudits, type LaidAudits, NEWEST, twelve } from '../support/laid-audits.ts';
import { newCaller, type Records, refusal, type Signing, taken } from '../support/laid-ledger.ts';
import { beforeAll, describe, expect, it } from '@jest/globals';

let laid: LaidAudits;
let ann: Signing;
let records: Records;
beforeAll(async () => {
  laid = await layAudits();
  ann = await newCaller('Alder', 'owner');
  const ownerId = laid.held[0]?.file.ownerId ?? '';
  records = {
    ...laid.records,
    [`signer/${ann.signer}`]: { ownerId },
    [`account/${ownerId}`]: { ownerId, mspId: 'Alder', state: 'open' },
  };
});

const ask = (epoch: number) => ({
  fileId: laid.idOf(0),
  epoch,
  node: null,
  blocks: null,
  lane: 0,
});

describe('an owner’s transaction', () => {
  it.each([0, 1])('names the newest epoch, or the one before it: %i back', async (back) => {
    const epoch = NEWEST - back;
    const { result, writes } = await taken(records, ann, 'files:ask', ask(epoch));
    expect(result).toEqual({ fileId: laid.idOf(0), fromEpoch: epoch + 2 });
    expect(writes.get(`ask/${laid.idOf(0)}`)).toMatchObject({ fromEpoch: epoch + 2 });
  });

  it('comes too late where two have begun since, and too early where its own has not', async () => {
    expect(await refusal(records, ann, 'files:ask', ask(NEWEST - 2))).toBe(
      `EPOCH_PASSED: epoch ${NEWEST} has begun`,
    );
    expect(await refusal(records, ann, 'files:ask', ask(NEWEST + 1))).toBe(
      `NOT_FOUND: no beacon ${NEWEST + 1} yet`,
    );
    const gap = { ...records, [`beacon/${twelve(NEWEST)}`]: null };
    expect(await refusal(gap, ann, 'files:ask', ask(NEWEST))).toBe(
      `NOT_FOUND: no beacon ${NEWEST} yet`,
    );
  });
});
