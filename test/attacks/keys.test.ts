/** Attacks on keys: by key servers, holders of shares, providers, and whoever reads the ledger. */
import {
  base64url,
  fromBase64url,
  hex,
  integer,
  toInteger,
  utf8,
  xor,
} from '@holdfast/protocol/bytes.js';
import * as audit from '@holdfast/protocol/audit.js';
import { ready } from '@holdfast/protocol/curve.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import * as ids from '@holdfast/protocol/ids.js';
import * as keyShares from '@holdfast/protocol/key-shares.js';
import * as manifests from '@holdfast/protocol/manifest.js';
import { certifyModulus } from '@holdfast/protocol/modulus-certificate.js';

import * as oprf from '@holdfast/protocol/oprf.js';
import * as oprfSets from '@holdfast/protocol/oprf-set.js';
import { combine } from '@holdfast/protocol/ramp.js';
import { attack, failure, outcomeOf } from '../support/attack.ts';
import { dueRecord, fileState, threeOrganisations } from '../support/audit-records.ts';
import { variantOf } from '../support/attack-variant.ts';
import { testKeyServers } from '../support/key-server.ts';
import { inverse, power } from '../support/modular.ts';
import { seededRandom } from '../support/property.ts';
import { flipped } from '../support/tamper.ts';
import { vectors } from '../support/vectors.ts';

const random = seededRandom();
const [alder] = testKeyServers();

const E = 65_537n;
const published = vectors<{ p: string; q: string }>('malicious-modulus.json');
const [p, q] = [BigInt(`0x${published.p}`), BigInt(`0x${published.q}`)];

/** What Mallory announces: e divides p - 1, and roots as good as it can make them. */
function malicious() {
  const key = { mspId: 'Mallory', modulus: integer(p * q, 384), exponent: 65_537 } as const;
  /** An e-th root modulo q, and modulo p where there is one. */
  const rootOf = (element: bigint): bigint => {
    const atP = power(element % p, inverse(E, (p - 1n) / E), p);
    const atQ = power(element % q, inverse(E, q - 1n), q);
    return (atP + p * (((atQ - atP) * inverse(p, q)) % q) + p * q) % (p * q);
  };
  const roots = certifyModulus(key, (element) => integer(rootOf(toInteger(element)), 384));
  const record = { role: 'key-server' as const, ...key, roots: roots.map(base64url) };
  return { ...record, modulus: base64url(key.modulus) };
}

const UNCERTIFIED = {
  file: 'protocol/src/oprf-set.ts',
  from: '    verifyModulus(\n      key,\n      record.roots.map((root) => fromBase64url(root)),\n    );\n',
  to: '    void verifyModulus;\n',
};
const oprfSetsWithout = () => variantOf<typeof oprfSets>('protocol/src/oprf-set.ts', UNCERTIFIED);

attack({
  id: 'row 13',
  attack: 'a key server whose exponent divides p - 1 recognises the file behind a blinded element',
  defence: 'nine roots that certify its modulus, checked by the owner',
  defended: () => oprfSets,
  undefended: oprfSetsWithout,
  run({ openOprfSet }) {
    const keys = openedKeys(openOprfSet, malicious());
    if (typeof keys === 'string') return failure(keys);
    const [key] = keys;
    if (key === undefined) throw new Error('one key');
    /** The character that blinding by r^e leaves as it is. */
    const character = (element: Uint8Array) => power(toInteger(element) % p, (p - 1n) / E, p);
    const inputs = [utf8('salary: 60,000'), utf8('salary: 90,000')].map(oprf.oprfInput);
    const known = inputs.map((input) => character(oprf.blind(input, key, random).encoded));
    const recognised = Array.from({ length: 8 }, (_, i) => {
      const seen = oprf.blind(inputs[i % 2] ?? new Uint8Array(), key, random).blinded;
      return character(seen) === known[i % 2];
    }).filter(Boolean);
    return outcomeOf(
      recognised.length === 8,
      '8 of 8 files recognised',
      `${recognised.length} of 8`,
    );
  },
});

