/**
 * Names, secrets, keys and content against a second implementation, in Python, that was written from
 * `protocol/README.md`: where one of these tests fails, code and specification say different things.
 */
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { concat, fromHex, hex } from '@holdfast/protocol/bytes.js';
import { openCard, sealCard } from '@holdfast/protocol/card.js';
import { ready } from '@holdfast/protocol/curve.js';
import { encodeScalar } from '@holdfast/protocol/scalar.js';
import { readExtents } from '@holdfast/protocol/extents.js';
import { fileDag } from '@holdfast/protocol/file-cid.js';
import { fileRoot, leafHash, treeHash } from '@holdfast/protocol/file-root.js';
import { byteStream, deriveKey, transcript } from '@holdfast/protocol/hash.js';
import {
  anchor,
  consortiumNumber,
  fileId,
  organisationAccountId,
  ownerId,
} from '@holdfast/protocol/ids.js';
import { encodeLeaf } from '@holdfast/protocol/leaf-list.js';
import { openManifest } from '@holdfast/protocol/manifest.js';
import { evaluateAll, openOprfSet } from '@holdfast/protocol/oprf-set.js';
import { ownerSecrets } from '@holdfast/protocol/owner-secrets.js';
import { newOwnershipClaim } from '@holdfast/protocol/ownership.js';
import { paddedSize } from '@holdfast/protocol/padding.js';
import { finishTags, sectorsOf } from '@holdfast/protocol/tag.js';
import { tagKeyId } from '@holdfast/protocol/tag-key.js';
import { unwrapSeed } from '@holdfast/protocol/wrapped-seed.js';
import { base64, formatPlaintext, formats, scalarOf } from '../support/formats.ts';
import { oprfOf } from '../support/key-server.ts';
import { seededRandom } from '../support/property.ts';
import { inChunks, keyServers, sealed } from '../support/sealing.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

beforeAll(ready);

describe('framing and names', () => {
  it('are the same: T, HKDF, stream', () => {
    const { field, key, context, salt, ...expected } = formats.framing;
    const derived = { context: fromHex(context), salt: fromHex(salt), length: 48 };
    expect({
      transcript: hex(transcript('W', fromHex(field))),
      hkdf: hex(deriveKey(fromHex(key), 'cell', derived)),
      hkdfPlain: hex(deriveKey(fromHex(key), 'nonce')),
      stream: hex(byteStream(fromHex(key))(100)),
    }).toEqual(expected);
  });

  it('are the same: owner, account, file, tag key, anchor, consortium', () => {
    const ids = formats.ids;
    const organisations = ids.organisations.map(({ mspId, rootCertificate }) => ({
      mspId,
      rootCertificate: fromHex(rootCertificate),
    }));
    expect(hex(ownerId(ids.mspId, fromHex(ids.spki)))).toBe(ids.ownerId);
    expect(hex(organisationAccountId(ids.mspId))).toBe(ids.organisationAccountId);
    expect(hex(fileId(fromHex(ids.owner), fromHex(ids.nonce)))).toBe(ids.fileId);
    expect(hex(tagKeyId(fromHex(ids.owner), fromHex(ids.x), fromHex(ids.xAlpha)))).toBe(
      ids.tagKeyId,
    );
    expect(hex(anchor(fromHex(ids.salt), fromHex(ids.cid)))).toBe(ids.anchor);
    expect(consortiumNumber(ids.channel, organisations)).toBe(ids.consortium);
  });
});

describe("the owner's secrets", () => {
  it('follow from the seed alike', async () => {
    const { seed, fileId: file, ...expected } = formats.ownerSecrets;
    const secrets = await ownerSecrets(fromHex(seed));
    expect({
      signingKey: hex(encodeScalar(secrets.signingKey)),
      hpkePrivate: hex(secrets.hpke.privateKey),
      hpkePublic: hex(secrets.hpke.publicKey),
      x: hex(encodeScalar(secrets.tagKey.x)),
      alpha: hex(encodeScalar(secrets.tagKey.alpha)),
      trapdoor: hex(encodeScalar(secrets.trapdoor)),
      chameleonKey: hex(secrets.chameleonKey),
      nonceKey: hex(secrets.nonceKey),
      saltOfFile: hex(secrets.saltOf(fromHex(file))),
    }).toEqual(expected);
  });

  it('open where another program wrapped the seed, under a password of another spelling', async () => {
    const { password, salt, iv, ciphertext, seed } = formats.wrappedSeed;
    const wrapped = { salt: base64(salt), iv: base64(iv), ciphertext: base64(ciphertext) };
    expect(hex(await unwrapSeed({ version: 1, ...wrapped }, password))).toBe(seed);
  });
});

