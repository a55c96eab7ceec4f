/**
 * What all contracts have in common: the curve is ready before a rule runs, and every refusal carries a code.
 *
 * Contracts hold no state: fabric-shim makes one instance of each and spells it as JSON at start.
 *
 * @module
 */
import { ready } from '@holdfast/protocol/curve.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { Context, Contract } from './fabric.ts';

type Around = Parameters<InstanceType<typeof Contract>['aroundTransaction']>;

export class HoldfastContract extends Contract {
  override async beforeTransaction(_ctx: Context): Promise<void> {
    await ready();
  }

  /** fabric-shim passes on only an error's message: one without a code is our fault. */
  override async aroundTransaction(...[ctx, name, parameters]: Around): Promise<void> {
    try {
      return await super.aroundTransaction(ctx, name, parameters);
    } catch (cause) {
      if (cause instanceof HoldfastError) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new HoldfastError('INTERNAL', reason, { cause });
    }
  }

  override async unknownTransaction(ctx: Context): Promise<void> {
    const { fcn } = ctx.stub.getFunctionAndParameters();
    throw new HoldfastError('INPUT_INVALID', `no function ${fcn}`);
  }
}
