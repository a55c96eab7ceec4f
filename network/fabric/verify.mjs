/**
 * Whether every peer has the same blocks, whole, and runs the same code.
 *
 * Fabric's own `ledgerutil` recomputes the hashes of each peer's chain, on a copy of its block files: it wants them for
 * itself. What it does not look at are the validation codes and what each block wrote; the commit hash chains both, and
 * is compared between peers. The ledger keeps no code either: the hash in the definition's version is compared with the
 * code in the run folder, with each package's label, and with what each server answers.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { common } from '@hyperledger/fabric-protos';
import { hashOf } from '../../scripts/bundle-chaincode.mjs';
import { flags, run } from '../processes.mjs';
import { approvedBy, committedOf } from './chaincode.mjs';
import { asAdmin, chainOf } from './nodes.mjs';

const CHECK_MS = 600_000;
/** Index of the commit hash in a block's metadata. */
const COMMIT_HASH = common.BlockMetadataIndex.COMMIT_HASH;

/**
 * @param definition as deployed, with the folder of its code
 * @returns `{ lines, problems }`: what was found, a line each; what is wrong, empty where all is well
 */
export async function verify(net, definition) {
  const found = await Promise.all([
    ...net.organisations.map((organisation) => wholeChain(net, organisation)),
    sameBlocks(net),
    sameCode(net, definition),
  ]);
  return {
    lines: found.flatMap(({ lines = [] }) => lines),
    problems: found.flatMap(({ problems = [] }) => problems),
  };
}

/** The hashes of one peer's chain, its block files copied as they stand: they only grow. */
async function wholeChain(net, { mspId, peer }) {
  const scratch = mkdtempSync(join(tmpdir(), 'holdfast-verify-'));
  try {
    const blocks = join('ledgersData', 'chains', 'chains', net.channel);
    mkdirSync(join(scratch, 'peer', blocks), { recursive: true });
    cpSync(join(net.folder, 'data', peer, blocks), join(scratch, 'peer', blocks), {
      recursive: true,
    });
    const result = join(scratch, 'result');
    mkdirSync(result);
    const words = await run(
      net.tool('ledgerutil'),
      ['verify', join(scratch, 'peer'), '--outputDir', result],
      { env: { FABRIC_LOGGING_SPEC: 'error' }, patienceMs: CHECK_MS },
    ).catch((error) => error.message);
    const file = join(result, `${net.channel}_verification_result`, 'blocks.json');
    const wrong = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8') || '[]') : undefined;
    if (wrong?.length === 0 && words.includes('No error is found'))
      return { lines: [`${mspId}: hashes of all blocks are right (ledgerutil)`] };
    const what = wrong?.map(({ blockNum, errors }) => `block ${blockNum}: ${errors.join(', ')}`);
    return {
      problems: [`${mspId}: ${what?.length ? what.slice(0, 5).join('; ') : words.trim()}`],
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Header and commit hash of the newest block that all peers have; each stands for all before it. */
async function sameBlocks(net) {
  const { organisations } = net;
  const chains = await Promise.all(organisations.map((one) => chainOf(net, one)));
  const number = Math.min(...chains.map(({ height }) => height)) - 1;
  const found = await Promise.all(
    organisations.map(async (organisation) => ({
      mspId: organisation.mspId,
      ...(await hashesOf(net, organisation, number)),
    })),
  );
  const [first, ...others] = found;
  if (first.commit === '') return { problems: [`block ${number} has no commit hash to compare`] };
  const problems = others.flatMap(({ mspId, header, commit }) => {
    if (header !== first.header) return [`${mspId}: block ${number} is not that of ${first.mspId}`];
    if (commit === first.commit) return [];
    return [`${mspId}: what blocks to ${number} wrote is not what they wrote at ${first.mspId}`];
  });
  if (problems.length > 0) return { problems };
  const names = organisations.map(({ mspId }) => mspId).join(', ');
  return {
    lines: [`${names}: same blocks and same writes up to block ${number}, ${first.header}`],
  };
}

/** Hashes of a block, hex, as an organisation's peer has it. */
async function hashesOf(net, organisation, number) {
  const scratch = mkdtempSync(join(tmpdir(), 'holdfast-verify-'));
  try {
    const file = join(scratch, 'block');
    const wanted = flags({ channelID: net.channel });
    await asAdmin(net, organisation, ['channel', 'fetch', String(number), file, ...wanted]);
    const block = common.Block.deserializeBinary(readFileSync(file));
    const metadata = block.getMetadata()?.getMetadataList_asU8()[COMMIT_HASH] ?? new Uint8Array();
    const header = block.getHeader();
    return {
      header: `data ${hex(header.getDataHash_asU8()).slice(0, 16)} after ${hex(header.getPreviousHash_asU8()).slice(0, 16)}`,
      commit: hex(metadata),
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const hex = (bytes) => Buffer.from(bytes).toString('hex');

async function sameCode(net, definition) {
  const { name, version, label, folder } = definition;
  const hash = hashOf(readFileSync(join(folder, 'index.cjs')));
  const found = await Promise.all(
    net.organisations.map(async (organisation) => {
      const { mspId } = organisation;
      const committed = await committedOf(net, name, organisation);
      const id = await approvedBy(net, organisation, definition);
      const answered = await versionAnswered(net, organisation, name);
      return [
        [`${mspId}: the committed version`, committed?.version, version],
        [`${mspId}: the label of its package`, id?.split(':')[0], label],
        [`${mspId}: the version its server answers`, answered?.replace('+', '-'), version],
      ];
    }),
  );
  const wanted = [['the code in the run folder', version.split('-').at(-1), hash], ...found.flat()];
  const problems = wanted
    .filter(([, is, expected]) => is !== expected)
    .map(([what, is, expected]) => `${what}: ${is}, and should be ${expected}`);
  return problems.length > 0 ? { problems } : { lines: [`code ${hash} everywhere, ${label}`] };
}

/** What the organisation's own server says it runs. */
async function versionAnswered(net, organisation, name) {
  const call = JSON.stringify({ Args: ['org.hyperledger.fabric:GetMetadata'] });
  const text = await asAdmin(net, organisation, [
    'chaincode',
    'query',
    ...flags({ channelID: net.channel, name, ctor: call }),
  ]);
  return JSON.parse(text).info?.version;
}
