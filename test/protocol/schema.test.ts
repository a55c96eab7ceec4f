import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { atField, ERRORS, HoldfastError, parseRefusal } from '../../protocol/src/errors.ts';
import { DST, LABELS } from '../../protocol/src/labels.ts';
import { EVALUATE, SUBMIT } from '../../protocol/src/ledger-transactions.ts';
import * as s from '../../protocol/src/schema.ts';

/** What `work` throws. */
function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (problem) {
    return problem;
  }
  throw new Error('nothing was thrown');
}

/** The refusal that `work` ends in. */
function refusal(work: () => unknown): HoldfastError {
  const problem = thrownBy(work);
  if (problem instanceof HoldfastError) return problem;
  throw problem;
}

describe('parsing', () => {
  const schema = z.strictObject({
    id: s.digest,
    list: z.array(z.strictObject({ point: s.pointG1 })),
  });
  const point = 'A'.repeat(64);
  const valid = { id: '0'.repeat(64), list: [{ point }] };

  it('answers the typed value', () => expect(s.parse(schema, valid, 'thing')).toEqual(valid));

  it.each([
    ['a missing field', { list: [] }, '/id'],
    ['a wrong type', { ...valid, id: 7 }, '/id'],
    ['an unknown field', { ...valid, extra: 1 }, '/extra'],
    ['a field deep inside', { ...valid, list: [{ point }, { point: 'A' }] }, '/list/1/point'],
    ['an unknown field deep inside', { ...valid, list: [{ point, 'a/b': 1 }] }, '/list/0/a~1b'],
    ['something that is no object', null, ''],
  ])('refuses %s by its pointer', (_what, value, pointer) => {
    const error = refusal(() => s.parse(schema, value, 'thing'));
    expect(error).toMatchObject({ code: 'INPUT_INVALID', pointer });
    expect(error.message).toContain(`thing${pointer}`);
  });

  it('refuses text that is not JSON', () => {
    expect(refusal(() => s.parseJson(schema, '{', 'thing')).code).toBe('INPUT_INVALID');
  });

  it.each([
    [s.bytes(1), 'AA', 'AB'],
    [s.bytes(2), 'AAA', 'AAB'],
    [s.bytes(3), 'AAAA', 'AAA='],
    [s.amount, '120', '012'],
    [s.name, 'birch-1', '../birch'],
    [s.epoch, 0, -1],
    [s.lane, 15, 16],
    [s.blockSize, 65_536, 65_537],
  ])('lets one spelling of a value pass (%#)', (field, right, wrong) => {
    expect(field.safeParse(right).success).toBe(true);
    expect(field.safeParse(wrong).success).toBe(false);
  });

  it('looks at long text without a stack that grows with it', () => {
    const long = 'A'.repeat(8_000_000);
    const outcomes = [long, `${long}AA`, `${long}AB`, `${long}A`, `${long}+AAA`].map(
      (text) => s.base64url.safeParse(text).success,
    );
    expect(outcomes).toEqual([true, true, false, false, false]);
  });

  it('refuses unknown fields in every transaction', () => {
    for (const [name, schema] of Object.entries({ ...SUBMIT, ...EVALUATE })) {
      const issues = schema.safeParse({ unheardOf: 1 }).error?.issues ?? [];
      expect([name, issues.some(({ code }) => code === 'unrecognized_keys')]).toEqual([name, true]);
    }
  });
});

describe('refusals', () => {
  it('are found again inside the text a peer wraps around them', () => {
    const error = new HoldfastError('NOT_FOUND', 'no file 12ab');
    const found = parseRefusal(`chaincode response 500, ${error.message}`);
    expect(found).toMatchObject({ code: 'NOT_FOUND', detail: 'no file 12ab' });
  });

  it('are not invented', () => {
    expect(parseRefusal('UNHEARD_OF: text')).toBeUndefined();
    expect(parseRefusal('the ledger is asleep')).toBeUndefined();
  });

  it('have a status, an exit code and a title each', () => {
    for (const [status, exit, title] of Object.values(ERRORS)) {
      expect(status).toBeGreaterThanOrEqual(200);
      expect(exit).toBeGreaterThan(0);
      expect(title).not.toBe('');
    }
  });
});

describe('a check of one field', () => {
  it('names the field in a refusal that does not say where, and keeps its cause', () => {
    const cause = new HoldfastError('KEY_INVALID', 'no point of the curve');
    const named = thrownBy(() =>
      atField('/opening', () => {
        throw cause;
      }),
    );
    expect(named).toBeInstanceOf(HoldfastError);
    expect(named).toMatchObject({
      code: 'KEY_INVALID',
      detail: '/opening: no point of the curve',
      pointer: '/opening',
      cause,
    });
  });

  it('leaves a refusal alone that says where, and what is no refusal', () => {
    const placed = new HoldfastError('INPUT_INVALID', 'too long', { pointer: '/opening/r' });
    for (const problem of [placed, new TypeError('our fault')]) {
      const fail = () => {
        throw problem;
      };
      expect(thrownBy(() => atField('/opening', fail))).toBe(problem);
    }
  });

  it('answers what the check answers', () => {
    expect(atField('/opening', () => 7)).toBe(7);
  });
});

describe('labels', () => {
  it('separate: none is there twice', () => {
    expect(new Set(LABELS).size).toBe(LABELS.length);
    expect(new Set(Object.values(DST)).size).toBe(Object.keys(DST).length);
  });
});