attack({
  id: 'T09',
  attack: 'a crafted RSA key: short, even, with small factors, another exponent, roots of another',
  defence: 'the owner checks length, exponent, factors and roots',
  defended: () => oprfSets,
  undefended: oprfSetsWithout,
  run({ openOprfSet }) {
    const { record, key } = alder;
    const withModulus = (modulus: Uint8Array) => ({ ...record, modulus: base64url(modulus) });
    const near = toInteger(key.modulus);
    const divisible = [2n, 3n, 251n, 65_521n, 65_537n].map((factor) =>
      withModulus(integer(near - (near % factor), 384)),
    );
    const [root = '', ...roots] = record.roots;
    const crafted = [
      ...divisible,
      withModulus(key.modulus.slice(1)),
      withModulus(flipped(key.modulus, 7)),
      withModulus(flipped(key.modulus, 3000)),
      { ...record, exponent: 3 as never },
      { ...record, roots },
      { ...record, roots: [...roots, root] },
      { ...record, roots: [base64url(flipped(fromBase64url(root), 9)), ...roots] },
    ];
    const taken = crafted.filter((one) => typeof openedKeys(openOprfSet, one) !== 'string');
    const words = `${taken.length} of ${crafted.length} taken`;
    return outcomeOf(taken.length > 0, words, words);
  },
});

function openedKeys(
  open: typeof oprfSets.openOprfSet,
  record: Parameters<typeof oprfSets.openOprfSet>[0][number],
): readonly oprf.KeyServerKey[] | string {
  try {
    return open([record]).keys;
  } catch (problem) {
    if (problem instanceof HoldfastError) return problem.code;
    throw problem;
  }
}

attack({
  id: 'T08',
  attack: 'a key server finds out which of two guessed files it evaluates',
  defence: 'elements blinded by r^e',
  defended: () => oprf,
  undefended: () =>
    variantOf<typeof oprf>('protocol/src/oprf.ts', {
      file: 'protocol/src/oprf.ts',
      from: '(message * power) % modulus, length)',
      to: '(message * (power > 0n ? 1n : 0n)) % modulus, length)',
    }),
  run({ blind, oprfInput }) {
    const inputs = [utf8('contract, signed'), utf8('contract, refused')].map(oprfInput);
    // all that it has: the elements it is sent, the guesses, and its private key
    const guesses = inputs.map((input) => blind(input, alder.key, random).encoded);
    const values = guesses.map((guess) => hex(alder.raw(guess)));
    const known = Array.from({ length: 12 }, (_, i) => {
      const { blinded } = blind(inputs[i % 2] ?? new Uint8Array(), alder.key, random);
      return (
        hex(blinded) === hex(guesses[i % 2] ?? random(1)) ||
        hex(alder.raw(blinded)) === values[i % 2]
      );
    }).filter(Boolean).length;
    return outcomeOf(known === 12, '12 of 12 recognised', `${known} of 12 recognised`);
  },
});

const FACTOR = 0x1234_5678_9abc_def1n;
attack<(length: number) => Uint8Array>({
  id: 'T08',
  attack: 'a server that chose the blinding factor, as in paper 000, computes the owner’s keys',
  defence: 'the owner draws r and tells nobody',
  defended: () => random,
  undefended: () => (length) => integer(FACTOR, length),
  run(draw) {
    const modulus = toInteger(alder.key.modulus);
    const blinding = oprf.blind(oprf.oprfInput(random(32)), alder.key, draw);
    const answer = alder.raw(blinding.blinded);
    const computed = (toInteger(answer) * inverse(FACTOR, modulus)) % modulus;
    const output = oprf.finalize(blinding, answer, alder.key);
    return outcomeOf(computed === toInteger(output), 'the key computed', 'another value');
  },
});

attack({
  id: 'row 5',
  attack: 'a provider and an owner of the old manifest read the rewritten one',
  defence: 'a nonce that follows the plaintext',
  defended: () => manifests,
  undefended: () =>
    variantOf<typeof manifests>('protocol/src/manifest.ts', {
      file: 'protocol/src/cipher.ts',
      from: 'plaintext).slice(0, NONCE_BYTES);',
      to: 'plaintext).slice(0, NONCE_BYTES).fill(0);',
    }),
  async run({ sealManifest }) {
    const fileKey = random(32);
    const before = {
      size: 100,
      oprfSetId: random(32),
      extents: [{ length: 100, key: random(32) }],
    };
    const newKey = random(32);
    const after = { ...before, extents: [{ length: 100, key: newKey }] };
    const [old, rewritten] = [
      await sealManifest(fileKey, before),
      await sealManifest(fileKey, after),
    ];
    // nonce (12), then size, set, count and length
    const at = 12 + 8 + 32 + 4 + 4;
    const part = (sealed: Uint8Array) => sealed.slice(at, at + 32);
    const found = xor(xor(part(old), part(rewritten)), before.extents[0]?.key ?? random(32));
    return outcomeOf(hex(found) === hex(newKey), 'the new block key', '32 bytes of noise');
  },
});

