/** The OPRF of paper 000 as RFC 9474 has it, beside the raw RSA operation and two published libraries. */
import { randomBytes, webcrypto } from 'node:crypto';
import { RSABSSA } from '@cloudflare/blindrsa-ts';
import {
  generatePublicKey,
  Oprf,
  randomPrivateKey,
  VOPRFClient,
  VOPRFServer,
} from '@cloudflare/voprf-ts';
import { evaluateAll, openOprfSet } from '@holdfast/protocol/oprf-set.js';
import { blindAll, finalize } from '@holdfast/protocol/oprf.js';
import { benchKeyServers } from './key-servers.mjs';
import { cpuSeconds, inTurn, rounded, row } from './measure.mjs';

const BATCH = 64;
/** Extents of 1 GiB, and the file itself. */
const EVALUATIONS = 257;

export async function measureOprf() {
  const { servers, records, oprf } = benchKeyServers();
  const [server] = servers;
  const inputs = Array.from({ length: BATCH }, () => randomBytes(32));
  const elements = blindAll(inputs, server, randomBytes).map(({ blinded }) => blinded);
  const [raws, whole] = await inTurn(5, [
    () => elements.map(server.raw),
    () =>
      blindAll(inputs, server, randomBytes).map((one) =>
        finalize(one, server.raw(one.blinded), server),
      ),
  ]);
  const [raw, one] = [raws.cpu / BATCH, whole.cpu / BATCH];
  const set = openOprfSet(records);
  const taus = Array.from({ length: EVALUATIONS }, () => randomBytes(32));
  const all = await cpuSeconds(1, async () => {
    for (let i = 0; i < EVALUATIONS; i += 4) {
      await evaluateAll(set, taus.slice(i, i + 4), oprf, randomBytes);
    }
  });
  const beside = [
    `blindrsa-ts, 2048 bit: ${rounded(1000 * (await blindRsaTs()))} CPU-ms`,
    `voprf-ts, P-256: ${rounded(1000 * (await voprfTs()))} CPU-ms`,
  ].join('; ');
  return [
    row('one verified evaluation, 3072 bit', 1000 * one, 'CPU-ms', { beside }),
    row('the same against the raw RSA operation', one / raw, 'x', {
      most: 3,
      aim: 2.7,
      beside: `raw operation: ${rounded(1000 * raw)} CPU-ms`,
    }),
    row('OPRF for 1 GiB, two key servers', all, 'CPU-s', {
      most: 2.6,
      beside: `${2 * EVALUATIONS} raw operations: ${rounded(2 * EVALUATIONS * raw)} CPU-s`,
    }),
  ];
}

async function blindRsaTs() {
  globalThis.crypto ??= webcrypto;
  const suite = RSABSSA.SHA384.PSSZero.Deterministic();
  const { privateKey, publicKey } = await RSABSSA.SHA384.generateKey({
    publicExponent: Uint8Array.from([1, 0, 1]),
    modulusLength: 2048,
  });
  const message = suite.prepare(randomBytes(32));
  return cpuSeconds(3, async () => {
    const { blindedMsg, inv } = await suite.blind(publicKey, message);
    await suite.finalize(publicKey, message, await suite.blindSign(privateKey, blindedMsg), inv);
  });
}

async function voprfTs() {
  const suite = Oprf.Suite.P256_SHA256;
  const privateKey = await randomPrivateKey(suite);
  const server = new VOPRFServer(suite, privateKey);
  const client = new VOPRFClient(suite, generatePublicKey(suite, privateKey));
  return cpuSeconds(3, async () => {
    const [final, request] = await client.blind([randomBytes(32)]);
    await client.finalize(final, await server.blindEvaluate(request));
  });
}
