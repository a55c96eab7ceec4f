/** What a second implementation, written from `protocol/README.md`, made of fixed inputs. Bytes are hex. */
import type { AskRecord, DueRecord } from '@holdfast/protocol/audit-records.js';
import type { Config } from '@holdfast/protocol/consortium-records.js';
import type { Terms } from '@holdfast/protocol/file-records.js';
import type { SharePurpose } from '@holdfast/protocol/key-shares.js';
import { base64url, fromHex, toInteger } from '@holdfast/protocol/bytes.js';
import { vectors } from './vectors.ts';

type Fields<K extends string> = Readonly<Record<K, string>>;

interface TextVersion {
  readonly version: number;
  readonly blockCount: number;
  readonly blockSize: 65_536;
  readonly root: string;
  readonly nextUid: number;
  readonly editHead: string;
  readonly base: {
    readonly version: number;
    readonly firstUid: number;
    readonly blockCount: number;
    readonly nonce: string;
    readonly taggedAt: number;
  };
}

export interface ContentCase extends Fields<
  | 'fileKey'
  | 'fingerprint'
  | 'ciphertextDigest'
  | 'manifest'
  | 'leafListDigest'
  | 'cid'
  | 'top'
  | 'root'
  | 'anchor'
  | 'nonce'
  | 'sectorSums'
  | 'tags'
> {
  readonly size: number;
  readonly blockSize: 65_536 | 262_144;
  readonly padding: boolean;
  readonly extents: readonly { readonly length: number; readonly key: string }[];
  readonly paddedSize: number;
  readonly blocks: readonly number[];
  readonly taggedAt: number;
  readonly ownership: Fields<'nonce' | 'claimer' | 'claim'>;
}

export interface ShareCase extends Fields<
  'ownerId' | 'fileId' | 'fileKey' | 'fileSecret' | 'hpkePrivate'
> {
  readonly generation: number;
  readonly purpose: SharePurpose;
  readonly shareCount: number;
  readonly threshold: number;
  readonly privacy: number;
  readonly keyShares: readonly string[];
  readonly macShares: readonly string[];
  readonly commitments: readonly string[];
  readonly sealedAtEpoch: number;
  readonly entries: readonly Fields<'enc' | 'ciphertext'>[];
}

export interface HistoryCase extends Fields<'log' | 'editHead' | 'top' | 'root'> {
  readonly blocks: number;
  readonly edits: readonly string[];
  readonly version: number;
  readonly count: number;
  readonly nextUid: number;
}

export interface DueCase {
  readonly file: {
    readonly fileId: string;
    readonly providerId: string;
    readonly blockCount: number;
    readonly state: 'active' | 'retired';
  };
  readonly due: DueRecord;
  readonly ask: AskRecord | null;
  readonly nodes: readonly string[];
  readonly dueIn: readonly number[];
  readonly drawn: readonly string[];
}

export interface ChallengeCase extends Fields<'seed' | 'uidsDigest' | 'coefficientsDigest'> {
  readonly blockCount: number;
  readonly firstUid: number;
  readonly dead: readonly number[];
  readonly conceded: readonly number[];
  readonly blocks: number | null;
  readonly count: number;
  readonly uids: readonly number[];
}

export interface AnswerCase {
  readonly channel: string;
  readonly epoch: number;
  readonly beacon: string;
  readonly providerId: string;
  readonly groups: readonly (Fields<
    'tagKeyId' | 'X' | 'XAlpha' | 'table' | 'rho' | 'proof' | 'combinedBlock'
  > & {
    readonly files: readonly (Fields<'fileId' | 'root' | 'nonce' | 'seed'> & {
      readonly taggedAt: number;
      readonly blocks: readonly string[];
      readonly tags: readonly string[];
      readonly uids: readonly number[];
    })[];
  })[];
}

