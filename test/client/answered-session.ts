/** A client without a system: the ledger's answers and the gateway's are the test's. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach } from '@jest/globals';
import { newSession, openKeys, type OwnerKeys, type Session } from '../../client/src/session.ts';
import type { Device } from '../../client/src/device-file.ts';
import { answeringLedger, type Answers } from '../support/answering-ledger.ts';
import { answerHonestly, answerWith, type Passing } from '../support/forged-answers.ts';

export const OWNER = 'a1'.repeat(32);

/** One for each test of a file, in a home of its own; gateways are honest again after each. */
export function answeredSession(): {
  session: (answers: Answers) => Session;
  home: () => string;
} {
  let keys: OwnerKeys;
  let home: string;
  beforeAll(async () => {
    keys = await openKeys(new Uint8Array(32).fill(7));
  });
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'holdfast-answered-'));
  });
  afterEach(async () => {
    answerHonestly();
    await rm(home, { recursive: true, force: true });
  });
  const device = {
    gateway: 'http://127.0.0.1:9',
    ownerId: OWNER,
    mspId: 'Alder',
    certificate: '',
    consortium: { channel: 'holdfast', chaincode: 'holdfast', organisations: [] },
  } as unknown as Device;
  return {
    session: (answers) => ({
      ...newSession(home, device, keys, undefined),
      ledger: answeringLedger(answers),
    }),
    home: () => home,
  };
}

export const refusal = (code = 'INPUT_INVALID', status = 400): Response =>
  Response.json(
    { type: '', title: '', status, code, detail: 'so it is' },
    { status, headers: { 'content-type': 'application/problem+json' } },
  );

/** A gateway that answers this to everything; what it was asked. */
export function gatewayThat(answer: (passing: Passing, count: number) => Response): Passing[] {
  const asked: Passing[] = [];
  answerWith(async (passing) => answer(passing, asked.push(passing)));
  return asked;
}
