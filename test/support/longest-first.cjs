/**
 * The order of suites: those that take longest begin first, so that none is left over when all others have ended. Jest
 * does so from the second run on, by what the first one took; a fresh clone has none.
 */

/** Seconds on two quiet cores, of suites that take more than ten; roughly is enough. */
const SECONDS = {
  'drills/crash': 150,
  'drills/recovery': 110,
  'client/owner-on-a-system': 60,
  'gateway/operating': 55,
  'drills/answers': 50,
  'story-of-three': 50,
  story: 43,
  'gateway/reference': 40,
  'client/commands': 37,
  'gateway/managed-curl': 33,
  'drills/images': 33,
  'gateway/managed': 30,
  'attacks/bad-input-transfer': 25,
  'gateway/provider/audits': 23,
  'chaincode/concurrency': 22,
  'gateway/full-disk': 21,
  'fuzz/requests': 21,
  'gateway/files': 20,
  'attacks/ledger-accounts': 20,
  'client/interrupted': 20,
  'attacks/bad-input-rest': 19,
  'gateway/provider/overtaken': 17,
  'gateway/provider/uploads': 16,
  'attacks/bad-input-signers': 16,
  'client/upload': 16,
  'network/process': 14,
  'attacks/ledger-audits': 14,
  'protocol/sampling': 13,
  'network/conformance-in-memory': 13,
  'chaincode/bad-input': 12,
  'attacks/overload': 12,
  'protocol/open-file': 12,
  'gateway/provider/kept-files': 12,
  'attacks/block-as-file-id': 11,
  'gateway/provider/refusals': 11,
  'chaincode/answer': 11,
};

const secondsOf = ({ path }) => SECONDS[/\/test\/(.+)\.test\.ts$/.exec(path)?.[1] ?? ''] ?? 0;

module.exports = class LongestFirst {
  sort(tests) {
    return [...tests].sort((one, other) => secondsOf(other) - secondsOf(one));
  }

  shard(tests, { shardIndex, shardCount }) {
    return this.sort(tests).filter((_, i) => i % shardCount === shardIndex - 1);
  }

  /** Those that failed last time are not remembered. */
  allFailedTests() {
    return [];
  }

  cacheResults() {}
};
