/**
 * The order of suites: those that take longest begin first, so that none is left over when all others have ended. Jest
 * does so from the second run on, by what the first one took; a fresh clone has none.
 */

/** Seconds on two quiet cores, of suites that take some ten or more; roughly is enough. */
const SECONDS = {
  'drills/crash': 160,
  'drills/recovery': 125,
  'client/owner-on-a-system': 67,
  'drills/answers': 66,
  'story-of-three': 50,
  story: 42,
  'drills/images': 41,
  'client/commands': 37,
  'gateway/reference': 35,
  'gateway/provider/audits': 34,
  'gateway/managed': 32,
  'gateway/operating': 31,
  'gateway/managed-curl': 30,
  'chaincode/concurrency': 27,
  'gateway/provider/uploads': 25,
  'gateway/three-gateways': 25,
  'gateway/managed-again': 22,
  'attacks/bad-input-rest': 20,
  'attacks/ledger-audits': 20,
  'fuzz/requests': 18,
  'gateway/files': 18,
  'attacks/bad-input-transfer': 17,
  'attacks/ledger-accounts': 17,
  'network/process': 16,
  'client/interrupted': 15,
  'protocol/sampling': 15,
  'gateway/provider/kept-files': 15,
  'protocol/real-size': 15,
  'attacks/overload': 14,
  'gateway/uploads': 13,
  'gateway/enrolment': 11,
  'gateway/full-disk': 12,
  'attacks/bad-input-signers': 12,
  'chaincode/files': 12,
  'protocol/pipeline': 12,
  'chaincode/answer': 11,
  'network/conformance-over-grpc': 11,
  'gateway/between/forms': 11,
  'gateway/provider/refusals': 10,
  'chaincode/first-verdict': 10,
  'network/proposals': 10,
  'gateway/provider/answering': 10,
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
