/** Attacks on the ledger's audits by owners and providers who sign what they like. */
import { afterEach } from '@jest/globals';
import { rhoOf } from '@holdfast/protocol/audit.js';
import { base64url } from '@holdfast/protocol/bytes.js';
import { decodeG1, multiplyBase, multiScalar } from '@holdfast/protocol/curve.js';
import { newDotProduct } from '@holdfast/protocol/kernel.js';
import { DST } from '@holdfast/protocol/labels.js';
import { inverse, modulo, toScalar } from '@holdfast/protocol/scalar.js';
import { newSecret, sign } from '@holdfast/protocol/signature.js';
import { powers } from '@holdfast/protocol/tag-key.js';
import { attack, failure, outcomeOf, success } from '../support/attack.ts';
import type { LedgerStage } from '../support/attack-ledger.ts';
import { closeLedgers, newLedgerStage } from '../support/attack-stages.ts';
import { CHANNEL, CONFIG, NODES } from '../support/consortium.ts';
import type { HeldFile } from '../support/provider.ts';
import { encoded } from '../support/proof-parts.ts';
import { flipped } from '../support/tamper.ts';

afterEach(closeLedgers);

/** Lets the window of the file's challenge pass without an answer, then has the verdict written. */
async function letPass({ ledger }: LedgerStage, { owner, file }: HeldFile) {
  const epoch = ledger.epoch();
  await ledger.advance(CONFIG.answerWindow);
  const miss = { fileId: file.fileId, epoch, now: ledger.epoch() };
  return (await ledger.submit(owner.identity, 'audits:miss', miss)).result.audit.verdict;
}

attack({
  id: 'row 6',
  attack: 'an owner registers what it never delivered, and accuses its provider of silence',
  defence: 'the provider’s acceptance of the version',
  defended: () => newLedgerStage(),
  undefended: () =>
    newLedgerStage([
      {
        file: 'chaincode/src/registration.ts',
        from: "must(isAccepted, 'ACCEPTANCE_INVALID', refusal, '/acceptance');",
        to: 'void [isAccepted, refusal];',
      },
    ]),
  async run(stage) {
    const ann = await stage.openOwner('ann');
    const held = await stage.prepare(ann);
    const acceptance = base64url(sign(newSecret(ann.random), ann.random(32), DST.acceptance));
    const code = await stage.refusalOf(ann.identity, 'files:register', {
      ...held.file.registration,
      acceptance,
    });
    if (code !== undefined) return failure(code);
    await stage.ledger.advance(2);
    const verdict = await letPass(stage, held);
    return outcomeOf(verdict === 'unanswered', 'provider convicted: unanswered', verdict);
  },
});

attack({
  id: 'row 6',
  attack: 'an owner registers its upload under another nonce than the provider checked',
  defence: 'an acceptance that binds the session of the tags',
  defended: () => newLedgerStage(),
  undefended: () =>
    newLedgerStage([
      {
        file: 'protocol/src/acceptance.ts',
        from: '    encodeBase(version.base),\n',
        to: '    encodeBase({ ...version.base, nonce: version.base.nonce.replaceAll(/./g, "A") }),\n',
      },
    ]),
  async run(stage) {
    const ann = await stage.openOwner('ann');
    const held = await stage.prepare(ann);
    const { version } = held.file.registration;
    const other = stage.reopened(held, { ...version, nonce: base64url(ann.random(16)) });
    const code = await stage.refusalOf(ann.identity, 'files:register', other);
    if (code !== undefined) return failure(code);
    await stage.ledger.advance(2);
    const { code: refused } = await stage.answer(held).then(
      () => ({ code: 'intact' }),
      (problem: { code: string }) => problem,
    );
    if (refused !== 'PROOF_INVALID') throw new Error(`bug: ${refused}`);
    const verdict = await letPass(stage, held);
    return outcomeOf(verdict === 'unanswered', 'honest proof refused; unanswered', verdict);
  },
});

attack({
  id: 'row 7',
  attack: 'an owner dates its file so that its provider is silent at once',
  defence: 'epochs that organisations tick; no time stamp decides',
  defended: () => newLedgerStage(),
  undefended: () =>
    newLedgerStage([
      {
        file: 'chaincode/src/audits-contract.ts',
        from: 'const end = Math.max(epoch, audited.file.epochAmended) + call.config.answerWindow;',
        to: `const windowMs = call.config.answerWindow * call.config.slotSeconds * 1000;
    const isOver = ctx.stub.getDateTimestamp().getTime() > audited.file.base.taggedAt + windowMs;
    const end = isOver ? 0 : Infinity;`,
      },
    ]),
  async run(stage) {
    const { ledger } = stage;
    const ann = await stage.openOwner('ann');
    const { file } = await stage.register(ann, { version: { taggedAt: 0 } });
    await ledger.advance(2);
    const epoch = ledger.epoch();
    const miss = { fileId: file.fileId, epoch, now: epoch };
    const code = await stage.refusalOf(ann.identity, 'audits:miss', miss);
    return outcomeOf(code === undefined, 'unanswered in its first epoch', code ?? '');
  },
});

