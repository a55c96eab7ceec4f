/** Bytes from one gateway to another: what breaks off, is refused, or is more than fits in memory. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from '@jest/globals';
import { equalBytes } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { Provider, UploadState } from '../../../gateway/src/roles.ts';
import {
  newAuthorities,
  newInnerStage,
  type InnerStage,
  type InnerStageParts,
} from '../../support/inner-door.ts';
import { refusalOfAsync } from '../../support/refusal.ts';
import { joined, manyBytes } from '../../support/sealing.ts';
import express from 'express';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const ANNA = 'ab'.repeat(32);
const authorities = newAuthorities();
const upload: Provider['upload'] = async () => ({ ownerId: ANNA }) as UploadState;

let stage: InnerStage | undefined;
afterEach(async () => {
  await stage?.close();
  stage = undefined;
});
async function open(parts: Omit<InnerStageParts, 'authorities'>): Promise<InnerStage> {
  stage = await newInnerStage({ authorities: await authorities, ...parts });
  return stage;
}

describe('a part of a file from another organisation', () => {
  const SIZE = 300_000;
  const whole = manyBytes(SIZE, 7);
  /** Hands out what is asked for, until `fails` says otherwise. */
  const breaking = (fails: (at: number) => HoldfastError | undefined) => {
    const asked: number[] = [];
    const read: Provider['read'] = async (_file, _part, range) => {
      const { start, end } = range ?? { start: 0, end: SIZE };
      async function* bytes(): AsyncGenerator<Uint8Array> {
        asked.push(start);
        for (let at = start; at < end; at += 50_000) {
          const failure = fails(at);
          if (failure !== undefined) throw failure;
          yield whole.slice(at, Math.min(end, at + 50_000));
        }
      }
      return { size: SIZE, bytes: bytes() };
    };
    return { asked, provider: { providerId: 'Birch', read, upload } as unknown as Provider };
  };
  const fetched = async ({ provider }: InnerStage) =>
    joined((await provider.read({ fileId: ANNA }, 'content')).bytes);

  it('that breaks off is asked for again from where it stood', async () => {
    let left = 1;
    const { provider, asked } = breaking((at) =>
      at === 150_000 && left-- > 0 ? new HoldfastError('INTERNAL', 'a disk') : undefined,
    );
    expect(equalBytes(await fetched(await open({ provider })), whole)).toBe(true);
    expect(asked).toEqual([0, 150_000]);
  });

  it('that is lost is said to be lost, as it would be here', async () => {
    const { provider } = breaking((at) =>
      at === 150_000 ? new HoldfastError('FILE_LOST', 'block 3 is lost') : undefined,
    );
    const refusal = await refusalOfAsync(fetched(await open({ provider })));
    expect(refusal).toMatchObject({ code: 'FILE_LOST', detail: 'block 3 is lost' });
  });

  it('is not begun before somebody reads it', async () => {
    const { provider, asked } = breaking(() => undefined);
    const { size } = await (await open({ provider })).provider.read({ fileId: ANNA }, 'content');
    expect([size, asked]).toEqual([SIZE, []]);
  });
});

describe('bytes for another organisation', () => {
  it('are let go as they leave, however many follow', async () => {
    const chunks: WeakRef<Uint8Array>[] = [];
    let held = Infinity;
    async function* many(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 200; i++) {
        const chunk = new Uint8Array(65_536);
        chunks.push(new WeakRef(chunk));
        yield chunk;
      }
      await nextTurn();
      collectGarbage();
      held = chunks.filter((chunk) => chunk.deref() !== undefined).length;
    }
    const write: Provider['write'] = async (_upload, _part, _offset, bytes) => {
      let size = 0;
      for await (const chunk of bytes) size += chunk.length;
      return size;
    };
    const provider = { providerId: 'Birch', write, upload } as unknown as Provider;
    const opened = await open({ provider });
    expect(await opened.provider.write(ANNA, 'content', 0, many())).toBe(200 * 65_536);
    expect(held).toBeLessThan(20);
  });

  it('leave no connection behind where they are refused, though it is kept open over there', async () => {
    const closed: Promise<void>[] = [];
    const refusing: express.RequestHandler = ({ socket }, response) => {
      closed.push(new Promise((resolve) => socket.once('close', () => resolve())));
      const refusal = { status: 409, code: 'CONFLICT', detail: 'not there' };
      response.status(409).json(refusal);
    };
    const opened = await open({ newInnerApp: () => express().use(refusing) });
    async function* never(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(1);
    }
    const refusal = await refusalOfAsync(opened.provider.write(ANNA, 'content', 7, never()));
    expect(refusal).toMatchObject({ code: 'CONFLICT', detail: 'not there' });
    const began = performance.now();
    expect(await Promise.all(closed)).toHaveLength(1);
    // over there it would be closed after five seconds of nothing
    expect(performance.now() - began).toBeLessThan(4_000);
  });
});
