/** Organisations that join after the account was made: who pins their roots, and what a gateway can do about it. */
import { X509Certificate } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { numberOf } from '../../client/src/consortium.ts';
import { readDevice } from '../../client/src/device-file.ts';
import { newSigningKey, type SigningKey } from '../../client/src/signing-key.ts';
import { newRelay } from '../support/attack-relay.ts';
import { answerHonestly } from '../support/forged-answers.ts';
import { CHANNEL, gatewayTells, pinnedDevice } from '../support/pinned-device.ts';
import { holdfast } from './command-line.ts';
import { newOrganisation, type TestOrganisation } from './test-consortium.ts';
import { holdfastTyped } from './typed-terminal.ts';

const NAMES = ['Alder', 'Birch', 'Cedar', 'Doubs', 'Elm', 'Fir', 'Gorse'];

let everybody: readonly TestOrganisation[];
let founders: readonly TestOrganisation[];
let key: SigningKey;
let home: string;

beforeAll(async () => {
  everybody = await Promise.all(NAMES.map(newOrganisation));
  founders = everybody.slice(0, 3);
  key = await newSigningKey(new Uint8Array(32).fill(9));
});
beforeEach(async () => {
  home = await pinnedDevice(founders);
});
afterEach(async () => {
  answerHonestly();
  await rm(home, { recursive: true, force: true });
});

const named = (...names: string[]): TestOrganisation[] =>
  everybody.filter(({ mspId }) => names.includes(mspId));
/** As an operator reads it, from another program. */
const fingerprintOf = (mspId: string): string =>
  named(mspId).map(({ pem }) => new X509Certificate(pem).fingerprint256)[0] ?? '';

const env = () => ({ HOLDFAST_HOME: home });
const run = (...argv: string[]) => holdfast(['pin', ...argv], env());
const pin = (mspId: string) => run(mspId, '--fingerprint', fingerprintOf(mspId));
const pinnedNames = async () =>
  (await readDevice(home))?.consortium.organisations.map(({ mspId }) => mspId);

/** What an owner of these pins makes of a read that peers of `endorsers` have endorsed. */
async function readEndorsedBy(...endorsers: string[]): Promise<unknown> {
  const organisations = named(...((await pinnedNames()) ?? []));
  const peers = named(...endorsers).map((organisation) => organisation.peer);
  const beacon = { epoch: 4, value: 'ab'.repeat(32), delegate: 'Alder', signature: 'A'.repeat(64) };
  const { ledger } = newRelay({ organisations, key, endorsers: peers, results: [beacon] });
  return ledger.read('beacons:current', {}).then(({ epoch }) => epoch);
}

describe('a second organisation that has joined', () => {
  it('leaves an owner of earlier pins without answers, until both are pinned', async () => {
    // three of five endorse, as the ledger wants: with one that joined there are always two of three
    await expect(readEndorsedBy('Alder', 'Birch', 'Doubs')).resolves.toBe(4);
    await expect(readEndorsedBy('Alder', 'Doubs', 'Elm')).rejects.toMatchObject({
      code: 'ANSWER_FALSE',
      detail:
        '1 organisations endorsed, a majority of 3 is 2; not pinned, so not counted: Doubs, Elm',
    });
    gatewayTells(named('Alder', 'Birch', 'Cedar', 'Doubs', 'Elm'));
    expect((await pin('Doubs')).exit).toBe(3);
    expect((await pin('Elm')).exit).toBe(0);
    await expect(readEndorsedBy('Alder', 'Doubs', 'Elm')).resolves.toBe(4);
    // the control: one of those that were pinned before is no majority of five
    await expect(readEndorsedBy('Alder', 'Birch')).rejects.toMatchObject({ code: 'ANSWER_FALSE' });
  });
});

