/** Attacks by whoever may ask a key server, and by whoever moves its clock. */
import type { KeyObject } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { integer, toInteger } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import * as keyServers from '../../gateway/src/key-server/key-server.ts';
import { openRsaKey, rsaModulus } from '../../gateway/src/key-server/rsa-key.ts';
import { attack, outcomeOf } from '../support/attack.ts';
import { variantOf, type Change } from '../support/attack-variant.ts';

const NOON = Date.UTC(2027, 0, 1, 12);
const HOUR_MS = 3_600_000;
const MALLORY = 'aa'.repeat(32);
const LIMITS = { perMinute: 600, burst: 10, perDay: 20, perDayAll: 30 };

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});
async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-attack-'));
  folders.push(folder);
  return folder;
}
let made: Promise<KeyObject> | undefined;
const key = () => (made ??= newFolder().then((folder) => openRsaKey(join(folder, 'key.pem'))));

const without = (change: Change) =>
  variantOf<typeof keyServers>('gateway/src/key-server/key-server.ts', change);

/** A key server on a folder of its own, and on a clock that is moved by hand. */
async function start({ openKeyServer }: Pick<typeof keyServers, 'openKeyServer'>) {
  const privateKey = await key();
  const folder = await newFolder();
  let now = NOON;
  const parts = { mspId: 'Cedar', privateKey, folder, nowMs: () => now, limits: LIMITS };
  let server = await openKeyServer(parts);
  let asked = 0;
  const element = integer(2n, rsaModulus(privateKey).length);
  return {
    /** What becomes of one element for an owner of an organisation; undefined: the key server's own. */
    askFor: (ownerId: string, organisation: string | undefined): Promise<string> =>
      server.evaluate(ownerId, `key ${asked++}`, [element], organisation).then(
        () => 'answered',
        (problem: unknown) => (problem as HoldfastError).code,
      ),
    modulus: rsaModulus(privateKey),
    close: () => server.close(),
    async restart() {
      await server.close();
      server = await openKeyServer(parts);
    },
    move: (milliseconds: number) => (now += milliseconds),
    /** How many of the elements are answered. */
    async ask(elements: readonly Uint8Array[]): Promise<number> {
      try {
        return (await server.evaluate(MALLORY, `key ${asked++}`, elements)).length;
      } catch (problem) {
        const codes = ['INPUT_INVALID', 'RATE_LIMITED'];
        if (problem instanceof HoldfastError && codes.includes(problem.code)) return 0;
        throw problem;
      }
    },
  };
}

attack({
  id: 'T07',
  attack: 'elements that no honest owner sends: 0, 1, N - 1, N, too short, too long',
  defence: '1 < x < N - 1, as long as N',
  defended: () => keyServers,
  undefended: () =>
    without({
      file: 'gateway/src/key-server/key-server.ts',
      from: 'blinded.forEach((element, index) => checkElement(element, index, privateKey));',
      to: 'void checkElement;',
    }),
  async run(world) {
    const server = await start(world);
    const { modulus } = server;
    const n = toInteger(modulus);
    const near = [0n, 1n, n - 1n].map((x) => integer(x, modulus.length));
    let answered = 0;
    for (const element of near) answered += await server.ask([element]);
    const misshapen = [
      integer(n, modulus.length),
      integer(n + 1n, modulus.length),
      modulus.slice(1),
      new Uint8Array(modulus.length + 1),
      new Uint8Array(100_000).fill(7),
      new Uint8Array(),
    ];
    // OpenSSL itself refuses what is no element: the server's own fault, without the check
    for (const element of misshapen) answered += await server.ask([element]).catch(() => 0);
    await server.close();
    const words = `${answered} of ${near.length + misshapen.length} answered`;
    return outcomeOf(answered > 0, words, words);
  },
});

/** As fast as the quota of the minute lets. */
async function guessAll(server: Awaited<ReturnType<typeof start>>, count: number): Promise<number> {
  const element = integer(2n, server.modulus.length);
  let answered = 0;
  for (let i = 0; i < count; i++) {
    answered += await server.ask([element]);
    server.move(1_000);
  }
  return answered;
}

attack({
  id: 'T04',
  attack: 'guessing a predictable file through the key server, as fast as it answers',
  defence: 'a quota a day, kept over restarts',
  defended: () => keyServers,
  undefended: () =>
    without({
      file: 'gateway/src/key-server/quota.ts',
      from: 'if (use.today + count > limits.perDay)',
      to: 'if (use.today + count < 0)',
    }),
  async run(world) {
    const server = await start(world);
    let answered = await guessAll(server, 30);
    await server.restart();
    answered += await guessAll(server, 30);
    await server.close();
    const words = `${answered} of 60 guesses, quota ${LIMITS.perDay}`;
    return outcomeOf(answered > LIMITS.perDay, words, words);
  },
});

attack({
  id: 'T04',
  attack: 'an organisation whose owners use up what all organisations may ask for in a day',
  defence: 'a quota of all owners for each organisation, kept over restarts',
  defended: () => keyServers,
  undefended: () =>
    without({
      file: 'gateway/src/key-server/key-server.ts',
      from: 'const other = organisation === mspId ? undefined : organisation;',
      to: 'const other = organisation === mspId ? organisation : undefined;',
    }),
  async run(world) {
    const server = await start(world);
    for (const ownerId of ['bb', 'cc', 'dd']) {
      for (let i = 0; i < LIMITS.burst; i++) await server.askFor(ownerId.repeat(32), 'Alder');
    }
    const more = [await server.askFor('ee'.repeat(32), 'Alder')];
    await server.restart();
    more.push(await server.askFor('ee'.repeat(32), 'Alder'));
    if (more.includes('answered')) throw new Error('its own quota holds in either case');
    const words = await server.askFor(MALLORY, undefined);
    await server.close();
    return outcomeOf(words === 'RATE_LIMITED', `an owner of the key server's: ${words}`, words);
  },
});

attack({
  id: 'T04',
  attack: 'a clock that is moved to the next day and back gives the day’s quota again',
  defence: 'a day that does not come again',
  defended: () => keyServers,
  undefended: () =>
    without({
      file: 'gateway/src/key-server/quota.ts',
      from: 'if (day < dayOf(now)) {',
      to: 'if (day !== dayOf(now)) {',
    }),
  async run(world) {
    const server = await start(world);
    let answered = await guessAll(server, 30);
    for (let i = 0; i < 3; i++) {
      server.move(25 * HOUR_MS);
      answered += await guessAll(server, 30);
      server.move(-25 * HOUR_MS);
      answered += await guessAll(server, 30);
    }
    await server.close();
    // the next day has a quota of its own, once
    const most = 2 * LIMITS.perDay;
    return outcomeOf(answered > most, `${answered} guesses on two days`, `${answered} on two days`);
  },
});
