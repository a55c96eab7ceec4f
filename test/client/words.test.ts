import { describe, expect, it } from '@jest/globals';
import type { FileStateName } from '@holdfast/protocol/file-messages.js';
import {
  harmless,
  ageText,
  chanceText,
  needsLook,
  plural,
  sizeText,
  stateText,
  table,
} from '../../client/src/cli/words.ts';

describe('figures on the command line', () => {
  it.each([
    [0, '0 B'],
    [1_023, '1023 B'],
    [1_024, '1.0 KiB'],
    [10 * 1_024, '10 KiB'],
    [1_048_575, '1024 KiB'],
    [1_048_576, '1.0 MiB'],
    [2 ** 30, '1.0 GiB'],
    [12.34 * 2 ** 40, '12.3 TiB'],
    [2 ** 70, '1048576.0 PiB'],
  ])('show %d bytes as %s', (bytes, text) => expect(sizeText(bytes)).toBe(text));

  it.each([
    [-3, '0 s ago'],
    [59, '59 s ago'],
    [60, '1 m ago'],
    [3_599, '60 m ago'],
    [3_600, '1 h ago'],
    [172_799, '48 h ago'],
    [172_800, '2 d ago'],
  ])('show %d seconds as %s', (seconds, text) => expect(ageText(seconds)).toBe(text));

  it.each([
    [1, '100.0 %'],
    [0.9999, '> 99.9 %'],
    [0.999, '99.9 %'],
    [0.98999, '98.9 %'],
    [0, '0.0 %'],
  ])('never round the chance %d up: %s', (chance, text) => expect(chanceText(chance)).toBe(text));

  it('count one thing and many', () => {
    expect([1, 0, 4_096].map((count) => plural(count, 'block'))).toEqual([
      '1 block',
      '0 blocks',
      '4,096 blocks',
    ]);
  });

  it('tell in which states an owner should look', () => {
    const calm: FileStateName[] = ['intact', 'awaiting-audit', 'storing', 'retired'];
    const pressing: FileStateName[] = ['lost', 'damaged', 'repairing', 'unanswered', 'overdue'];
    expect(calm.filter(needsLook)).toEqual([]);
    expect(pressing.filter(needsLook)).toEqual(pressing);
    expect(stateText('awaiting-audit')).toBe('awaiting audit');
  });

  it('stand in columns as wide as people see them, without blanks at the end', () => {
    const rows = [
      ['NAME', 'SIZE'],
      ['café', '1 B'],
      ['👩‍👩‍👧‍👦.jpg', '12 KiB'],
    ];
    expect(table(rows)).toBe('NAME   SIZE\ncafé   1 B\n👩‍👩‍👧‍👦.jpg  12 KiB');
    expect(table([])).toBe('');
  });
});

describe('what a terminal is given', () => {
  it('moves no cursor and turns no writing around, and keeps its lines and its emoji', () => {
    const family = '👩‍👩‍👧‍👦';
    expect(harmless(`a\u001b[2Jb\u009bc\u202etxt.exe\r\n${family}`)).toBe(
      `a_[2Jb_c_txt.exe_\n${family}`,
    );
  });
});
