/** The built package as a peer starts it: every function of the interface, and nothing else. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EVALUATE, SUBMIT } from '@holdfast/protocol/ledger-transactions.js';

interface Metadata {
  readonly contracts: Record<string, { readonly transactions: readonly Transaction[] }>;
}
interface Transaction {
  readonly name: string;
  readonly tag: readonly string[];
  readonly parameters: readonly { readonly name: string; readonly schema: { type: string } }[];
  readonly returns: { readonly type: string };
}

const root = new URL('../..', import.meta.url).pathname;
let folder: string;
let functions: Map<string, Transaction>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-metadata-'));
  const file = join(folder, 'metadata.json');
  const cli = join(root, 'node_modules/fabric-shim/cli.js');
  const args = [cli, 'metadata', 'generate', '--module-path', join(root, 'chaincode')];
  const env = { ...process.env, CORE_CHAINCODE_LOGGING_LEVEL: 'CRITICAL' };
  await promisify(execFile)(process.execPath, [...args, '--file', file], { env });
  const { contracts } = JSON.parse(await readFile(file, 'utf8')) as Metadata;
  functions = new Map(
    Object.entries(contracts)
      .filter(([contract]) => contract !== 'org.hyperledger.fabric')
      .flatMap(([contract, { transactions }]) =>
        transactions.map(
          (transaction) => [`${contract}:${transaction.name}`, transaction] as const,
        ),
      ),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the metadata of the built package', () => {
  it('name the functions of the interface and no other', () => {
    const wanted = [...Object.keys(SUBMIT), ...Object.keys(EVALUATE)].sort();
    expect([...functions.keys()].sort()).toEqual(wanted);
  });

  it('give every function one string, and one string back', () => {
    for (const [name, { parameters, returns }] of functions) {
      expect([name, parameters]).toEqual([
        name,
        [expect.objectContaining({ name: 'args', schema: { type: 'string' } })],
      ]);
      expect([name, returns]).toEqual([name, { type: 'string' }]);
    }
  });

  it('tell what changes the ledger from what only reads', () => {
    for (const [name, { tag }] of functions) {
      expect([name, tag.includes('SUBMIT')]).toEqual([name, name in SUBMIT]);
    }
  });
});
