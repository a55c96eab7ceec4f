/** What contracts read and write, on every ledger. */
import { expect, it } from '@jest/globals';
import type { Session } from '../support/ledger-target.ts';

const list = (json: string): unknown => JSON.parse(json);

export function ledgerStateSuite(session: () => Session): void {
  it('gives a range in order, its end left out', async () => {
    const { key, submit, evaluate } = session();
    await submit('putMany', key('r/'), '12');
    const range = await evaluate('range', key('r/0003'), key('r/0006'));
    expect(list(range)).toEqual(['r/0003', 'r/0004', 'r/0005'].map(key));
  });

  it.each([99, 100, 101, 200, 201])('gives all of a range of %d rows', async (count) => {
    const { key, submit, evaluate } = session();
    const prefix = key(`rows-${count}/`);
    await submit('putMany', prefix, String(count));
    const keys = list(await evaluate('range', prefix, `${prefix}~`)) as string[];
    expect(keys).toHaveLength(count);
    expect(keys).toEqual([...keys].sort());
  });

  it('gives pages with bookmarks, to read-only transactions', async () => {
    const { key, submit, evaluate } = session();
    await submit('putMany', key('p/'), '5');
    const page = (bookmark: string) => evaluate('page', key('p/'), key('p/~'), '2', bookmark);
    const first = list(await page(''));
    expect(first).toEqual({
      keys: ['p/0000', 'p/0001'].map(key),
      bookmark: key('p/0002'),
      fetched: 2,
    });
    expect(list(await page(key('p/0002')))).toMatchObject({ bookmark: key('p/0004') });
    expect(list(await page(key('p/0004')))).toEqual({
      keys: [key('p/0004')],
      bookmark: '',
      fetched: 1,
    });
    await expect(submit('pageAndPut', key('p/'), key('p/x'))).rejects.toMatchObject({
      details: [{ message: expect.stringContaining('unsuppored transaction') as unknown }],
    });
  });

  it('orders keys by their bytes in UTF-8, not by UTF-16', async () => {
    const { key, submit, evaluate } = session();
    for (const last of ['\ufffd', '\u{1F600}']) await submit('put', key(`u/${last}`), '1');
    const keys = list(await evaluate('range', key('u/'), key('u0')));
    expect(keys).toEqual([key('u/\ufffd'), key('u/\u{1F600}')]);
  });

  it('tells the history of a key, newest first, with deletes', async () => {
    const { key, submit, evaluate } = session();
    await submit('put', key('h'), '1');
    await submit('delete', key('h'));
    await submit('put', key('h'), '3');
    expect(list(await evaluate('history', key('h')))).toEqual([
      { value: '3', isDelete: false },
      { value: '', isDelete: true },
      { value: '1', isDelete: false },
    ]);
  });

  it('keeps what was invalid out of state and history', async () => {
    const { key, commit, evaluate, target } = session();
    const status = await commit('put', [key('i'), '1'], target.mspIds.slice(0, 1));
    expect(status.successful).toBe(false);
    expect(await evaluate('get', key('i'))).toBe('');
    expect(list(await evaluate('history', key('i')))).toEqual([]);
  });

  it('does not read its own writes', async () => {
    const { key, submit, evaluate } = session();
    expect(await submit('readOwnWrite', key('w'))).toBe('');
    expect(await evaluate('get', key('w'))).toBe('new');
  });

  it('takes an empty value for a delete', async () => {
    const { key, submit, evaluate } = session();
    await submit('put', key('e'), 'x');
    await submit('put', key('e'), '');
    const [last] = list(await evaluate('history', key('e'))) as { isDelete: boolean }[];
    expect(last?.isDelete).toBe(true);
  });
}
