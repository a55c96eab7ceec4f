import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { writeImage } from '../support/crash-image.ts';
import { stepsAt, violations } from '../support/image-checks.ts';
import { seededRandom } from '../support/property.ts';
import { record, whyNoRecording, type Recording } from '../support/recording.ts';
import { firstUndurable } from '../support/write-order.ts';

const IMAGES = Number(process.env['IMAGES'] ?? 30);
const IS_LONG = process.env['IMAGES'] !== undefined;
const PROGRAM = fileURLToPath(new URL('recorded-writer.mjs', import.meta.url));
const MUTATE = pathToFileURL(fileURLToPath(new URL('../support/mutant.mjs', import.meta.url))).href;
const FILES = 6;
/** Images in which a mutant must be found out. */
const OF_MUTANT = 500;

/** A change of one module of the gateway's that makes it less careful. */
interface Mutant {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const MUTANTS = {
  'blocks that are not synced': {
    file: 'storage/durable-file.js',
    from: 'await file.datasync();',
    to: '',
  },
  'names of blocks that are not synced': {
    file: 'storage/durable-file.js',
    from: 'await syncFolder(dirname(path));',
    to: '',
  },
  'records that are not synced': {
    file: 'storage/database.js',
    from: 'await level.batch(operations, { sync: true });',
    to: 'await level.batch(operations, { sync: false });',
  },
  'an acknowledgement before the write': {
    file: 'key-server/audit-lines.js',
    from: 'return flush;',
    to: 'return Promise.resolve();',
  },
  'audit lines that are not synced': {
    file: 'key-server/audit-lines.js',
    from: 'await handle.datasync();',
    to: '',
  },
  'keys whose names are not synced': {
    file: 'private-files.js',
    from: 'await syncFolder(folder);\n    return readFile(path);',
    to: 'return readFile(path);',
  },
  'removals that are not synced': {
    file: 'storage/flatfs.js',
    from: 'await absentIsUndefined(syncFolder(join(folder, shard)));',
    to: '',
  },
} as const satisfies Record<string, Mutant>;

const reason = whyNoRecording();
const recorded = reason === undefined ? describe : describe.skip;

recorded(`what is on disk when the power goes${reason === undefined ? '' : ` (${reason})`}`, () => {
  let folder: string;
  let recording: Recording;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-images-'));
    recording = await recordedAs('as-it-is');
  }, 60_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function recordedAs(name: string, mutant?: Mutant): Promise<Recording> {
    const [trace, program] = [join(folder, 'trace'), [PROGRAM, join(folder, name), String(FILES)]];
    return mutant === undefined
      ? record(join(folder, name), trace, program)
      : record(join(folder, name), trace, ['--import', MUTATE, ...program], {
          MUTANT: JSON.stringify(mutant),
        });
  }

  /** The first thing wrong in some images, each of another moment and fate. */
  async function firstViolation(of: Recording, name: string, images: number, until = of.length) {
    const random = seededRandom();
    const below = (limit: number) => Number(Buffer.from(random(4)).readUInt32LE()) % limit;
    for (let image = 0; image < images; image++) {
      const time = below(until + 1);
      const to = join(folder, 'image');
      await writeImage(of, { from: join(folder, name), to }, { time, below });
      const found = await violations(to, stepsAt(of, time));
      await rm(to, { recursive: true, force: true });
      if (found.length > 0) return { image, time, found };
    }
    return undefined;
  }

  it('is durable before it is acknowledged, every time', () => {
    expect(recording.said.length).toBeGreaterThan(40);
    expect(firstUndurable(recording)).toBeUndefined();
  });

  it('opens again when the power went while its databases were made', async () => {
    const made = recording.said[0]?.start;
    expect(await firstViolation(recording, 'as-it-is', 40, made)).toBeUndefined();
  }, 60_000);

  it(
    `holds all that was acknowledged and nothing by half, in ${IMAGES} images`,
    async () => {
      expect(await firstViolation(recording, 'as-it-is', IMAGES)).toBeUndefined();
      if (IS_LONG) {
        process.stdout.write(`${IMAGES} images: 0 lost, 0 half\n`);
      }
    },
    60_000 + 1_000 * IMAGES,
  );

  it.each(Object.entries(MUTANTS).slice(0, IS_LONG ? undefined : 4))(
    'would be seen to be wrong with %s',
    async (name, mutant) => {
      const wrong = await recordedAs(name.replaceAll(' ', '-'), mutant);
      expect(firstUndurable(wrong)).toBeDefined();
      if (!IS_LONG && name !== 'blocks that are not synced') return;
      expect(await firstViolation(wrong, name.replaceAll(' ', '-'), OF_MUTANT)).toBeDefined();
    },
    120_000 + (IS_LONG ? 1_000 * OF_MUTANT : 0),
  );
});
