import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { homeFolder, needDevice, readDevice, writePrivate } from '../../client/src/device-file.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'holdfast-device-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

describe('the device', () => {
  it('keeps its owner where it is told to, or in the home folder', () => {
    expect(homeFolder({ HOLDFAST_HOME: '/some/where' })).toBe('/some/where');
    expect(homeFolder({})).toBe(join(homedir(), '.holdfast'));
    expect(homeFolder({ HOLDFAST_HOME: '' })).toBe(join(homedir(), '.holdfast'));
  });

  it('says that there is no owner, that its file is damaged, or cannot be read', async () => {
    await expect(needDevice(home)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const path = join(home, 'owner.json');
    for (const text of ['', '{', '{"version":2}']) {
      await writeFile(path, text);
      await expect(readDevice(home)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    }
    await rm(path);
    await mkdir(path);
    await expect(readDevice(home)).rejects.toThrow('EISDIR');
    await expect(readDevice(home)).rejects.not.toBeInstanceOf(HoldfastError);
  });

  it('leaves no draft behind where a file cannot be replaced', async () => {
    const path = join(home, 'owner.json');
    await mkdir(join(path, 'in the way'), { recursive: true });
    await expect(writePrivate(path, '{}')).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
    expect(await readdir(home)).toEqual(['owner.json']);
  });
});
