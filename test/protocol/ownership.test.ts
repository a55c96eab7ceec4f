import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { concat, hex, lengthPrefixed, toInteger } from '@holdfast/protocol/bytes.js';
import { ready } from '@holdfast/protocol/curve.js';
import { modulo, toScalar } from '@holdfast/protocol/scalar.js';
import { byteStream, transcript } from '@holdfast/protocol/hash.js';
import { newOwnershipClaim } from '@holdfast/protocol/ownership.js';
import { RUNS, seededRandom } from '../support/property.ts';
import { flipped } from '../support/tamper.ts';

const SECTORS = 4;
const random = seededRandom();
const input = { nonce: random(32), claimerId: random(32), objectId: random(36), sectors: SECTORS };
const file = fc.array(fc.uint8Array({ minLength: 1, maxLength: 31 * SECTORS }), {
  minLength: 1,
  maxLength: 20,
});

beforeAll(ready);

function claimOf(blocks: readonly Uint8Array[], changes: Partial<typeof input> = {}): string {
  const claim = newOwnershipClaim({ ...input, ...changes });
  for (const block of blocks) claim.add(block);
  return hex(claim.finish());
}

describe('a claim of ownership', () => {
  it('equals the polynomial evaluated sector by sector', () => {
    fc.assert(
      fc.property(file, (blocks) => {
        const fields = [input.nonce, input.claimerId, lengthPrefixed(input.objectId)];
        const take = byteStream(transcript('ownership', ...fields));
        const rho = toScalar(byteStream(transcript('ownership-rho', ...fields))(48));
        let expected = 0n;
        for (const block of blocks) {
          const weight = toInteger(take(16));
          for (let j = 0; j < SECTORS; j++) {
            const sector = block.slice(31 * j, 31 * (j + 1));
            const m = toInteger(concat(sector, new Uint8Array(31 - sector.length)));
            expected = modulo(expected + weight * m * rho ** BigInt(j));
          }
        }
        expect(claimOf(blocks)).toBe(expected.toString(16).padStart(64, '0'));
      }),
      RUNS,
    );
  });
  it('is another one for every flipped bit', () => {
    fc.assert(
      fc.property(file, fc.nat(), fc.nat(), (blocks, at, bit) => {
        const index = at % blocks.length;
        const damaged = blocks.map((block, i) => (i === index ? flipped(block, bit) : block));
        expect(claimOf(damaged)).not.toBe(claimOf(blocks));
      }),
      RUNS,
    );
  });
  it('is another one for another order of blocks', () => {
    const blocks = [random(60), random(60), random(60)];
    expect(claimOf(blocks.toReversed())).not.toBe(claimOf(blocks));
  });
  it('serves one nonce, one claimer and one object: neither kept nor lent', () => {
    const blocks = [random(60), random(60)];
    const changes = [{ nonce: random(32) }, { claimerId: random(32) }, { objectId: random(36) }];
    const claims = [claimOf(blocks), ...changes.map((change) => claimOf(blocks, change))];
    expect(new Set(claims).size).toBe(4);
  });
});
