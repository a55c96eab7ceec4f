import { describe, expect, it } from '@jest/globals';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { atField, expectField, must, short } from '../../chaincode/src/refuse.ts';

/** What `work` throws. */
function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (problem) {
    return problem;
  }
  throw new Error('nothing was thrown');
}

describe('a check of one field', () => {
  it('names the field in a refusal that does not say where, and keeps its cause', () => {
    const cause = new HoldfastError('KEY_INVALID', 'no point of the curve');
    const refusal = thrown(() =>
      atField('/opening', () => {
        throw cause;
      }),
    );
    expect(refusal).toBeInstanceOf(HoldfastError);
    expect(refusal).toMatchObject({
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
      expect(thrown(() => atField('/opening', fail))).toBe(problem);
    }
  });

  it('answers what the check answers', () => {
    expect(atField('/opening', () => 7)).toBe(7);
  });
});

describe('a condition', () => {
  it('that holds lets pass', () => {
    expect(must(true, 'NOT_DUE', 'too early')).toBeUndefined();
    expect(expectField(true, '/now', 'expected more')).toBeUndefined();
  });

  it('that does not hold refuses with code, sentence and field', () => {
    const bare = thrown(() => must(false, 'NOT_DUE', 'too early'));
    expect(bare).toMatchObject({ code: 'NOT_DUE', detail: 'too early', pointer: undefined });
    const field = thrown(() => expectField(false, '/now', 'expected more'));
    const detail = '/now: expected more';
    expect(field).toMatchObject({ code: 'INPUT_INVALID', detail, pointer: '/now' });
  });
});

describe('an id in a sentence', () => {
  it('shows its first twelve letters', () => {
    expect(short('0123456789abcdef')).toBe('0123456789ab…');
  });
});
