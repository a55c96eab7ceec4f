import { answer, begin } from './call.ts';
import { HoldfastContract } from './contract.ts';
import { Context, Info, Returns, Transaction } from './fabric.ts';
import { must, short } from './refuse.ts';
import { LISTS } from './state-keys.ts';

/** The sealed shares of file keys (paper 000 section 4: sealed shares as ledger transactions). */
@Info({ title: 'shares', description: 'Sealed shares of the keys of files.' })
export class SharesContract extends HoldfastContract {
  constructor() {
    super('shares');
  }

  /** (Owner) The generation in force: a new one removes the one before from the state. */
  @Transaction(false)
  @Returns('string')
  async ofFile(ctx: Context, args: string): Promise<string> {
    const call = await begin(ctx, 'shares:ofFile', args);
    const { state } = call;
    const { fileId } = call.args;
    const { items } = await state.page(LISTS.shares(fileId), {});
    const newest = items.at(-1);
    must(newest !== undefined, 'NOT_FOUND', `no key shares of ${short(fileId)}`);
    return answer('shares:ofFile', newest.record);
  }
}
