/** Files and records that come from elsewhere, good ones made bad: connection, device, archive, share record. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { CID } from 'multiformats/cid';
import { base64url, hex } from '@holdfast/protocol/bytes.js';
import { blockCid } from '@holdfast/protocol/file-cid.js';
import { ready } from '@holdfast/protocol/curve.js';
import { hpkeKeyPair } from '@holdfast/protocol/hpke.js';
import { shareRecord } from '@holdfast/protocol/file-records.js';
import { parse, parseJson } from '@holdfast/protocol/schema.js';
import { checkShareRecord, openShares, sealShares } from '@holdfast/protocol/share-record.js';
import { wrappedSeed } from '@holdfast/protocol/wrapped-seed.js';
import { device } from '../../client/src/device-file.ts';
import { uploadState } from '../../client/src/upload-state.ts';
import { parseConnection } from '../../gateway/src/ledger/connection.ts';
import { DAG_PB, sha256 } from '../../gateway/src/storage/block-cid.ts';
import { readCar, writeCar } from '../../gateway/src/storage/car.ts';
import { casesOf, drawn, fuzz, outcomeOf } from '../support/fuzzing.ts';
import { changedBytes, changedJson, changedJsonText } from '../support/mutation.ts';
import { termsOf } from '../support/owner-of-files.ts';
import { seededRandom } from '../support/property.ts';

const random = seededRandom(9);
const cases = casesOf(100, 0.0125);
const RAMP = { shareCount: 5, threshold: 3, privacy: 2 };
const id = 'ab'.repeat(32);

beforeAll(ready);

describe('the parser of', () => {
  const pem = '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n';
  const seed = {
    version: 1,
    salt: base64url(random(16)),
    iv: base64url(random(12)),
    ciphertext: base64url(random(48)),
  };
  const organisation = {
    mspId: 'Alder',
    rootCert: pem,
    tlsRootCert: null,
    peerEndpoint: '127.0.0.1:7051',
    hostAlias: 'peer',
    caUrl: 'http://127.0.0.1:7054/Alder',
    identities: { agent: { cert: pem, key: pem } },
  };
  const request = {
    fileId: id,
    tagKeyId: id,
    blockSize: 65_536,
    paddedSize: 1024,
    manifestSize: 100,
    firstUid: 0,
    taggedAt: 1,
    padding: true,
  };
  const stored = { version: 1, fileNonce: base64url(random(32)), request, uploadId: id };
  const consortium = { channel: 'holdfast', chaincode: 'holdfast', number: 'ab12-cd34-ef56' };
  const owner = { version: 1, gateway: 'http://x', ownerId: id, mspId: 'Alder', opened: true };
  it.each([
    [
      'connection files',
      { channel: 'c', chaincode: 'c', organisations: [organisation] },
      parseConnection,
    ],
    ['wrapped seeds', seed, (text: string) => parseJson(wrappedSeed, text, 'the seed')],
    [
      'upload states',
      { ...stored, terms: termsOf(), startedAt: 1 },
      (text: string) => parseJson(uploadState, text, 'the upload'),
    ],
    [
      'device files',
      { ...owner, certificate: pem, consortium, seed },
      (text: string) => parseJson(device, text, 'owner.json'),
    ],
  ] as const)('%s names the field at fault', async (target, good, read) => {
    const values = drawn((draw) => changedJsonText(draw, good));
    const expected = ['taken', 'INPUT_INVALID'];
    const outcomes = fuzz({ target, cases, expected }, values, (text) =>
      outcomeOf(() => read(text, 'the file')),
    );
    expect(await outcomes).toEqual([]);
  });

  it('archives takes whole blocks under their root only', async () => {
    const blocks = [random(10), random(300)].map((bytes) => ({ bytes, cid: cidOf(bytes) }));
    const root = blocks[0]?.cid ?? cidOf(new Uint8Array());
    const chunks: Uint8Array[] = [];
    for await (const chunk of writeCar(root, from(blocks))) chunks.push(chunk);
    const good = new Uint8Array(Buffer.concat(chunks));
    const values = drawn((draw) => changedBytes(draw, [good]));
    const fuzzed = { target: 'archives', cases, expected: ['taken', 'INPUT_INVALID'] };
    const outcomes = fuzz(fuzzed, values, (bytes) =>
      outcomeOf(async () => {
        for await (const block of readCar(root, from([bytes]))) {
          // dag-pb is the one codec beside raw; what it links to is looked up when the root is pinned
          const isNamed = [cidOf, dagPbCidOf].some((named) => named(block.bytes).equals(block.cid));
          if (!isNamed) throw new Error('another block');
        }
      }),
    );
    expect(await outcomes).toEqual([]);

    // found by the drill: the bytes that a CID names, under a codec that no file has
    const last = blocks.at(-1)?.cid.bytes ?? new Uint8Array();
    const strange = Uint8Array.from(good);
    strange[Buffer.from(good).lastIndexOf(last) + CODEC_AT] = 0x45;
    await expect(drain(readCar(root, from([strange])))).rejects.toThrow('its CID names');
  });

  it('share records opens what was sealed, or names what is damaged', async () => {
    const [ownerId, fileId] = [random(32), random(32)];
    const { publicKey: hpkeKey, privateKey } = await hpkeKeyPair(random(32));
    const good = await sealShares(
      { fileKey: random(32), fileSecret: random(32) },
      { ...RAMP, ownerId, fileId, generation: 1, purpose: 'self' },
      { recipients: [{ recipientId: ownerId, hpkeKey }], sealedAtEpoch: 1 },
      random,
    );
    const values = drawn((draw) => changedJson(draw, good));
    const expected = ['taken', 'INPUT_INVALID', 'SHARES_TOO_FEW', 'SHARE_INVALID'];
    const fuzzed = { target: 'share records', cases: Math.ceil(cases / 4), expected };
    const outcomes = fuzz(fuzzed, values, (value) =>
      outcomeOf(async () => {
        const record = parse(shareRecord, value, 'the record');
        checkShareRecord(record, hex(fileId));
        await openShares(record, ownerId, { recipientId: ownerId, privateKey });
      }),
    );
    expect(await outcomes).toEqual([]);
  });
});

const cidOf = (bytes: Uint8Array) => blockCid(sha256(bytes));
/** Of a CID in bytes: version, codec, hash. */
const CODEC_AT = 1;

const dagPbCidOf = (bytes: Uint8Array) => CID.createV1(DAG_PB, cidOf(bytes).multihash);

async function* from<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

async function drain(blocks: AsyncIterable<unknown>): Promise<void> {
  for await (const block of blocks) void block;
}
