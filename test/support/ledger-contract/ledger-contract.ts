/** A small contract for tests of the ledger itself: every kind of read and write, and every way to go wrong. */
import { createHash } from 'node:crypto';
// oxlint-disable-next-line typescript/consistent-type-imports -- decorators record the class
import { Context, Contract, Info, Returns, Transaction } from 'fabric-contract-api';

@Info({ title: 'Ledger', description: 'reads, writes, and the ways in which contracts go wrong' })
export class LedgerContract extends Contract {
  constructor() {
    super('Ledger');
  }

  @Transaction()
  async put(ctx: Context, key: string, value: string): Promise<void> {
    await ctx.stub.putState(key, Buffer.from(value));
    ctx.stub.setEvent('Put', Buffer.from(key));
  }

  /** Emits no event. */
  @Transaction()
  async putQuietly(ctx: Context, key: string, value: string): Promise<void> {
    await ctx.stub.putState(key, Buffer.from(value));
  }

  @Transaction()
  async putMany(ctx: Context, prefix: string, count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      await ctx.stub.putState(`${prefix}${String(i).padStart(4, '0')}`, Buffer.from('x'));
    }
  }

  /** One value of so many bytes. */
  @Transaction()
  async putLarge(ctx: Context, key: string, length: number): Promise<void> {
    await ctx.stub.putState(key, Buffer.alloc(length, 'x'));
  }

  @Transaction(false)
  @Returns('string')
  async get(ctx: Context, key: string): Promise<string> {
    return Buffer.from(await ctx.stub.getState(key)).toString();
  }

  @Transaction()
  async delete(ctx: Context, key: string): Promise<void> {
    await ctx.stub.deleteState(key);
  }

  @Transaction()
  @Returns('number')
  async increment(ctx: Context, key: string): Promise<number> {
    const count = Number(Buffer.from(await ctx.stub.getState(key)).toString()) + 1;
    await ctx.stub.putState(key, Buffer.from(String(count)));
    return count;
  }

  /** Counts the keys that begin with the prefix and writes their number. */
  @Transaction()
  @Returns('number')
  async count(ctx: Context, prefix: string, into: string): Promise<number> {
    const keys = await keysOf(ctx, prefix, `${prefix}\u{10ffff}`);
    await ctx.stub.putState(into, Buffer.from(String(keys.length)));
    return keys.length;
  }

  @Transaction(false)
  @Returns('string')
  async range(ctx: Context, start: string, end: string): Promise<string> {
    return JSON.stringify(await keysOf(ctx, start, end));
  }

  @Transaction(false)
  @Returns('string')
  async page(
    ctx: Context,
    start: string,
    end: string,
    size: number,
    bookmark: string,
  ): Promise<string> {
    const { stub } = ctx;
    const page = await stub.getStateByRangeWithPagination(start, end, size, bookmark);
    const keys: string[] = [];
    for (;;) {
      const row = await page.iterator.next();
      if (row.done === true) break;
      keys.push(row.value.key);
    }
    await page.iterator.close();
    const { bookmark: next, fetchedRecordsCount: fetched } = page.metadata;
    return JSON.stringify({ keys, bookmark: next, fetched });
  }

  @Transaction()
  async pageAndPut(ctx: Context, start: string, key: string): Promise<void> {
    const page = await ctx.stub.getStateByRangeWithPagination(start, '', 1, '');
    await page.iterator.close();
    await ctx.stub.putState(key, Buffer.from('x'));
  }

  @Transaction(false)
  @Returns('string')
  async history(ctx: Context, key: string): Promise<string> {
    const records: unknown[] = [];
    const iterator = await ctx.stub.getHistoryForKey(key);
    for (let row = await iterator.next(); row.done !== true; row = await iterator.next()) {
      const { isDelete, value } = row.value;
      records.push({ value: Buffer.from(value).toString(), isDelete });
    }
    await iterator.close();
    return JSON.stringify(records);
  }

  @Transaction(false)
  @Returns('string')
  async who(ctx: Context): Promise<string> {
    const { clientIdentity, stub } = ctx;
    return JSON.stringify({
      id: clientIdentity.getID(),
      mspId: clientIdentity.getMSPID(),
      role: clientIdentity.getAttributeValue('role'),
      at: stub.getDateTimestamp(),
    });
  }

  @Transaction(false)
  @Returns('number')
  async lengthOfTransient(ctx: Context, name: string): Promise<number> {
    return ctx.stub.getTransient().get(name)?.length ?? 0;
  }

  @Transaction()
  @Returns('string')
  async readOwnWrite(ctx: Context, key: string): Promise<string> {
    await ctx.stub.putState(key, Buffer.from('new'));
    return Buffer.from(await ctx.stub.getState(key)).toString();
  }

  @Transaction()
  async fail(_ctx: Context, why: string): Promise<void> {
    throw new Error(why);
  }

  /** Every endorser writes something else. */
  @Transaction()
  async random(ctx: Context, key: string): Promise<void> {
    await ctx.stub.putState(key, Buffer.from(String(Math.random())));
  }

  /** Writes that nobody waits for. */
  @Transaction()
  async forget(ctx: Context, prefix: string, count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      ctx.stub.putState(`${prefix}${i}`, Buffer.from('x')).catch(() => undefined);
    }
  }

  /** Runs a list of operations and answers what it read; what it writes depends on that. */
  @Transaction()
  @Returns('string')
  async run(ctx: Context, operations: string): Promise<string> {
    const { stub } = ctx;
    const seen: unknown[] = [stub.getTxID()];
    for (const { verb, key } of JSON.parse(operations) as Operation[]) {
      if (verb === 'get') seen.push(Buffer.from(await stub.getState(key)).toString());
      else if (verb === 'range') seen.push(await keysOf(ctx, key, `${key}~`));
      else if (verb === 'delete') await stub.deleteState(key);
      else await stub.putState(key, Buffer.from(digestOf(seen)));
    }
    return JSON.stringify(seen);
  }

  /** Never answers. */
  @Transaction()
  hang(_ctx: Context): Promise<void> {
    return new Promise(() => undefined);
  }

  @Transaction(false)
  async richQuery(ctx: Context): Promise<void> {
    const iterator = await ctx.stub.getQueryResult('{"selector":{}}');
    await iterator.close();
  }

  @Transaction()
  async putPrivate(ctx: Context, collection: string, key: string): Promise<void> {
    await ctx.stub.putPrivateData(collection, key, Buffer.from('x'));
  }

  @Transaction()
  async setPolicy(ctx: Context, key: string): Promise<void> {
    await ctx.stub.setStateValidationParameter(key, Buffer.from('x'));
  }

  @Transaction()
  @Returns('string')
  async call(ctx: Context, chaincode: string, channel: string): Promise<string> {
    const answer = await ctx.stub.invokeChaincode(chaincode, ['get', 'a'], channel);
    return JSON.stringify({ status: answer.status });
  }
}

export interface Operation {
  readonly verb: 'get' | 'put' | 'delete' | 'range';
  /** Of a range, the beginning of its keys. */
  readonly key: string;
}

export const digestOf = (seen: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(seen)).digest('hex');

async function keysOf(ctx: Context, start: string, end: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const row of ctx.stub.getStateByRange(start, end)) keys.push(row.key);
  return keys;
}
