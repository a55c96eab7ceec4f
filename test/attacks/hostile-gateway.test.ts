/** What a hostile gateway could make an owner believe or sign. */
import { common, peer } from '@hyperledger/fabric-protos';
import type { Account } from '@holdfast/protocol/account-records.js';
import { base64url, fromHex, hex } from '@holdfast/protocol/bytes.js';
import { ready } from '@holdfast/protocol/curve.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { hpkeKeyPair } from '@holdfast/protocol/hpke.js';
import { openShares, sealShares } from '@holdfast/protocol/share-record.js';
import * as envelopes from '../../client/src/endorsed-transaction.ts';
import { newSigningKey } from '../../client/src/signing-key.ts';
import { newOrganisation } from '../client/test-consortium.ts';
import { attack, failure, outcomeOf } from '../support/attack.ts';
import * as relays from '../support/attack-relay.ts';
import { variantOf, type Change } from '../support/attack-variant.ts';
import { seededRandom } from '../support/property.ts';
import { flipped } from '../support/tamper.ts';

const random = seededRandom();
const CHECKS = 'client/src/endorsement-checks.ts';
const relayWithout = (...changes: Change[]) =>
  variantOf<typeof relays>('test/support/attack-relay.ts', ...changes);

/** The consortium as the owner has pinned it, and one of the same names that the gateway has made. */
const parties = (async () => {
  await ready();
  const names = ['Alder', 'Birch', 'Cedar'];
  const organisations = await Promise.all(names.map(newOrganisation));
  const impostors = await Promise.all(names.map(newOrganisation));
  const key = await newSigningKey(new Uint8Array(32).fill(9));
  return { organisations, key, impostors: impostors.slice(0, 2).map((each) => each.peer) };
})();

const codeOf = (problem: unknown): string => {
  if (problem instanceof HoldfastError) return problem.code;
  throw problem;
};

const UNPINNED: Change = {
  file: CHECKS,
  from: `const { spki, units } = await verifyCertificate(pem, root, nowMs).catch((cause: unknown) => {
    throw contradiction(\`an endorser of \${mspId} is not under its pinned root\`, cause);
  });`,
  to: `void [root, nowMs, verifyCertificate];
  const { X509Certificate } = await import('node:crypto');
  const spki = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' });
  const units = [PEER_UNIT];`,
};

attack({
  id: 'row 4',
  attack: 'a gateway answers a read with its own HPKE key, and reads the keys sealed to it',
  defence: 'attested reads, signed by a majority under pinned roots',
  defended: () => relays,
  undefended: () => relayWithout(UNPINNED),
  async run({ newRelay }) {
    const { organisations, key, impostors } = await parties;
    const own = await hpkeKeyPair(random(32));
    const account: Account = {
      ownerId: 'ab'.repeat(32),
      mspId: 'Alder',
      certificate: 'of the victim',
      hpkeKey: base64url(own.publicKey),
      chameleonKey: 'A'.repeat(64),
      tagKeyId: 'cd'.repeat(32),
      custody: 'owner',
      state: 'open',
    };
    const { ledger } = newRelay({ organisations, key, endorsers: impostors, results: [account] });
    const { ownerId } = account;
    const read = await ledger
      .read('accounts:get', { ownerId }, (found) => found.ownerId === ownerId)
      .catch(codeOf);
    if (typeof read === 'string') return failure(read);
    const keys = { fileKey: random(32), fileSecret: random(32) };
    const hpkeKey = Uint8Array.from(Buffer.from(read.hpkeKey, 'base64url'));
    const record = await sealedTo(keys, hpkeKey);
    const recipientId = fromHex(record.recipientId ?? '');
    const opener = { recipientId, privateKey: own.privateKey };
    const opened = await openShares(record, recipientId, opener);
    return outcomeOf(hex(opened.keys.fileKey) === hex(keys.fileKey), 'K_F read', 'other keys');
  },
});

/** The shares of a file's keys as its owner seals them to a key that it believes. */
async function sealedTo(
  keys: { fileKey: Uint8Array; fileSecret: Uint8Array },
  hpkeKey: Uint8Array,
) {
  const [ownerId, fileId] = [random(32), random(32)];
  return sealShares(
    keys,
    { shareCount: 3, threshold: 2, privacy: 1, ownerId, fileId, generation: 1, purpose: 'self' },
    { recipients: [{ recipientId: ownerId, hpkeKey }], sealedAtEpoch: 1 },
    random,
  );
}

const retire = { fileId: 'ab'.repeat(32), lane: 0 };
const isRetired = ({ fileId }: { readonly fileId: string }) => fileId === retire.fileId;

attack({
  id: 'T10',
  attack: 'a gateway’s own peers endorse other writes, and the owner signs them',
  defence: 'endorsers checked against pinned roots before the second signature',
  defended: () => relays,
  undefended: () => relayWithout(UNPINNED),
  async run({ newRelay }) {
    const { organisations, key, impostors } = await parties;
    const results = [{ fileId: retire.fileId }];
    const { ledger, sent } = newRelay({ organisations, key, endorsers: impostors, results });
    const code = await ledger
      .submit('files:retire', async () => retire, isRetired)
      .then(() => 'signed', codeOf);
    return outcomeOf(sent.length === 2, 'forged result signed', code);
  },
});