attack({
  id: 'row 3',
  attack: 'a provider whose own agent has alpha keeps 32 bytes a block',
  defence: 'who holds an owner’s keys cannot be its provider (allowSelfAudit)',
  defended: () => newLedgerStage([], agentOfBirch(false)),
  undefended: () => newLedgerStage([], agentOfBirch(true)),
  async run(stage) {
    const { ledger } = stage;
    const kept = await stage.openOwner('kept', 'Birch', 'Birch');
    const held = await stage.prepare(kept);
    const { registration, fileId, blocks, tagOf } = held.file;
    const code = await stage.refusalOf(kept.identity, 'files:register', registration);
    if (code !== undefined) return failure(code);
    // all that is left of the file
    const { alpha } = kept.tagKey;
    const sums = blocks.map(newDotProduct(powers(alpha, kept.table.length)));
    await ledger.advance(2);
    const epoch = ledger.epoch();
    const { uids, coefficients } = await stage.challengeOf(held);
    const total = uids.reduce(
      (all, uid, i) => modulo(all + (coefficients[i] ?? 0n) * (sums[uid] ?? 0n)),
      0n,
    );
    const { tagKeyId } = kept;
    const beacon = ledger.beaconOf(epoch);
    const rho = rhoOf({ channel: CHANNEL, epoch, beacon, providerId: 'Birch', tagKeyId });
    const y = toScalar(kept.random(48));
    const psi = multiplyBase(modulo((total - y) * inverse(modulo(alpha - rho))));
    const points = uids.map((uid) => decodeG1(tagOf(uid)));
    const proof = base64url(encoded({ sigma: multiScalar(points, coefficients), y, psi }));
    const answer = { epoch, now: epoch, groups: [{ tagKeyId, files: [{ fileId }], proof }] };
    const { audits } = (await ledger.submit(stage.provider, 'audits:answer', answer)).result;
    const [audit] = audits;
    if (audit?.verdict !== 'intact') return failure(audit?.verdict ?? '');
    return success(`data gone: intact, independent: ${audit.independent}`);
  },
});

/** Birch with an agent of its own. */
const agentOfBirch = (allowSelfAudit: boolean): typeof CONFIG => ({
  ...CONFIG,
  allowSelfAudit,
  organisations: CONFIG.organisations.map(({ mspId, roles }) => ({
    mspId,
    roles: mspId === 'Birch' ? [...roles, 'agent' as const] : roles,
  })),
});

attack({
  id: 'T21',
  attack: 'a provider leaves a challenge that meets its lost block, and answers the next',
  defence: 'one challenge of a file is open at a time, until it is settled',
  defended: () => newLedgerStage(),
  undefended: () =>
    newLedgerStage([
      {
        file: 'protocol/src/audit.ts',
        from: 'return first === epoch;',
        to: 'return first !== undefined && ruleHolds(state, epoch, beacons, config);',
      },
    ]),
  async run(stage) {
    const { ledger } = stage;
    const ann = await stage.openOwner('ann');
    const held = await stage.register(ann);
    const { fileId } = held.file;
    const ask = { fileId, epoch: ledger.epoch(), node: null, blocks: 1, lane: 0 };
    await ledger.submit(ann.identity, 'files:ask', ask);
    await ledger.advance(2);
    const [lost = 0] = (await stage.challengeOf(held)).uids;
    const blocks = held.file.blocks.map((block, uid) => (uid === lost ? flipped(block) : block));
    const left = { ...held, file: { ...held.file, blocks } };
    for (let epochs = 0; epochs < 6; epochs++) {
      await ledger.advance();
      if ((await stage.challengeOf(held)).uids.includes(lost)) continue;
      const code = await stage.answer(left).then(
        () => 'intact',
        (problem: { code: string }) => problem.code,
      );
      return outcomeOf(code === 'intact', 'unlucky challenge skipped: intact', code);
    }
    throw new Error('bug: in one of six epochs another block is drawn');
  },
});

attack({
  id: 'T21',
  attack: 'a provider adds a node so that the damaged one is not asked again',
  defence: 'the node that was not intact stays named',
  defended: () => newLedgerStage(),
  undefended: () =>
    newLedgerStage([
      {
        file: 'chaincode/src/nodes.ts',
        from: 'return joined === undefined || staysNamed ?',
        to: 'return joined === undefined || (staysNamed && wasIntact) ?',
      },
    ]),
  async run(stage) {
    const { ledger, provider } = stage;
    const ann = await stage.openOwner('ann');
    const { file } = await stage.register(ann);
    const { fileId } = file;
    await ledger.advance(2);
    const epoch = ledger.epoch();
    await ledger.submit(provider, 'audits:concede', { fileId, epoch, now: epoch, uids: [0] });
    const named = () => (ledger.state.get(`due/Birch/${fileId}`) as { node: string }).node;
    const damaged = named();
    const [kept = '', added = ''] = NODES.filter((node) => node !== damaged);
    for (const nodes of [
      [damaged, kept],
      [damaged, kept, added],
    ]) {
      await ledger.submit(provider, 'files:place', { fileId, nodes });
    }
    return outcomeOf(named() !== damaged, `${kept} or ${added} answers`, 'the damaged one answers');
  },
});

attack({
  id: 'T32',
  attack: 'one challenge is claimed twice: missed, and missed again',
  defence: 'an audit is settled once; the next one comes after it',
  defended: () => newLedgerStage(),
  undefended: () =>
    newLedgerStage([
      {
        file: 'chaincode/src/audited-file.ts',
        from: '  await state.refuse(KEYS.audit(fileId, epoch), settled);\n',
        to: '  void settled;\n',
      },
      {
        file: 'chaincode/src/audited-file.ts',
        from: 'const isOpen = isDue({',
        to: 'const isOpen = [undefined].length === 1 || isDue({',
      },
    ]),
  async run(stage) {
    const ann = await stage.openOwner('ann');
    const held = await stage.register(ann);
    await stage.ledger.advance(2);
    const epoch = stage.ledger.epoch();
    await letPass(stage, held);
    const { fileId } = held.file;
    const again = { fileId, epoch, now: stage.ledger.epoch() };
    const code = await stage.refusalOf(ann.identity, 'audits:miss', again);
    return outcomeOf(code === undefined, 'second verdict written', code ?? '');
  },
});