attack({
  id: 'row 18',
  attack: 'three holders of a (7, 4, 2) ramp read half of a file’s secret',
  defence: 'an all-or-nothing transform before a ramp of gap 2',
  defended: () => keyShares,
  undefended: () =>
    variantOf<typeof keyShares>('protocol/src/key-shares.ts', {
      file: 'protocol/src/key-shares.ts',
      from: 'isWeak(parameters) ? wrap(value) : value;',
      to: 'isWeak(parameters) ? wrap(value).slice(0, 0).length === 0 && value : value;',
    }),
  async run({ splitKeys }) {
    await ready();
    const scheme = { shareCount: 7, threshold: 4, privacy: 2 };
    const [ownerId, fileId] = [random(32), random(32)];
    const keys = { fileKey: random(32), fileSecret: random(32) };
    const sharing = { ...scheme, ownerId, fileId, generation: 1, purpose: 'self' as const };
    const held = splitKeys(keys, sharing)
      .filter(({ index }) => [2, 3, 6].includes(index))
      .map(({ index, keyShare }) => ({ point: index, value: keyShare }));
    const length = held[0]?.value.length ?? 0;
    // a fourth share, guessed
    const found = combine([...held, { point: 1, value: random(length) }], scheme, 2 * length);
    const isRead = hex(found).includes(hex(keys.fileSecret));
    return outcomeOf(isRead, '32 of 64 bytes read', 'no byte of the secret');
  },
});

attack({
  id: 'row 20',
  attack: 'who holds a file finds on the ledger who else holds it',
  defence: 'anchors salted by a secret of owner and file',
  defended: () => ids,
  undefended: () =>
    variantOf<typeof ids>('protocol/src/ids.ts', {
      file: 'protocol/src/ids.ts',
      from: "transcript('anchor', salt, lengthPrefixed(cid))",
      to: "transcript('anchor', salt.slice(32), lengthPrefixed(cid))",
    }),
  run({ anchor }) {
    const cid = random(36);
    const onLedger = Array.from({ length: 4 }, () => hex(anchor(random(32), cid)));
    const found = onLedger.filter((one) => one === hex(anchor(new Uint8Array(32), cid)));
    return outcomeOf(found.length > 0, `${found.length} of 4 owners found`, '0 of 4 owners found');
  },
});

attack({
  id: 'row 27',
  attack: 'under the conflict rule a consortium of one organisation audits nothing',
  defence: 'the rule is off where it would leave nobody, and verdicts say so',
  defended: () => audit,
  undefended: () =>
    variantOf<typeof audit>('protocol/src/audit.ts', {
      file: 'protocol/src/audit.ts',
      from: 'config.organisations.length === 1 ||\n  config.genesisDelegates.every((delegate) => delegate === providerId);',
      to: 'config.organisations.length === 0 && providerId === fromHex.name;',
    }),
  run({ isDue, isIndependent }) {
    const roles = ['owner', 'provider', 'delegate', 'operator'] as const;
    const config = {
      ...threeOrganisations(),
      organisations: [{ mspId: 'Birch', roles: [...roles] }],
      genesisDelegates: ['Birch'],
    };
    const state = fileState({ due: dueRecord({ from: 3 }) });
    const beacons = new Map(Array.from({ length: 40 }, (_, e) => [e, hex(random(32))]));
    const due = [...beacons.keys()].filter((epoch) => isDue({ state, epoch, beacons, config }));
    const isHonest = state.file !== null && !isIndependent(state.file, config, 4);
    const words = `due ${due.length} times, independent: ${!isHonest}`;
    return outcomeOf(due.length === 0, 'never due in 40 epochs', words);
  },
});
