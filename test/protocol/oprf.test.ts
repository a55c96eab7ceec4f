import { constants, sign } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { concat, fromHex, hex, integer, toInteger, utf8 } from '@holdfast/protocol/bytes.js';
import { evaluateAll, openOprfSet, oprfSetId } from '@holdfast/protocol/oprf-set.js';
import { blind, blindAll, finalize, oprfInput } from '@holdfast/protocol/oprf.js';
import { oprfOf, testKeyServers } from '../support/key-server.ts';
import { inverse } from '../support/modular.ts';
import { RUNS, seededRandom } from '../support/property.ts';
import { codeOf, refusalOf, refusalOfAsync } from '../support/refusal.ts';
import { flipped } from '../support/tamper.ts';
import { vectors } from '../support/vectors.ts';

const [alder, birch] = testKeyServers();
const random = seededRandom();
const tau = (text: string) => random(32).map((byte, i) => byte ^ (utf8(text)[i] ?? 0));
/** Draws these bytes once. */
const drawing = (bytes: Uint8Array) => (length: number) => {
  expect(length).toBeGreaterThanOrEqual(bytes.length);
  return concat(new Uint8Array(length - bytes.length), bytes);
};

describe('blinding against RFC 9474 appendix A.4', () => {
  const published = vectors<Record<string, string>>('rfc9474.json');
  const field = (name: string) => fromHex(published[name] ?? '');
  const key = { mspId: 'RFC', modulus: field('n'), exponent: 65_537 };
  const blindingFactor = inverse(toInteger(field('inv')), toInteger(field('n')));
  const factor = integer(blindingFactor, field('n').length);

  it('has the published blinded message and the published signature', () => {
    const blinding = blind(field('msg'), key, drawing(factor));
    expect(hex(blinding.encoded)).toBe(published['encoded_msg']);
    expect(blinding.inverse).toBe(toInteger(field('inv')));
    expect(hex(blinding.blinded)).toBe(published['blinded_msg']);
    expect(hex(finalize(blinding, field('blind_sig'), key))).toBe(published['sig']);
  });

  it('refuses the published answer with any byte changed, cut or lengthened', () => {
    const blinding = blind(field('msg'), key, drawing(factor));
    const answer = field('blind_sig');
    const changed = [flipped(answer, 3), flipped(answer, 4000), answer.slice(1)];
    for (const one of [...changed, concat(new Uint8Array(1), answer)]) {
      expect(codeOf(() => finalize(blinding, one, key))).toBe('ANSWER_FALSE');
    }
  });
});

describe('the OPRF', () => {
  it('answers what OpenSSL signs as PSS without salt, whatever the blinding', () => {
    const input = oprfInput(tau('a file'));
    const options = { key: alder.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING };
    const signature = sign('sha384', input, { ...options, saltLength: 0 });
    for (const draw of [seededRandom(1), seededRandom(2)]) {
      const blinding = blind(input, alder.key, draw);
      expect(hex(finalize(blinding, alder.raw(blinding.blinded), alder.key))).toBe(
        signature.toString('hex'),
      );
    }
  });

  it('blinds many inputs as it blinds each', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 70 }), { maxLength: 5 }), (inputs) => {
        const draw = seededRandom(7);
        const together = blindAll(inputs, alder.key, seededRandom(7));
        expect(together).toEqual(inputs.map((input) => blind(input, alder.key, draw)));
      }),
      RUNS,
    );
  });

  it('blinds one input to elements that have nothing in common', () => {
    const input = oprfInput(tau('a file'));
    const first = blind(input, alder.key, random);
    expect(first.blinded).toHaveLength(384);
    expect(blind(input, alder.key, random).blinded).not.toEqual(first.blinded);
  });

  it('refuses a blinding factor that is no unit of the modulus', () => {
    const draw = (length: number) => new Uint8Array(length);
    expect(codeOf(() => blind(utf8('x'), alder.key, draw))).toBe('KEY_INVALID');
  });
});