describe('holdfast pin', () => {
  it('tells who is pinned and who is not, and changes nothing', async () => {
    gatewayTells(named('Alder', 'Birch', 'Cedar', 'Doubs'));
    const before = await readDevice(home);
    const { exit, stdout } = await run();
    expect(exit).toBe(3);
    const digits = fingerprintOf('Doubs').replaceAll(':', '').toLowerCase();
    expect(stdout).toMatch(new RegExp(`^Doubs +not pinned +${digits}$`, 'm'));
    expect(stdout).toMatch(/^Cedar +pinned +[0-9a-f]{64}$/m);
    expect(stdout).toContain('holdfast pin Doubs --fingerprint');
    expect(await readDevice(home)).toEqual(before);
    gatewayTells(founders);
    expect((await run()).exit).toBe(0);
  });

  it('pins one after the other, as often as there are any; the number follows', async () => {
    for (let count = 4; count <= NAMES.length; count++) {
      const members = everybody.slice(0, count);
      gatewayTells(members);
      const { exit, stdout } = await pin(NAMES[count - 1] ?? '');
      expect(exit).toBe(0);
      const number = numberOf(CHANNEL, members);
      expect(stdout).toContain(`Consortium ${number}`);
      expect((await readDevice(home))?.consortium).toMatchObject({ consortium: number });
    }
    expect(await pinnedNames()).toEqual(NAMES);
  });

  it('asks at a terminal, and takes what an operator’s program prints', async () => {
    gatewayTells(named('Alder', 'Birch', 'Cedar', 'Doubs'));
    const { exit, screen } = await holdfastTyped(['pin', 'Doubs'], env(), [
      ['Fingerprint of Doubs, from its operator: ', `${fingerprintOf('Doubs')}\r`],
    ]);
    expect(exit).toBe(0);
    expect(screen).toContain('Pinned Doubs.');
    expect(await pinnedNames()).toEqual(['Alder', 'Birch', 'Cedar', 'Doubs']);
  });

  it('never pins where nobody can be asked and no fingerprint is given', async () => {
    gatewayTells(named('Alder', 'Birch', 'Cedar', 'Doubs'));
    const { exit, stderr } = await run('Doubs');
    expect(exit).toBe(2);
    expect(stderr).toContain('--fingerprint is missing');
    expect(await pinnedNames()).toEqual(['Alder', 'Birch', 'Cedar']);
  });

  it.each([
    ['a fingerprint that is none', ['Doubs', '--fingerprint', 'abcd'], 2, 'expected 64 hex digits'],
    ['another fingerprint', ['Doubs', '--fingerprint', 'ab'.repeat(32)], 4, 'The root of Doubs'],
    ['nobody', ['Elm', '--fingerprint', 'ab'.repeat(32)], 5, 'No organisation Elm'],
    ['another one for a pinned root', ['Birch', '--fingerprint', 'ab'.repeat(32)], 4, 'of Birch'],
  ])('refuses %s', async (_, argv, code, words) => {
    gatewayTells(named('Alder', 'Birch', 'Cedar', 'Doubs'));
    const { exit, stderr } = await run(...argv);
    expect(stderr).toContain(words);
    expect(exit).toBe(code);
    expect(await pinnedNames()).toEqual(['Alder', 'Birch', 'Cedar']);
  });

  it('does again what is done: nothing', async () => {
    gatewayTells(named('Alder', 'Birch', 'Cedar', 'Doubs'));
    await pin('Doubs');
    const before = await readDevice(home);
    expect((await pin('Doubs')).exit).toBe(0);
    expect(await readDevice(home)).toEqual(before);
  });

  it('says the same to programs', async () => {
    gatewayTells(named('Alder', 'Birch', 'Cedar', 'Doubs', 'Elm'));
    const ran = await run('Doubs', '--fingerprint', fingerprintOf('Doubs'), '--json');
    expect(ran.exit).toBe(3);
    expect(ran.json()).toHaveLength(1);
    expect(ran.json()[0]).toMatchObject({
      event: 'result',
      command: 'pin',
      mspId: 'Doubs',
      joined: [{ mspId: 'Elm' }],
    });
  });

  it('refuses a gateway that tells of the pinned otherwise, whatever it tells of others', async () => {
    const impostor = await newOrganisation('Birch');
    const [alder, birch, cedar, doubs] = everybody;
    if (!alder || !birch || !cedar || !doubs) throw new Error('bug: four were made');
    const pinDoubs = async (
      members: readonly TestOrganisation[],
      changes?: Readonly<Record<string, unknown>>,
    ) => {
      gatewayTells(members, changes);
      const { exit, stderr } = await pin('Doubs');
      expect(exit).toBe(4);
      return stderr;
    };
    expect(await pinDoubs([alder, impostor, cedar, doubs])).toContain('The root of Birch is not');
    expect(await pinDoubs([alder, cedar, doubs])).toContain('No organisation Birch');
    expect(await pinDoubs([alder, birch, cedar, doubs, doubs])).toContain('named twice');
    const elsewhere = await pinDoubs([alder, birch, cedar, doubs], { chaincode: 'other' });
    expect(elsewhere).toContain('of chaincode other on channel holdfast');
    expect(await pinnedNames()).toEqual(['Alder', 'Birch', 'Cedar']);
    // the control: the same act, where the pinned are told as they are
    gatewayTells([alder, birch, cedar, doubs]);
    expect((await pin('Doubs')).exit).toBe(0);
  });
});
