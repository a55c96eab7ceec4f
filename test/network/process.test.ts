import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@grpc/grpc-js';
import { readRevocationList } from '../../gateway/src/identity/revocation-list.ts';
import { callCa } from '../support/ca-client.ts';
import { type Child, startChild, startLedgerContract } from '../support/chaincode-process.ts';
import {
  type ConnectionFile,
  type DevPeerProcess,
  devPeerArguments,
  startDevPeer,
} from '../support/dev-peer-process.ts';
import { freePort } from '../../scripts/free-port.mjs';
import { enrolled, newClient } from '../support/dev-peer-target.ts';
import {
  blockAt,
  chainInfo,
  newSession,
  refusalOf,
  type Session,
} from '../support/ledger-target.ts';
import type { TestIdentity } from '../support/memory-ledger.ts';
import { dataHash, headerHash } from '../../network/devpeer/src/ledger-block.ts';

const WRITERS = 8;
const ROUNDS = 3;
/** Transactions acknowledged before a round is cut off. */
const ENOUGH = 40;

describe('the ledger as a process', () => {
  let folder: string;
  let address: string;
  let chaincode: Child;
  let devPeer: DevPeerProcess;
  let client: Client;
  let identity: TestIdentity | undefined;

  const start = async (): Promise<Session> => {
    devPeer = await startDevPeer(folder, address);
    const { connection } = devPeer;
    client = newClient(connection);
    identity ??= await enrolled(connection, { mspId: 'Alder', role: 'owner' });
    const { channel, chaincode: name, organisations } = connection;
    const mspIds = organisations.map(({ mspId }) => mspId);
    const newIdentity = () => Promise.reject(new Error('not here'));
    const close = () => Promise.resolve();
    return newSession({ client, channel, chaincode: name, mspIds, newIdentity, close }, identity);
  };
  const stop = async (signal?: NodeJS.Signals): Promise<void> => {
    client.close();
    await devPeer.stop(signal);
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-ledger-'));
    address = `127.0.0.1:${await freePort()}`;
    chaincode = startLedgerContract(address);
  });

  afterAll(async () => {
    await chaincode.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('keeps everything over an orderly end, and its keys to itself', async () => {
    const first = await start();
    await first.submit('put', 'kept', '1');
    const before = await chainInfo(first);
    const { connection } = devPeer;
    await stop();
    expect(devPeer.process.exitCode).toBe(0);

    const second = await start();
    expect(await second.evaluate('get', 'kept')).toBe('1');
    expect((await chainInfo(second)).getCurrentblockhash_asB64()).toBe(
      before.getCurrentblockhash_asB64(),
    );
    const keysOf = (one: typeof connection) =>
      one.organisations.map(({ rootCert, identities }) => ({ rootCert, identities }));
    expect(keysOf(devPeer.connection)).toEqual(keysOf(connection));
    for (const file of ['connection.json', 'organisations/Alder.json']) {
      expect((await stat(join(folder, file))).mode & 0o077).toBe(0);
    }
    await stop();
  });

  it('refuses a folder that another process runs on, or that holds another ledger', async () => {
    const session = await start();
    const second = await ended(devPeerArguments(folder, address));
    expect(second).toMatchObject({ code: 1 });
    expect(second.said).toContain('is another ledger running on it?');
    await session.submit('put', 'still', '1');
    await stop();
    const renamed = [...devPeerArguments(folder, address), '--channel', 'another'];
    const other = await ended(renamed);
    expect(other).toMatchObject({ code: 1 });
    expect(other.said).toContain('holds a ledger of another channel');
  });

  it('explains what is wrong with its arguments', async () => {
    const { code, said } = await ended(['network/devpeer/dist/main.js', '--data', 'x']);
    expect(code).toBe(2);
    expect(said).toContain('--organisation is missing\nusage: devpeer --data DIR');
  });

  it('finds its chaincode again after it was away', async () => {
    const session = await start();
    await chaincode.stop('SIGKILL');
    const refusal = await refusalOf<Error & { details: { message: string }[] }>(
      session.submit('put', 'away', '1'),
    );
    expect(refusal.details[0]?.message).toMatch(/not connected|stream terminated/);
    chaincode = startLedgerContract(address);
    const deadline = Date.now() + 10_000;
    let isBack = false;
    while (!isBack && Date.now() < deadline) {
      isBack = await session.submit('put', 'away', '2').then(
        () => true,
        () => false,
      );
    }
    expect(await session.evaluate('get', 'away')).toBe('2');
    await stop();
  }, 15_000);

  it('lists every certificate that was revoked, however many at once', async () => {
    await start();
    const { birch, agent } = registrarOf(devPeer.connection);
    const crowd = await Promise.all(
      Array.from({ length: 8 }, () =>
        enrolled(devPeer.connection, { mspId: 'Birch', role: 'owner' }),
      ),
    );
    const serials = crowd.map(({ certificatePem }) =>
      new X509Certificate(certificatePem).serialNumber.toLowerCase(),
    );
    const answers = await Promise.all(
      serials.map((serial) => callCa(birch.caUrl, 'revoke', { serial }, agent)),
    );
    expect(answers.filter(({ success }) => !success)).toEqual([]);
    const list = await readFile(join(folder, 'organisations', 'Birch-crl.pem'), 'utf8');
    const { serialNumbers } = await readRevocationList(list, birch.rootCert);
    expect([...serialNumbers].sort()).toEqual(serials.sort());
    await stop();
  });

  it('refuses a client whose certificate was revoked', async () => {
    const session = await start();
    const { connection } = devPeer;
    const mallory = await enrolled(connection, { mspId: 'Birch', role: 'owner' });
    const asMallory = newSession(session.target, mallory);
    await asMallory.submit('put', 'mallory', '1');
    const { birch, agent } = registrarOf(connection);
    const serial = new X509Certificate(mallory.certificatePem).serialNumber;
    await callCa(birch.caUrl, 'revoke', { serial }, agent);
    const refusal = await refusalOf(asMallory.evaluate('get', 'mallory'));
    expect(refusal.message).toContain('access denied: channel [holdfast] creator org [Birch]');
    expect(await session.evaluate('get', 'mallory')).toBe('1');
    await stop();
  });

  it('loses nothing that it acknowledged when it is killed under load', async () => {
    const acknowledged = new Map<string, number>();
    for (let round = 0; round < ROUNDS; round++) {
      const session = await start();
      await checkAll(session, acknowledged);
      await writeUntilKilled(session, round, acknowledged);
    }
    const session = await start();
    expect(acknowledged.size).toBeGreaterThanOrEqual(ROUNDS * ENOUGH);
    await checkAll(session, acknowledged);
    await checkChain(session);
    await stop();
  }, 60_000);

  /** Writers go on until the process is gone; what they were told is remembered. */
  async function writeUntilKilled(
    session: Session,
    round: number,
    acknowledged: Map<string, number>,
  ): Promise<void> {
    const enough = acknowledged.size + ENOUGH;
    let killed: Promise<void> | undefined;
    const write = async (writer: number): Promise<void> => {
      for (let i = 0; killed === undefined; i++) {
        const key = `load/${round}/${writer}/${i}`;
        try {
          const { blockNumber } = await session.commit('put', [key, key]);
          acknowledged.set(key, Number(blockNumber));
        } catch (error) {
          if (killed === undefined) throw error;
        }
        if (acknowledged.size >= enough) killed ??= stop('SIGKILL');
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
    await killed;
    expect(devPeer.process.signalCode).toBe('SIGKILL');
  }

  async function checkAll(session: Session, acknowledged: Map<string, number>): Promise<void> {
    const keys = JSON.parse(await session.evaluate('range', 'load/', 'load0')) as string[];
    expect([...acknowledged.keys()].filter((key) => !keys.includes(key))).toEqual([]);
    const height = (await chainInfo(session)).getHeight();
    expect(Math.max(0, ...acknowledged.values())).toBeLessThan(height);
  }
});

function registrarOf({ organisations }: ConnectionFile) {
  const birch = organisations.find(({ mspId }) => mspId === 'Birch');
  const agent = birch?.identities['agent'];
  if (birch === undefined || agent === undefined) throw new Error('no agent');
  return { birch, agent };
}

async function checkChain(session: Session): Promise<void> {
  const info = await chainInfo(session);
  let previous = '';
  for (let number = 0; number < info.getHeight(); number++) {
    const block = await blockAt(session, number);
    const header = block.getHeader();
    if (header === undefined) throw new Error('no header');
    expect(header.getPreviousHash_asB64()).toBe(previous);
    expect(header.getDataHash_asB64()).toBe(
      Buffer.from(dataHash(block.getData()?.getDataList_asU8() ?? [])).toString('base64'),
    );
    previous = Buffer.from(headerHash(header)).toString('base64');
  }
  expect(info.getCurrentblockhash_asB64()).toBe(previous);
}

async function ended(args: readonly string[]): Promise<{ code: number | null; said: string }> {
  const { process } = startChild(args);
  let said = '';
  process.stderr?.on('data', (text: Buffer) => (said += text.toString()));
  await once(process, 'close');
  return { code: process.exitCode, said };
}