describe('a set of key servers', () => {
  const records = [alder.record, birch.record];
  const set = openOprfSet(records);

  it('is the same in whatever order the ledger lists it', () => {
    expect(openOprfSet([birch.record, alder.record])).toEqual(set);
    expect(set.keys.map(({ mspId }) => mspId)).toEqual(['Alder', 'Birch']);
    expect(oprfSetId([birch.key, alder.key])).toEqual(set.id);
  });

  it('is another with one server less, and with their keys exchanged', () => {
    const exchanged = [
      { ...alder.key, mspId: 'Birch' },
      { ...birch.key, mspId: 'Alder' },
    ];
    expect(oprfSetId([alder.key])).not.toEqual(set.id);
    expect(oprfSetId(exchanged)).not.toEqual(set.id);
  });

  it('is not opened empty, with a server twice, or with a modulus that is not certified', () => {
    const roots = birch.record.roots;
    expect(codeOf(() => openOprfSet([]))).toBe('INPUT_INVALID');
    expect(codeOf(() => openOprfSet([alder.record, alder.record]))).toBe('INPUT_INVALID');
    const refusal = refusalOf(() => openOprfSet([{ ...alder.record, roots }, birch.record]));
    expect(refusal.code).toBe('KEY_INVALID');
    expect(refusal.detail).toContain('Alder');
  });

  it('joins the outputs of all servers in order, with one call to each', async () => {
    const asked: { mspId: string; elements: number }[] = [];
    const taus = [tau('one'), tau('two'), tau('three')];
    const outputs = await evaluateAll(set, taus, oprfOf([alder, birch], asked), random);
    const expected = taus.map((one) => {
      const ofServer = ({ key, raw }: typeof alder) => {
        const blinding = blind(oprfInput(one), key, random);
        return finalize(blinding, raw(blinding.blinded), key);
      };
      return concat(ofServer(alder), ofServer(birch));
    });
    expect(outputs).toEqual(expected);
    expect(asked).toEqual([
      { mspId: 'Alder', elements: 3 },
      { mspId: 'Birch', elements: 3 },
    ]);
    expect(await evaluateAll(set, [], oprfOf([]), random)).toEqual([]);
  });

  it.each([
    ['another element', (answer: Uint8Array) => birch.raw(flipped(answer, 383 * 8))],
    ['zero, of which every output is zero', () => new Uint8Array(384)],
    ['nothing', () => new Uint8Array()],
  ])('names the server that answers %s', async (_, change) => {
    const honest = oprfOf([alder, birch]);
    const refusal = await refusalOfAsync(
      evaluateAll(
        set,
        [tau('a file')],
        async (mspId, blinded) => {
          const answers = await honest(mspId, blinded);
          return mspId === 'Birch' ? answers.map(change) : answers;
        },
        random,
      ),
    );
    expect(refusal.code).toBe('ANSWER_FALSE');
    expect(refusal.detail).toContain('Birch');
  });

  it('takes no answer short of an element', async () => {
    const oprf = async () => [];
    const refusal = await refusalOfAsync(evaluateAll(set, [tau('a file')], oprf, random));
    expect(refusal.code).toBe('ANSWER_FALSE');
  });
});

describe('an attack on the OPRF', () => {
  const input = oprfInput(tau('a file that anybody could guess'));
  const guess = oprfInput(tau('another guess'));
  const modulus = toInteger(alder.key.modulus);

  it('by a false answer: unchecked, zero makes every key one that all can compute', () => {
    const blinding = blind(input, alder.key, random);
    const zero = new Uint8Array(384);
    const unchecked = (toInteger(zero) * blinding.inverse) % modulus;
    expect(unchecked).toBe(0n);
    expect(codeOf(() => finalize(blinding, zero, alder.key))).toBe('ANSWER_FALSE');
  });

  it('fails where the owner draws it: what the server sees fits every file equally well', () => {
    const { blinded } = blind(input, alder.key, random);
    const answer = alder.raw(blinded);
    const encodedGuess = toInteger(blind(guess, alder.key, random).encoded);
    const quotient = (toInteger(blinded) * inverse(encodedGuess, modulus)) % modulus;
    const explaining = toInteger(alder.raw(integer(quotient, 384)));
    const other = blind(guess, alder.key, drawing(integer(explaining, 384)));
    expect(other.blinded).toEqual(blinded);
    expect(finalize(other, answer, alder.key)).toEqual(alder.raw(integer(encodedGuess, 384)));
  });
});
