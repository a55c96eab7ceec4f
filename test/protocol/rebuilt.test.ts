/** What is tried again because somebody else came first, and what is not. */
import { describe, expect, it } from '@jest/globals';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { rebuilt } from '@holdfast/protocol/owner/rebuilt.js';

describe('a transaction that others overtake', () => {
  const failing = (count: number, error: unknown) => {
    let tries = 0;
    const attempt = async () => {
      if (++tries <= count) throw error;
      return tries;
    };
    return { attempt, tries: () => tries };
  };
  const pauses: number[] = [];
  const delay = async (ms: number) => void pauses.push(ms);

  it.each(['CONFLICT', 'EPOCH_PASSED'] as const)(
    'by %s is built anew, ever later',
    async (code) => {
      pauses.length = 0;
      const { attempt } = failing(3, new HoldfastError(code, 'overtaken'));
      expect(await rebuilt(attempt, delay)).toBe(4);
      expect(pauses).toEqual([150, 300, 450]);
    },
  );

  it('is given up after eight tries', async () => {
    const { attempt, tries } = failing(9, new HoldfastError('CONFLICT', 'overtaken'));
    await expect(rebuilt(attempt, delay)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(tries()).toBe(8);
  });

  it.each([new HoldfastError('NOT_ALLOWED', 'no'), new Error('bug')])(
    'is not tried again where that would change nothing: %s',
    async (error) => {
      const { attempt, tries } = failing(1, error);
      await expect(rebuilt(attempt, delay)).rejects.toBe(error);
      expect(tries()).toBe(1);
    },
  );
});
