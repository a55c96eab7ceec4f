/** How tests compare bytes. */
import { describe, expect, it } from '@jest/globals';

const bytes = (length = 100_000) => new Uint8Array(length).fill(7);

describe('bytes', () => {
  it('are equal where each of them is', () => {
    expect(bytes()).toEqual(bytes());
    expect({ kept: [bytes()] }).toEqual({ kept: [bytes()] });
    expect(bytes().subarray(1, 9)).toEqual(bytes(8));
  });

  it('are not where one differs, one is missing, or their class is another', () => {
    const changed = bytes();
    changed[99_999] = 8;
    expect(changed).not.toEqual(bytes());
    expect({ kept: [changed] }).not.toEqual({ kept: [bytes()] });
    expect(bytes().subarray(1)).not.toEqual(bytes());
    expect(Buffer.from(bytes(9))).not.toStrictEqual(bytes(9));
    expect([...bytes(3)]).not.toEqual(bytes(3));
  });
});
