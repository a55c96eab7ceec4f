/** Three gateways with one role's share each: what becomes of owners when one of the others is away, or no longer itself. */
import { newThreeGateways, organisationOf, type ThreeGateways } from '../support/three-gateways.ts';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { base64url, integer } from '@holdfast/protocol/bytes.js';
import { problem } from '@holdfast/protocol/network-messages.js';
import { fileSource } from '../../client/src/file-source.ts';
import { newFullOwner, type FullOwner } from '../support/gateway-owner.ts';
import { joined, manyBytes } from '../support/sealing.ts';

const KNOWN_MS = 20_000;

describe('three gateways', () => {
  let three: ThreeGateways;
  let anna: FullOwner;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-files-'));
    three = await newThreeGateways();
    anna = await newFullOwner(three.url('Alder'));
  }, 120_000);
  afterAll(async () => {
    await three.close();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  async function put(name: string, size = 1_000) {
    const path = join(folder, name);
    await writeFile(path, manyBytes(size, name.length));
    return anna.owner.put(name, fileSource(path), { blockSize: 65_536 });
  }
  const evaluated = (keyServer: string) =>
    anna.json('POST', '/v1/oprf', { keyServer, blinded: [base64url(integer(5n, 384))] });
  const readiness = async () => {
    const answer = await fetch(`${three.url('Alder')}/readyz`);
    const { missing } = (await answer.json()) as { missing: string[] };
    return { status: answer.status, missing };
  };
  async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
    const end = Date.now() + KNOWN_MS;
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (Date.now() > end) throw new Error(`not within ${KNOWN_MS / 1000} s`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  /** The first thing missing that reads so; empty once nothing is. */
  const missingLike = (wanted: string) =>
    until(async () => {
      const { missing } = await readiness();
      return wanted === '' && missing.length === 0
        ? ''
        : missing.find((one) => wanted !== '' && one.includes(wanted));
    });
  const serialOf = (name: 'Alder' | 'Birch' | 'Cedar', role: 'key-server' | 'provider') =>
    new X509Certificate(organisationOf(three.connection, name).identities[role]?.cert ?? '')
      .serialNumber;

  it('store a file and give it back: keys of two of them, blocks of the third', async () => {
    const stored = await put('whole', 200_000);
    expect(stored.nodes.every((node) => node.startsWith('birch'))).toBe(true);
    const back = await joined(anna.owner.get(stored.fileId));
    expect(back).toEqual(new Uint8Array(manyBytes(200_000, 'whole'.length)));
    expect(await readiness()).toEqual({ status: 200, missing: [] });
  }, 60_000);

  it('name a key server that is away, and go on when it is back', async () => {
    await three.stop('Cedar');
    const { status, body } = await evaluated('Cedar');
    expect([status, problem.parse(body).code]).toEqual([503, 'KEY_SERVER_UNREACHABLE']);
    expect(problem.parse(body).detail).toContain('key server Cedar does not answer');
    expect((await evaluated('Alder')).status).toBe(200);
    expect(await missingLike('gateways: KEY_SERVER_UNREACHABLE: key server Cedar')).toContain(
      'UNREACHABLE',
    );
    await three.start('Cedar');
    expect(await missingLike('')).toBe('');
    await put('back again');
  }, 90_000);

  it('name a provider that is away, and go on when it is back', async () => {
    await three.stop('Birch');
    const answer = await fetch(`${three.url('Alder')}/v1/nodes`);
    expect(problem.parse(await answer.json()).code).toBe('STORAGE_UNREACHABLE');
    expect(await missingLike('storage: STORAGE_UNREACHABLE: provider Birch')).toContain(
      'UNREACHABLE',
    );
    await three.start('Birch');
    expect(await missingLike('')).toBe('');
    await put('somewhere');
  }, 90_000);

  it('do not answer each other under a revoked certificate, and do under a renewed one', async () => {
    await three.revoke('Cedar', serialOf('Cedar', 'key-server'));
    expect(
      await missingLike('key server Cedar does not answer: Cedar has revoked the certificate'),
    ).toContain('UNREACHABLE');
    await three.renew('Cedar', 'key-server');
    expect(await missingLike('')).toBe('');
    await put('renewed');
  }, 60_000);

  it('answer an owner no more whose certificate is revoked', async () => {
    expect((await anna.json('GET', '/v1/files')).status).toBe(200);
    const { serialNumber } = new X509Certificate(anna.owner.device.certificate);
    await three.revoke('Alder', serialNumber);
    const refused = await until(async () => {
      const { status, body } = await anna.json('GET', '/v1/files');
      return status === 200 ? undefined : body;
    });
    expect(refused).toMatchObject({
      code: 'NOT_ALLOWED',
      detail: 'Alder has revoked the certificate',
    });
  }, 60_000);

  it('show the ledger and themselves, and no owners, where there is no agent', async () => {
    const birch = three.url('Birch');
    const statusOf = async (path: string) => (await fetch(`${birch}${path}`)).status;
    expect(await statusOf('/readyz')).toBe(200);
    expect(await statusOf('/v1/ledger/blocks/1')).toBe(200);
    expect(await statusOf('/v1/files')).toBe(404);
    const metrics = await (await fetch(`${birch}/metrics`)).text();
    expect(metrics).toContain('holdfast_node_free_bytes{node="birch-1"}');
  });
});