interface Formats {
  readonly framing: Fields<
    'field' | 'transcript' | 'key' | 'context' | 'salt' | 'hkdf' | 'hkdfPlain' | 'stream'
  >;
  readonly ids: Fields<
    | 'mspId'
    | 'spki'
    | 'ownerId'
    | 'organisationAccountId'
    | 'nonce'
    | 'fileId'
    | 'owner'
    | 'x'
    | 'xAlpha'
    | 'tagKeyId'
    | 'salt'
    | 'cid'
    | 'anchor'
    | 'channel'
    | 'consortium'
  > & { readonly organisations: readonly Fields<'mspId' | 'rootCertificate'>[] };
  readonly ownerSecrets: Fields<
    | 'seed'
    | 'signingKey'
    | 'hpkePrivate'
    | 'hpkePublic'
    | 'x'
    | 'alpha'
    | 'trapdoor'
    | 'chameleonKey'
    | 'nonceKey'
    | 'fileId'
    | 'saltOfFile'
  >;
  readonly wrappedSeed: Fields<'password' | 'salt' | 'iv' | 'seed' | 'ciphertext'>;
  readonly oprf: Fields<'oprfSetId' | 'tau' | 'outputDigest'> & {
    readonly rootsDigest: readonly string[];
  };
  readonly taus: readonly {
    readonly size: number;
    readonly tau: string;
    readonly extents: readonly { readonly length: number; readonly tau: string }[];
  }[];
  readonly padding: readonly {
    readonly size: number;
    readonly padded: number;
    readonly unpadded: number;
  }[];
  readonly contents: readonly ContentCase[];
  readonly card: Fields<'fileKey' | 'fileSecret' | 'name' | 'type' | 'sealed'> & {
    readonly modifiedAt: number;
  };
  readonly dag: { readonly blocks: number; readonly cid: string };
  readonly histories: { readonly salt: string; readonly cases: readonly HistoryCase[] };
  readonly partialTree: Fields<'salt' | 'before' | 'proof' | 'after'>;
  readonly tagKey: Fields<
    | 'channel'
    | 'ownerId'
    | 'x'
    | 'alpha'
    | 'table'
    | 'X'
    | 'XAlpha'
    | 'tableDigest'
    | 'possessionX'
    | 'possessionXAlpha'
    | 'tagKeyId'
  >;
  readonly versions: {
    readonly fileId: string;
    readonly versions: readonly { readonly version: TextVersion; readonly digest: string }[];
    readonly acceptance: Fields<
      | 'channel'
      | 'ownerId'
      | 'tagKeyId'
      | 'anchor'
      | 'message'
      | 'secret'
      | 'publicKey'
      | 'signature'
    > & { readonly terms: Terms };
    readonly chameleon: Fields<'key' | 'trapdoor' | 'r' | 's' | 'hash' | 'random'> & {
      readonly second: Fields<'r' | 's'>;
    };
    readonly possession: Fields<'channel' | 'mspId' | 'provider' | 'delegate'>;
  };
  readonly shares: readonly ShareCase[];
  readonly allOrNothing: Fields<'secret' | 'package'>;
  readonly beacons: Fields<'channel' | 'configDigest' | 'genesis' | 'secret'> & {
    readonly config: Config;
    readonly chain: readonly (Fields<'message' | 'signature' | 'value'> & {
      readonly epoch: number;
    })[];
  };
  readonly due: { readonly cases: readonly DueCase[] };
  readonly sampleSizes: Readonly<Record<string, number>>;
  readonly challenges: Fields<
    'channel' | 'beacon' | 'fileId' | 'root' | 'editHead' | 'providerId'
  > & {
    readonly epoch: number;
    readonly version: number;
    readonly cases: readonly ChallengeCase[];
  };
  readonly answer: AnswerCase;
}

export const formats = vectors<Formats>('formats.json');

/** The file of `size` bytes: byte i is 31 i + 17 (i >> 8) + 5 (i >> 16) modulo 256. */
export const formatPlaintext = (size: number): Uint8Array => {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = 31 * i + 17 * (i >> 8) + 5 * (i >> 16);
  return bytes;
};

export const scalarOf = (text: string): bigint => toInteger(fromHex(text));

/** Bytes in hex as the records of the ledger have them. */
export const base64 = (text: string): string => base64url(fromHex(text));
