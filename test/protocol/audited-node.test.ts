/** Which node answers an audit, to the bit, and what an audit is without a record of those before it. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { challengeOf, delegateOf, drawnNode } from '@holdfast/protocol/audit.js';
import { hex } from '@holdfast/protocol/bytes.js';
import { dueRecord, fileRecord, fileState, threeOrganisations } from '../support/audit-records.ts';
import { seededRandom } from '../support/property.ts';

const random = seededRandom();

/** T("node", B_e, fid)[0..4] of section 5, without our own hashing. */
function lotOf(beacon: Uint8Array, fileId: string): number {
  const label = 'holdfast/v1/node';
  const framed = [Buffer.of(0, 0, 0, label.length), Buffer.from(label), beacon];
  const digest = createHash('sha256').update(Buffer.concat(framed)).update(fileId, 'hex').digest();
  return digest.readUInt32BE();
}

describe('the node that is drawn', () => {
  it.each([2, 3])('is the one of %i that the first four bytes of the lot name', (count) => {
    const nodes = ['birch-1', 'birch-2', 'birch-3'].slice(0, count);
    for (let i = 0; i < 20; i++) {
      const beacon = random(32);
      const { file } = fileState();
      const expected = nodes[lotOf(beacon, file.fileId) % count];
      for (const due of [null, dueRecord()]) {
        expect(drawnNode(fileState({ due, placement: { nodes } }), 3, hex(beacon))).toBe(expected);
      }
    }
  });
});

describe('a challenge', () => {
  it('of a file never audited is that of one of which nothing was conceded', () => {
    const question = {
      channel: 'holdfast',
      epoch: 3,
      beacon: hex(random(32)),
      file: fileRecord(),
      ask: null,
    };
    const nothing = challengeOf({ ...question, due: dueRecord() });
    expect(challengeOf({ ...question, due: null })).toEqual(nothing);
    expect(challengeOf({ ...question, due: null, dead: [] })).toEqual(nothing);
  });
});

describe('rules without delegates', () => {
  it('have no slots: no configuration like that is accepted', () => {
    expect(() => delegateOf(1, { ...threeOrganisations(), genesisDelegates: [] })).toThrow(
      'bug: a configuration without delegates',
    );
  });
});
