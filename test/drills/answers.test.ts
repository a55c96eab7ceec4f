import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL, fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Owner } from '../../client/src/owner.ts';
import { startOwnGateway } from '../support/own-gateway.ts';
import { earlyAnswers, recordingTo } from '../support/recorded-answers.ts';
import { whyNoRecording } from '../support/recording.ts';
import { startTestSystem, type RunningSystem } from '../support/running-system.ts';

const MUTATE = pathToFileURL(fileURLToPath(new URL('../support/mutant.mjs', import.meta.url))).href;
const reason = whyNoRecording();
const recorded = reason === undefined ? describe : describe.skip;

recorded(`answers of a gateway${reason === undefined ? '' : ` (${reason})`}`, () => {
  let system: RunningSystem;
  let folder: string;
  let owner: Owner;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-answers-'));
    system = await startTestSystem();
    const account = { password: 'walnut velvet', longestBlock: 65_536 } as const;
    const options = { gateway: system.url, home: join(folder, 'home'), ...account };
    ({ owner } = await Owner.create(options));
    await system.pause('gateway');
  }, 120_000);
  afterAll(async () => {
    await system?.stop();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  /** One upload over HTTP to a gateway every write of which is recorded. */
  async function upload(name: string, mutant?: object) {
    const trace = join(folder, name);
    const gateway = await startOwnGateway(system, {
      under: recordingTo(trace),
      ...(mutant === undefined
        ? {}
        : { nodeArgs: ['--import', MUTATE], env: { MUTANT: JSON.stringify(mutant) } }),
    });
    const content = randomBytes(150_000);
    const source = {
      size: content.length,
      modifiedAt: 0,
      key: name,
      async *open() {
        yield content;
      },
    };
    await owner.put(name, source, { blockSize: 65_536 });
    await gateway.stop();
    const folders = ['storage', 'provider'].map((part) => join(system.folder, part));
    return earlyAnswers(trace, folders);
  }

  it('leave it when what they acknowledge is on disk', async () => {
    const { answers, early } = await upload('as-it-is');
    expect(early).toBeUndefined();
    // content, tags, card, acceptance
    expect(answers).toBe(4);
  }, 120_000);

  it.each([
    ['blocks', { file: 'storage/durable-file.js', from: 'await file.datasync();', to: '' }],
    [
      'records',
      {
        file: 'storage/database.js',
        from: 'await level.batch(operations, { sync: true });',
        to: 'await level.batch(operations, { sync: false });',
      },
    ],
  ])(
    'would be seen to leave it too early if %s were not synced',
    async (name, mutant) => {
      const { early } = await upload(name, mutant);
      expect(early).toMatch(/was not synced when it said HTTP\/1\.1 20/);
    },
    120_000,
  );
});
