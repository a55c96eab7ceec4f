/**
 * Every label that separates one use of a hash, a key derivation or a signature from another: the only list.
 *
 * @module
 */
const PREFIX = 'holdfast/v1/';

const NAMES = [
  // identities and consortium
  'consortium',
  'owner',
  'tag-key',
  'file-id',
  'config',
  'credit',
  'genesis',
  // the owner's secrets, from the seed
  'signing',
  'hpke',
  'tag-secret',
  'tag-alpha',
  'chameleon',
  'nonce',
  'salt',
  'wrapped-seed',
  'device',
  // keys of content
  'oprf',
  'oprf-set',
  'modulus',
  'file',
  'extent',
  'cell',
  'fingerprint',
  'manifest',
  'manifest-iv',
  'card',
  'card-iv',
  // sharing
  'mac',
  'coins',
  'aont',
  'share-scalar',
  'share',
  'share-context',
  'ephemeral',
  // tags, trees, versions
  'W',
  'anchor',
  'accept',
  'edit',
  'chameleon-challenge',
  'chameleon-point',
  'chameleon-nonce',
  // audits and time
  'challenge',
  'rho',
  'proofs',
  'weight',
  'node',
  'due',
  'beacon',
  'beacon-message',
  // proof of ownership of stored bytes
  'ownership',
  'ownership-rho',
  // proofs of possession of announced keys
  'possession-provider',
  'possession-delegate',
] as const;

export type Label = (typeof NAMES)[number];

/** The label as it is hashed. */
export const label = (name: Label): string => PREFIX + name;

/** All labels, for the specification and the test that no two are equal. */
export const LABELS: readonly string[] = NAMES.map((name) => PREFIX + name);

/** Domain separation tags of hash to G1 (RFC 9380 section 3.1); no two uses share one. */
export const DST = {
  tag: 'HOLDFAST-V1-TAG-BLS12381G1_XMD:SHA-256_SSWU_RO_',
  possession: 'HOLDFAST-V1-POP-BLS12381G1_XMD:SHA-256_SSWU_RO_',
  acceptance: 'HOLDFAST-V1-ACCEPT-BLS12381G1_XMD:SHA-256_SSWU_RO_',
  beacon: 'HOLDFAST-V1-BEACON-BLS12381G1_XMD:SHA-256_SSWU_RO_',
} as const;
