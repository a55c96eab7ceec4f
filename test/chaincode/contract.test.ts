import { describe, expect, it } from '@jest/globals';
import '../support/fabric-shim.ts';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { HoldfastContract } from '../../chaincode/src/contract.ts';
import { Context } from '../../chaincode/src/fabric.ts';

class Failing extends HoldfastContract {
  async fail(_ctx: Context, problem: unknown): Promise<void> {
    await Promise.reject(problem as Error);
  }
}
const call = (problem: unknown) =>
  new Failing('failing').aroundTransaction(new Context(), 'fail' as unknown as () => void, [
    problem,
  ]);

describe('a contract', () => {
  it('passes on a refusal as it is', async () => {
    const refusal = new HoldfastError('NOT_DUE', 'not yet');
    await expect(call(refusal)).rejects.toBe(refusal);
  });

  it('gives whatever else fails a code, because only the message leaves the process', async () => {
    for (const problem of [new Error('bug: a wire'), 'bug: a wire']) {
      await expect(call(problem)).rejects.toMatchObject({
        message: 'INTERNAL: bug: a wire',
        cause: problem,
      });
    }
  });
});
