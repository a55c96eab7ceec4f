/** Managed custody as people use it: nothing but curl, against the whole system. */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  managedAccountAnswer,
  managedChallengeAnswer,
  managedFileAnswer,
  managedFileList,
  managedFileStatus,
  type ManagedFileAnswer,
} from '@holdfast/protocol/custody-messages.js';
import { filesHolding } from '../support/plaintext-scan.ts';
import { startTestSystem, type RunningSystem } from '../support/running-system.ts';

const PASSWORD = 'granite-otter-walnut-velvet-orbit-lemon-tide';
const SCAN = randomBytes(1_000_000);
/** Any 63 bytes of the big file hold it. */
const MARKER = randomBytes(32);
const BIG = Buffer.concat(Array.from({ length: (24 * 2 ** 20) / MARKER.length }, () => MARKER));

// the only test that needs curl; every other one of managed custody does without
const isThere = spawnSync('curl', ['--version']).status === 0;
const describeCurl = isThere ? describe : describe.skip;

describeCurl('managed custody by curl alone (skipped where there is no curl)', () => {
  let system: RunningSystem;
  let folder: string;
  let phrase: string;
  let file: ManagedFileAnswer;

  const env = () => ({
    ...process.env,
    H: `${system.url}/v1`,
    A: `-u anna:${PASSWORD}`,
    PASSWORD,
    ID: file?.fileId,
  });
  /** A line of a shell, as it stands in the README. */
  async function sh(line: string): Promise<string> {
    const options = { cwd: folder, env: env(), maxBuffer: 2 ** 26 };
    const { stdout } = await promisify(execFile)('sh', ['-c', line], options);
    return stdout;
  }

  /** What a line answers, on a slow machine by way of a task. */
  async function answerTo(line: string): Promise<unknown> {
    const first = JSON.parse(await sh(line)) as { readonly taskId?: string };
    if (first.taskId === undefined) return first;
    for (;;) {
      const task = JSON.parse(await sh(`curl -s $A $H/tasks/${first.taskId}`)) as {
        readonly state: string;
        readonly answer?: unknown;
      };
      if (task.state !== 'running') return task.answer;
      await delay(1_000);
    }
  }

  beforeAll(async () => {
    system = await startTestSystem();
    folder = await mkdtemp(join(tmpdir(), 'holdfast-curl-'));
    await writeFile(join(folder, 'scan.pdf'), SCAN);
    await writeFile(join(folder, 'big.bin'), BIG);
    const opened = await sh(
      `curl -s $H/accounts --json '{"name":"anna","password":"'$PASSWORD'","custody":"agent"}'`,
    );
    phrase = managedAccountAnswer.parse(JSON.parse(opened)).recoveryPhrase;
    file = managedFileAnswer.parse(await answerTo('curl -s $A -T scan.pdf $H/files/scan.pdf'));
  }, 120_000);

  afterAll(async () => {
    await system?.stop();
    await rm(folder, { recursive: true, force: true });
  }, 30_000);

  it('stores a file', () => {
    expect(file).toMatchObject({ name: 'scan.pdf', size: SCAN.length, blocks: 5, replicas: 3 });
  });

  it('lists, tells and challenges it', async () => {
    const { items } = managedFileList.parse(JSON.parse(await sh('curl -s $A "$H/files?limit=50"')));
    expect(items).toMatchObject([{ fileId: file.fileId, name: 'scan.pdf', size: SCAN.length }]);
    const status = await sh('curl -s $A $H/files/$ID/status');
    expect(managedFileStatus.parse(JSON.parse(status))).toMatchObject({ name: 'scan.pdf' });
    const asked = await answerTo('curl -s $A -X POST $H/files/$ID/challenges');
    expect(managedChallengeAnswer.parse(asked).now.verdict).toBe('intact');
  }, 60_000);

  it('brings it back under its name, whole, and goes on where a download stopped', async () => {
    await rm(join(folder, 'scan.pdf'));
    await sh('curl -sf $A -OJ $H/files/$ID');
    expect((await readFile(join(folder, 'scan.pdf'))).equals(SCAN)).toBe(true);
    await writeFile(join(folder, 'part'), SCAN.subarray(0, 300_000));
    await sh('curl -sf $A -C - -o part $H/files/$ID');
    expect((await readFile(join(folder, 'part'))).equals(SCAN)).toBe(true);
  });

  it('takes what comes out of a pipe', async () => {
    const piped = await answerTo('cat scan.pdf | curl -s $A -T - $H/files/piped');
    const { fileId, size } = managedFileAnswer.parse(piped);
    expect(size).toBe(SCAN.length);
    expect(await sh(`curl -s -o /dev/null -w '%{http_code}' $A -X DELETE $H/files/${fileId}`)).toBe(
      '200',
    );
  }, 60_000);

  it('refuses before the body is sent', async () => {
    const format = '%{http_code} %{size_upload}';
    const refused = `curl -s -o /dev/null --expect100-timeout 30 -w '${format}' -u anna:wrong -T big.bin $H/files/big`;
    expect(await sh(refused)).toBe('401 0');
  });

  it('leaves no plaintext behind when the gateway is killed in mid upload', async () => {
    const storage = join(system.folder, 'storage');
    const blocks = async () =>
      (await readdir(storage, { recursive: true })).filter((path) => path.endsWith('.data')).length;
    const before = await blocks();
    const uploads = ['-T big.bin $H/files/big', '-T - $H/files/piped < big.bin'].map((what) =>
      spawn('sh', ['-c', `curl -s $A --limit-rate 6M ${what}`], { cwd: folder, env: env() }),
    );
    const ended = uploads.map((child) => once(child, 'exit'));
    while ((await blocks()) === before) await delay(50);
    await system.kill('gateway');
    const exits = (await Promise.all(ended)).map(([code]) => code as number);
    expect(exits.every((code) => code !== 0)).toBe(true);
    const needles = [MARKER, SCAN.subarray(5000, 5032), phrase, PASSWORD, 'scan.pdf'];
    expect(await filesHolding(system.folder, needles)).toEqual([]);
    expect(await filesHolding(folder, needles)).toContain('big.bin');
    const { items } = managedFileList.parse(JSON.parse(await sh('curl -s $A $H/files')));
    expect(items.map(({ name }) => name)).toEqual(['scan.pdf']);
    expect(await sh('curl -sf $A $H/files/$ID | cmp - scan.pdf && echo same')).toBe('same\n');
  }, 60_000);
});
