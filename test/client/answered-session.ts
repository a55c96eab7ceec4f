/** A client without a system: the ledger's answers and the gateway's are the test's. */
import { newSession, type OwnerKeys, type Session } from '../../client/src/session.ts';
import type { Device } from '../../client/src/device-file.ts';
import { answeringLedger, type Answers } from '../support/answering-ledger.ts';
import { answerWith, type Passing } from '../support/forged-answers.ts';

export const OWNER = 'a1'.repeat(32);

export function sessionOn(answers: Answers, home: string, keys: OwnerKeys): Session {
  const device = {
    gateway: 'http://127.0.0.1:9',
    ownerId: OWNER,
    mspId: 'Alder',
    certificate: '',
    consortium: { channel: 'holdfast', chaincode: 'holdfast', organisations: [] },
  } as unknown as Device;
  return { ...newSession(home, device, keys, undefined), ledger: answeringLedger(answers) };
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