describe('keys from content', () => {
  it('begin with the same digests of file and extents', async () => {
    for (const { size, tau, extents } of formats.taus) {
      const found: { length: number; tau: string }[] = [];
      let whole: Uint8Array | undefined;
      for await (const extent of readExtents(inChunks(formatPlaintext(size)), size)) {
        found.push({ length: extent.bytes.length, tau: hex(extent.tau) });
        whole = extent.fileTau;
      }
      expect(found).toEqual(extents);
      expect(whole && hex(whole)).toBe(tau);
    }
  });

  it('come from one set of key servers, certified by the same roots', async () => {
    const { oprfSetId, rootsDigest, tau, outputDigest } = formats.oprf;
    const set = openOprfSet(keyServers.map(({ record }) => record));
    expect(hex(set.id)).toBe(oprfSetId);
    const roots = keyServers.map(({ record }) =>
      sha256(Buffer.concat(record.roots.map((root) => Buffer.from(root, 'base64url')))),
    );
    expect(roots).toEqual(rootsDigest);
    const outputs = await evaluateAll(set, [fromHex(tau)], oprfOf(keyServers), seededRandom());
    expect(outputs.map(sha256)).toEqual([outputDigest]);
  });
});

describe('what is stored', () => {
  const { x, alpha, nonceKey, fileId: file, saltOfFile } = formats.ownerSecrets;

  it('has the same length with and without padding', () => {
    for (const { size, padded, unpadded } of formats.padding) {
      expect([size, paddedSize(size, true), paddedSize(size, false)]).toEqual([
        size,
        padded,
        unpadded,
      ]);
    }
  });

  it.each(formats.contents)('has the same bytes and names: $size bytes', async (expected) => {
    const { size, blockSize, padding, extents, taggedAt, ownership, ...names } = expected;
    const context = { blockSize, padding, fileId: fromHex(file), nonceKey: fromHex(nonceKey) };
    const {
      file: stored,
      blocks,
      content,
    } = await sealed(formatPlaintext(size), {
      ...context,
      alpha: scalarOf(alpha),
    });
    const leaves = blocks.map(({ index, ...block }) => ({ uid: index, ...block }));
    const top = treeHash(leaves.map(({ uid, length, digest }) => leafHash(uid, length, digest)));
    const session = { fileId: context.fileId, firstUid: 0, nonce: stored.nonce, taggedAt };
    const key = { x: scalarOf(x), alpha: scalarOf(alpha) };
    const cid = stored.cid.bytes;
    const salt = fromHex(saltOfFile);
    const manifest = content.slice(stored.paddedSize);
    expect({
      fileKey: hex(stored.fileKey),
      fingerprint: hex(stored.fingerprint),
      ciphertextDigest: sha256(content.subarray(0, stored.paddedSize)),
      manifest: hex(manifest),
      paddedSize: stored.paddedSize,
      blocks: leaves.map(({ length }) => length),
      leafListDigest: sha256(concat(...leaves.map(encodeLeaf))),
      cid: hex(cid),
      top: hex(top),
      root: hex(fileRoot(salt, leaves.length, top)),
      anchor: hex(anchor(salt, cid)),
      nonce: hex(stored.nonce),
      sectorSums: hex(concat(...stored.sums)),
      tags: hex(finishTags(stored.sums, session, key)),
    }).toEqual(names);
    const opened = await openManifest(stored.fileKey, manifest);
    expect(opened.extents.map(({ length, key: own }) => ({ length, key: hex(own) }))).toEqual(
      extents,
    );
    const claim = newOwnershipClaim({
      nonce: fromHex(ownership.nonce),
      claimerId: fromHex(ownership.claimer),
      objectId: cid,
      sectors: sectorsOf(blockSize),
    });
    for (const { ciphertext } of blocks) claim.add(ciphertext);
    expect(hex(claim.finish())).toBe(ownership.claim);
  });

  it('has a card that either program seals to the same bytes', async () => {
    const { fileKey, fileSecret, sealed: bytes, ...card } = formats.card;
    const secret = concat(fromHex(fileKey), fromHex(fileSecret));
    expect(hex(await sealCard(secret, card))).toBe(bytes);
    expect(await openCard(secret, fromHex(bytes))).toEqual(card);
  });

  it('has one CID where its blocks need several levels of nodes', () => {
    const blocks = Array.from({ length: formats.dag.blocks }, (_, i) => {
      const bytes = Uint8Array.of(i & 255, i >> 8);
      return { length: 2, digest: fromHex(sha256(bytes)) };
    });
    expect(hex(fileDag(blocks).cid.bytes)).toBe(formats.dag.cid);
  });
});
