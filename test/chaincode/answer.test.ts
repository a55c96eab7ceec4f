/** What `audits:answer` takes, and everything that it refuses. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { base64url, fromBase64url, fromHex } from '@holdfast/protocol/bytes.js';
import { ORDER } from '@holdfast/protocol/scalar.js';
import type { Args } from '@holdfast/protocol/ledger-transactions.js';
import { type AuditedLedger, damaged, newAuditedLedger } from '../support/audited-files.ts';
import { badPoints, shifted } from '../support/bad-points.ts';
import { newTestFile } from '../support/owner-of-files.ts';
import { type HeldFile, newAnswer } from '../support/provider.ts';
import { flipped } from '../support/tamper.ts';

let audited: AuditedLedger;
let ledger: AuditedLedger['ledger'];
let provider: AuditedLedger['provider'];
let ann: AuditedLedger['ann'];
let bob: AuditedLedger['bob'];

beforeAll(async () => {
  audited = await newAuditedLedger();
  ({ ledger, provider, ann, bob } = audited);
});
afterAll(() => ledger.close());

describe('an answer', () => {
  it('proves files of two tag keys, and leaves none of them with a weight to hide behind', async () => {
    const [a, b] = await audited.dueNow(ann, bob);
    const second = await audited.register(ann);
    await ledger.advance(2);
    if (a === undefined || b === undefined) throw new Error('bug: two files');
    const epoch = ledger.epoch() - 2;
    const whole = await newAnswer(ledger, [a, b], { epoch });
    expect(whole.groups).toHaveLength(2);
    for (const lost of [0, 1]) {
      const held = [a, b].map((file, i) => (i === lost ? damaged(file, 2) : file));
      const args = await newAnswer(ledger, held, { epoch });
      expect((await ledger.refusal(provider, 'audits:answer', args)).code).toBe('PROOF_INVALID');
    }
    const { result, writes, reads } = await ledger.submit(provider, 'audits:answer', whole);
    expect(result.audits.map(({ verdict }) => verdict)).toEqual(['intact', 'intact']);
    expect(writes.size).toBe(4);
    expect(reads.filter((key) => key.startsWith('tagkey/'))).toHaveLength(2);
    const now = ledger.epoch();
    expect(audited.dueOf(a.file.fileId)).toMatchObject({
      from: now + 1,
      last: epoch,
      verdict: 'intact',
    });

    const one = await newAnswer(ledger, [second], { epoch: now });
    expect((await ledger.submit(provider, 'audits:answer', one)).result.audits).toHaveLength(1);
  });

  it('proves several files of one key with one proof', async () => {
    const held = await audited.dueNow(ann, ann, ann);
    const args = await newAnswer(ledger, held, { epoch: ledger.epoch() });
    expect(args.groups).toHaveLength(1);
    const { result } = await ledger.submit(provider, 'audits:answer', args);
    expect(result.audits.map(({ verdict }) => verdict)).toEqual(['intact', 'intact', 'intact']);
  });

  describe('is refused, and leaves no trace,', () => {
    let held: HeldFile[];
    let good: Args<'audits:answer'>;
    let proof: Uint8Array;

    beforeAll(async () => {
      held = await audited.dueNow(ann, bob);
      good = await newAnswer(ledger, held, { epoch: ledger.epoch() });
      proof = fromBase64url(good.groups[0]?.proof ?? '');
    });

    const refused = async (args: unknown, by = provider) => {
      const before = new Map(ledger.state);
      const refusal = await ledger.refusal(by, 'audits:answer', args);
      expect(new Map(ledger.state)).toEqual(before);
      return refusal;
    };
    const withProof = (bytes: Uint8Array) => {
      const [first, ...rest] = good.groups;
      return { ...good, groups: [{ ...first, proof: base64url(bytes) }, ...rest] };
    };

    it('with any byte of a proof changed', async () => {
      for (const at of [0, 1, 47, 48, 60, 79, 80, 81, 127]) {
        const { code } = await refused(withProof(flipped(proof, 8 * at + 1)));
        expect(code).toBe('PROOF_INVALID');
      }
    });

    it('with the proofs of two keys exchanged', async () => {
      const [first, second] = good.groups;
      const groups = [
        { ...first, proof: second?.proof },
        { ...second, proof: first?.proof },
      ];
      expect((await refused({ ...good, groups })).code).toBe('PROOF_INVALID');
    });

    it('with sigma at infinity, off the curve or outside the subgroup, or y not below the order', async () => {
      const { infinity, offCurve, outside } = badPoints();
      const sum = shifted(proof.subarray(0, 48));
      for (const sigma of [infinity, offCurve, outside, sum]) {
        const bytes = Uint8Array.of(...sigma, ...proof.subarray(48));
        expect((await refused(withProof(bytes))).code).toBe('PROOF_INVALID');
      }
      for (const psi of [offCurve, outside, shifted(proof.subarray(80))]) {
        const bytes = Uint8Array.of(...proof.subarray(0, 80), ...psi);
        expect((await refused(withProof(bytes))).code).toBe('PROOF_INVALID');
      }
      const order = fromHex(ORDER.toString(16).padStart(64, '0'));
      const y = Uint8Array.of(...proof.subarray(0, 48), ...order, ...proof.subarray(80));
      expect((await refused(withProof(y))).code).toBe('PROOF_INVALID');
    });

    it('cut short or too long', async () => {
      for (const bytes of [proof.subarray(1), Uint8Array.of(...proof, 0), new Uint8Array()]) {
        expect((await refused(withProof(bytes))).code).toBe('INPUT_INVALID');
      }
    });

    it('of another epoch, or named in one to come', async () => {
      await ledger.advance();
      const epoch = good.epoch + 1;
      expect((await refused({ ...good, epoch, now: epoch })).code).toBe('NOT_DUE');
      expect((await refused({ ...good, epoch: good.epoch - 1 })).code).toBe('NOT_DUE');
      expect((await refused({ ...good, epoch: epoch + 1, now: epoch + 1 })).code).toBe('NOT_FOUND');
      expect((await refused({ ...good, now: epoch + 1 })).code).toBe('NOT_FOUND');
      expect((await refused({ ...good, now: good.epoch - 1 })).code).toBe('INPUT_INVALID');
    });

    it('by anybody but the provider of the file', async () => {
      const others = [await ledger.as('Alder', 'delegate'), ann.identity];
      for (const by of others) expect((await refused(good, by)).code).toBe('NOT_ALLOWED');
      expect((await refused(good, await ledger.newIdentity('Cedar', 'provider'))).code).toBe(
        'NOT_ALLOWED',
      );
    });

    it('with groups or files out of order or twice', async () => {
      const [first, second] = good.groups;
      expect((await refused({ ...good, groups: [second, first] })).code).toBe('INPUT_INVALID');
      expect((await refused({ ...good, groups: [first, first] })).code).toBe('INPUT_INVALID');
      const twice = { ...first, files: [...(first?.files ?? []), ...(first?.files ?? [])] };
      expect((await refused({ ...good, groups: [twice] })).code).toBe('INPUT_INVALID');
      expect((await refused({ ...good, groups: [] })).code).toBe('INPUT_INVALID');
    });

    it('with a file under a key that is not its own', async () => {
      const [first, second] = good.groups;
      const crossed = { ...good, groups: [{ ...first, files: second?.files }] };
      expect((await refused(crossed)).code).toBe('INPUT_INVALID');
      const unknown = { ...good, groups: [{ ...first, tagKeyId: 'f'.repeat(64) }] };
      expect((await refused(unknown)).code).toBe('NOT_FOUND');
      const nothing = { ...good, groups: [{ ...first, files: [{ fileId: 'f'.repeat(64) }] }] };
      expect((await refused(nothing)).code).toBe('NOT_FOUND');
    });

    it('the second time', async () => {
      await ledger.submit(provider, 'audits:answer', good);
      expect((await refused(good)).code).toBe('ALREADY_EXISTS');
    });
  });
});

describe('the size of an answer', () => {
  it('is seen before anything is read where it names more files than it may sample blocks', async () => {
    const epoch = ledger.epoch();
    const groupsOf = (count: number) =>
      Array.from({ length: count }, (_, i) => ({
        tagKeyId: hexOf(i),
        files: Array.from({ length: 256 }, (_none, j) => ({ fileId: hexOf(256 * i + j) })),
        proof: base64url(new Uint8Array(128)),
      }));
    const codeOf = async (count: number) => {
      const args = { epoch, now: epoch, groups: groupsOf(count) };
      return (await ledger.refusal(provider, 'audits:answer', args)).code;
    };
    expect(await codeOf(4)).toBe('TOO_LARGE');
    expect(await codeOf(3)).toBe('NOT_FOUND');
  });

  it('is bounded by what one transaction may sample', async () => {
    const files: string[] = [];
    for (let i = 0; i < 3; i++) {
      const file = await newTestFile(ann, { epoch: ledger.epoch(), claimedBlocks: 10_000 });
      await ledger.submit(ann.identity, 'files:register', file.registration);
      files.push(file.fileId);
    }
    await ledger.advance(2);
    const epoch = ledger.epoch();
    const proof = base64url(new Uint8Array(128));
    const answerOf = (ids: string[]) => {
      const group = { tagKeyId: ann.tagKeyId, files: ids.map((fileId) => ({ fileId })), proof };
      return { epoch, now: epoch, groups: [group] };
    };
    const codeOf = async (ids: string[]) =>
      (await ledger.refusal(provider, 'audits:answer', answerOf(ids.toSorted()))).code;
    // 448 blocks each, of 1,000 in all.
    expect(await codeOf(files)).toBe('TOO_LARGE');
    expect(await codeOf(files.slice(1))).toBe('PROOF_INVALID');
    // what is too large is not read to its end
    const nobody = 'f'.repeat(64);
    expect(await codeOf([...files, nobody])).toBe('TOO_LARGE');
    expect(await codeOf([...files.slice(1), nobody])).toBe('NOT_FOUND');
  });
});

const hexOf = (number: number): string => number.toString(16).padStart(64, '0');
