/** A disk that gets full: uploads are refused before it is, nothing half done is left, and all goes on when there is room. */
import { newGatewayStage, type GatewayStage } from '../support/gateway-stage.ts';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { problem } from '@holdfast/protocol/network-messages.js';
import { newBasicSender } from '../support/managed-owner.ts';
import { seededRandom } from '../support/property.ts';
import { newSmallDisk, type SmallDisk } from '../support/small-disk.ts';

/** The provider leaves 64 MiB free. */
const DISK_MIB = 112;
const MIB = 1_048_576;
const SLOT_MS = 30_000;
const LOOK_MS = 50;
const mounted = newSmallDisk(DISK_MIB);
const reason = typeof mounted === 'string' ? mounted : undefined;

(reason === undefined ? describe : describe.skip)(
  `a disk that gets full${reason === undefined ? '' : ` (${reason})`}`,
  () => {
    const disk = mounted as SmallDisk;
    let stage: GatewayStage;
    const who = { name: 'anna', password: 'granite-otter-walnut-velvet-orbit-lemon-tide' };
    const { ask, json } = newBasicSender(
      () => stage.url(),
      () => who,
    );
    const plaintext = seededRandom(5)(2 * MIB);
    beforeAll(async () => {
      stage = await newGatewayStage({ folder: disk.folder });
      await json('/v1/accounts', 'POST', { ...who, custody: 'agent' });
    }, 120_000);
    afterAll(async () => {
      await stage.close();
      disk.remove();
    });

    const put = (name: string, body: Uint8Array | ReadableStream = plaintext): Promise<Response> =>
      ask(`/v1/files/${name}`, {
        method: 'PUT',
        body,
        headers: { 'content-length': String(plaintext.length) },
      });
    /** Every file below the nodes' folders, what the provider knows, and the owner's list. */
    async function all() {
      const files = await readdir(join(disk.folder, 'storage'), { recursive: true });
      const metrics = await (await fetch(`${stage.url()}/metrics`)).text();
      const known = metrics.match(
        /^holdfast_(?:uploads_in_progress|logical_bytes|outbox_jobs) .*$/gm,
      );
      return {
        files: files.filter((file) => !file.includes('.temp')).toSorted(),
        known,
        listed: ((await (await ask('/v1/files')).json()) as { items: unknown[] }).items.length,
      };
    }
    const refusalOf = async (answer: Response) => ({
      status: answer.status,
      retryAfter: answer.headers.get('retry-after'),
      type: answer.headers.get('content-type'),
      problem: problem.parse(await answer.json()),
    });
    const full = {
      status: 507,
      retryAfter: '120',
      type: expect.stringMatching(/^application\/problem\+json/),
      problem: { code: 'STORE_FULL', status: 507, type: '/problems/STORE_FULL' },
    };

    it('takes no upload for which there is no room, and takes it once there is', async () => {
      const before = await all();
      await disk.fill(60 * MIB);
      expect(await refusalOf(await put('early.bin'))).toMatchObject(full);
      expect(await all()).toEqual(before);
      await disk.empty();
      const stored = await put('early.bin');
      expect(stored.status).toBe(201);
      const { fileId } = (await stored.json()) as { fileId: string };
      const back = await (await ask(`/v1/files/${fileId}`)).arrayBuffer();
      expect(Buffer.from(back).equals(plaintext)).toBe(true);
    }, 60_000);

    it('drops an upload in whose middle it gets full, and takes it again', async () => {
      const before = await all();
      const body = new ReadableStream<Uint8Array>({
        async start(controller) {
          controller.enqueue(plaintext.subarray(0, MIB));
          while (!(await (await fetch(`${stage.url()}/metrics`)).text()).includes('in_progress 1'));
          await disk.fill(DISK_MIB * MIB);
          controller.enqueue(plaintext.subarray(MIB));
          controller.close();
        },
      });
      expect(await refusalOf(await put('late.bin', body))).toMatchObject(full);
      // what is stored can be read all the time
      expect((await all()).listed).toBe(before.listed);
      const { items } = (await (await ask('/v1/files')).json()) as { items: { fileId: string }[] };
      const back = await (await ask(`/v1/files/${items[0]?.fileId}`)).arrayBuffer();
      expect(Buffer.from(back).equals(plaintext)).toBe(true);
      await disk.empty();
      // what had come goes with the next epoch
      stage.pass(SLOT_MS);
      while (!isDeepStrictEqual(await all(), before)) await delay(LOOK_MS);
      expect((await put('late.bin')).status).toBe(201);
    }, 60_000);
  },
);