/** What an envelope makes the ledger do: its proposal, and what peers answered. */
function effectOf(envelope: Uint8Array): string {
  const payload = common.Payload.deserializeBinary(
    common.Envelope.deserializeBinary(envelope).getPayload_asU8(),
  );
  const [action] = peer.Transaction.deserializeBinary(payload.getData_asU8()).getActionsList();
  const parts = peer.ChaincodeActionPayload.deserializeBinary(
    action?.getPayload_asU8() ?? new Uint8Array(),
  );
  const answer = parts.getAction()?.getProposalResponsePayload_asU8() ?? new Uint8Array();
  return hex(parts.getChaincodeProposalPayload_asU8()) + hex(answer);
}

attack({
  id: 'T10',
  attack: 'a gateway flips a bit anywhere in the envelope that the owner is to sign',
  defence: 'five checks; what is signed is built from the owner’s own proposal',
  defended: () => relays,
  undefended: () =>
    relayWithout(
      {
        file: CHECKS,
        from: '  const organisations = await checkEndorsers(endorsed, pinned, nowMs);\n  checkPolicy(organisations, pinned, notPinned(endorsed, pinned));\n',
        to: '  void [pinned, nowMs, notPinned];\n',
      },
      { file: CHECKS, from: '  await checkProposalHash(proposal, endorsed);\n', to: '' },
    ),
  async run({ newRelay }) {
    const { organisations, key } = await parties;
    let [signed, tried] = [0, 0];
    // long, so that many bits are of what the peers have answered
    const results = [{ fileId: retire.fileId, note: 'x'.repeat(3_000) }];
    for (let bit = 11; tried < 60; bit += 997, tried++) {
      let honest = '';
      const { ledger, sent } = newRelay({
        organisations,
        key,
        results,
        relayed: (envelope) => {
          honest = effectOf(envelope);
          return flipped(envelope, bit);
        },
      });
      await ledger.submit('files:retire', async () => retire, isRetired).catch(codeOf);
      const [, second] = sent;
      if (second !== undefined && effectOf(second.signed) !== honest) signed++;
    }
    return outcomeOf(signed > 0, `${signed} of ${tried} signed`, `0 of ${tried} signed`);
  },
});

attack({
  id: 'T11',
  attack: 'a gateway answers with what the peers said before',
  defence: 'endorsements bind the proposal, and its nonce',
  defended: () => relays,
  undefended: () =>
    relayWithout({
      file: CHECKS,
      from: '  await checkProposalHash(proposal, endorsed);\n',
      to: '',
    }),
  async run({ newRelay }) {
    const { organisations, key } = await parties;
    const beacon = (epoch: number) => ({
      epoch,
      value: 'ab'.repeat(32),
      delegate: 'Alder',
      signature: 'A'.repeat(64),
    });
    let stale: envelopes.EndorsedTransaction | undefined;
    const { ledger } = newRelay({
      organisations,
      key,
      results: [beacon(4), beacon(5)],
      relayed: (envelope, before) => {
        const now = envelopes.parseEnvelope(envelope);
        stale ??= now;
        if (before === 0) return envelope;
        const { channelHeader, signatureHeader, payload } = now;
        const asProposed = { bytes: envelope, channelHeader, signatureHeader, payload };
        return envelopes.newEnvelope(envelopes.payloadToSign(asProposed as never, stale));
      },
    });
    await ledger.read('beacons:current', {});
    const told = await ledger.read('beacons:current', {}).then(({ epoch }) => epoch, codeOf);
    return outcomeOf(told === 4, 'epoch 4 believed in epoch 5', String(told));
  },
});

attack({
  id: 'T59',
  attack: 'malformed protobuf from a gateway ends the owner’s program',
  defence: 'decoding in a try, one code for whatever fails',
  defended: () => envelopes,
  undefended: () =>
    variantOf<typeof envelopes>('client/src/endorsed-transaction.ts', {
      file: 'client/src/endorsed-transaction.ts',
      from: `} catch (cause) {
    throw new HoldfastError('ANSWER_FALSE', 'the gateway answered no endorsed transaction', {
      cause,
    });
  }`,
      to: '} finally {\n  }',
    }),
  async run({ parseEnvelope }) {
    const { organisations, key } = await parties;
    let honest = new Uint8Array();
    const { ledger } = relays.newRelay({
      organisations,
      key,
      results: [{ fileId: retire.fileId }],
      relayed: (envelope) => (honest = new Uint8Array(envelope)),
    });
    await ledger.submit('files:retire', async () => retire, isRetired);
    const draw = seededRandom(59);
    let ended = 0;
    for (let i = 0; i < 400; i++) {
      const [kind = 0, a = 0, b = 0, by = 0] = draw(4);
      const at = ((a << 8) | b) % honest.length;
      const bytes = kind % 2 === 0 ? honest.subarray(0, at) : honest.with(at, by);
      try {
        parseEnvelope(bytes);
      } catch (problem) {
        if (!(problem instanceof HoldfastError)) ended++;
      }
    }
    return outcomeOf(ended > 0, `${ended} of 400 end it`, '0 of 400 end it');
  },
});
