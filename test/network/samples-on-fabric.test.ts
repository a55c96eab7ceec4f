/**
 * What fabric-samples' test-network has, of native processes: two organisations by its names, its channel, chaincode that
 * was installed alone and serves without TLS. And what a real peer answered there, beside what was recorded.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fileSource } from '../../client/src/file-source.ts';
import { Owner } from '../../client/src/owner.ts';
import { configure } from '../../network/fabric/configure.mjs';
import { openNetwork } from '../../network/network.mjs';
import { startSystem } from '../../scripts/system.mjs';
import { CONFIG } from '../support/consortium.ts';
import { openFabricTarget } from '../support/fabric-target.ts';
import { ask, PROBES, type Recorded } from '../support/ledger-probes.ts';
import { newSession, type LedgerTarget, type Session } from '../support/ledger-target.ts';

const NETWORK = process.env['SAMPLES_NETWORK'];
const VERSION = process.env['FABRIC_VERSION'] ?? '';
const isRecording = process.env['RECORD'] !== undefined;
const recordingOf = (version: string) => new URL(`vectors/fabric-${version}.json`, import.meta.url);
/** Of this version, else of its line. */
const RECORDING =
  isRecording || existsSync(recordingOf(VERSION))
    ? recordingOf(VERSION)
    : recordingOf(VERSION.startsWith('3.') ? '3.1.5' : '2.5.9');

(NETWORK === undefined ? describe.skip : describe)(
  `a network as fabric-samples has it${NETWORK === undefined ? ' (npm run test:network)' : ''}`,
  () => {
    const run = NETWORK ?? '';
    let target: LedgerTarget;
    let session: Session;

    beforeAll(async () => {
      target = await openFabricTarget(run, 'bench');
      session = newSession(target, await target.newIdentity({ mspId: 'Org1MSP', role: 'owner' }));
      await session.submit('put', 'seed', '1');
    }, 60_000);
    afterAll(() => target.close());

    it('answers as was recorded from a peer', async () => {
      const answers: Record<string, Recorded> = {};
      for (const [name, probe] of Object.entries(PROBES)) answers[name] = await ask(session, probe);
      const source = `recorded from peers of Hyperledger Fabric ${VERSION} by RECORD=1 npm run test:network -- network-samples: two organisations that must both endorse, the contract of test/support/ledger-contract`;
      if (isRecording) {
        writeFileSync(RECORDING, `${JSON.stringify({ source, answers }, undefined, 2)}\n`);
      }
      const recorded = JSON.parse(readFileSync(RECORDING, 'utf8')) as {
        answers: Record<string, Recorded>;
      };
      expect(answers).toMatchObject(recorded.answers);
    }, 120_000);

    it('serves the packaged chaincode, installed alone, which says what code it is', async () => {
      const { version } = JSON.parse(
        readFileSync(join(run, '..', 'package', 'package.json'), 'utf8'),
      ) as { version: string };
      const contract = session.network.getContract('holdfast');
      const bytes = await contract.evaluateTransaction('org.hyperledger.fabric:GetMetadata');
      const metadata = JSON.parse(Buffer.from(bytes).toString()) as {
        info: { version: string };
        contracts: Record<string, unknown>;
      };
      expect(metadata.info.version).toBe(version);
      expect(Object.keys(metadata.contracts)).toEqual(
        expect.arrayContaining(['accounts', 'audits', 'beacons', 'files', 'shares']),
      );
    });

    it('is enough for the whole system: a file goes in and comes back', async () => {
      const { fabric } = openNetwork(run);
      const config = {
        ...CONFIG,
        organisations: [
          { mspId: 'Org1MSP', roles: ['owner', 'agent', 'key-server', 'delegate', 'operator'] },
          { mspId: 'Org2MSP', roles: ['provider', 'key-server', 'delegate', 'operator'] },
        ],
        genesisDelegates: ['Org1MSP', 'Org2MSP'],
        keyServers: ['Org1MSP', 'Org2MSP'],
        slotSeconds: 5,
        allowSelfAudit: true,
      };
      const [first] = fabric.organisations;
      if (first === undefined) throw new Error('no organisation');
      await configure(fabric, first, 'holdfast', config);
      const folder = await mkdtemp(join(tmpdir(), 'holdfast-samples-'));
      const network = { ledger: fabric.connection, driver: 'embedded', nodes: '' } as const;
      const system = await startSystem({ folder: join(folder, 'gateway'), port: 0, network });
      try {
        const bytes = randomBytes(600_000);
        await writeFile(join(folder, 'some.bin'), bytes);
        const { owner } = await Owner.create({
          gateway: system.url,
          home: join(folder, 'home'),
          password: 'seven words nobody guesses',
        });
        const { fileId } = await owner.put('some.bin', fileSource(join(folder, 'some.bin')));
        const { audit } = await owner.audit(fileId, { patienceMs: 120_000 });
        expect(audit).toMatchObject({ verdict: 'intact', independent: true });
        const hash = createHash('sha256');
        for await (const chunk of owner.get(fileId)) hash.update(chunk);
        expect(hash.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
      } finally {
        await system.stop();
        await rm(folder, { recursive: true, force: true });
      }
    }, 300_000);
  },
);
