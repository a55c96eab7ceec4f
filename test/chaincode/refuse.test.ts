import { describe, expect, it } from '@jest/globals';
import { expectField, must, short } from '../../chaincode/src/refuse.ts';

/** What `work` throws. */
function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (problem) {
    return problem;
  }
  throw new Error('nothing was thrown');
}

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
