import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from '../../chaincode/src/canonical-json.ts';
import { RUNS } from '../support/property.ts';

const value = fc.letrec((tie) => ({
  leaf: fc.oneof(fc.string(), fc.maxSafeInteger(), fc.boolean(), fc.constant(null)),
  node: fc.oneof({ depthSize: 'small' }, tie('leaf'), fc.array(tie('node')), tie('record')),
  record: fc.dictionary(fc.string(), tie('node')),
})).record;

describe('canonical JSON', () => {
  it('orders members by name, at every depth', () => {
    const text = canonicalJson({ b: [{ z: 1, a: null }], a: 'x' });
    expect(text).toBe('{"a":"x","b":[{"a":null,"z":1}]}');
  });

  it('has one spelling for a record however it was built', () => {
    expect(canonicalJson({ x: 1, y: 2 })).toBe(canonicalJson({ y: 2, x: 1 }));
  });

  it('leaves out what is absent', () => {
    expect(canonicalJson({ a: undefined, b: 1 })).toBe('{"b":1}');
  });

  it('means the same as JSON', () => {
    fc.assert(
      fc.property(value, (record) => {
        expect(JSON.parse(canonicalJson(record))).toEqual(JSON.parse(JSON.stringify(record)));
      }),
      RUNS,
    );
  });

  it('refuses numbers without an exact spelling', () => {
    for (const number of [0.5, 2 ** 53, NaN, Infinity]) {
      expect(() => canonicalJson({ number })).toThrow('no exact spelling');
    }
    expect(() => canonicalJson({ amount: 1n })).toThrow('decimal strings');
  });
});
