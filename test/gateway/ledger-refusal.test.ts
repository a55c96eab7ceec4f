import { status } from '@grpc/grpc-js';
import { CommitError, GatewayError, StatusCode } from '@hyperledger/fabric-gateway';
import { describe, expect, it } from '@jest/globals';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { refusalOf, refusalOfRelayed } from '../../gateway/src/ledger/refusal.ts';

const call = 'files:register';
const failed = (
  message: string,
  details: readonly string[] = [],
  code = status.FAILED_PRECONDITION,
) =>
  new GatewayError({
    code,
    message,
    details: details.map((text) => ({ address: 'peer0', mspId: 'Alder', message: text })),
    cause: Object.assign(new Error(message), { code }) as never,
  });
const committed = (code: CommitError['code']) => new CommitError({ code, transactionId: 'ab' });

describe('what the ledger refuses', () => {
  it.each([
    [
      'a contract, in the details of an endorsement',
      failed('ABORTED', ['x', 'chaincode response 500, NOT_DUE: too early']),
      'NOT_DUE',
    ],
    [
      'a contract, in the message of an evaluation',
      failed('2 UNKNOWN: chaincode response 500, NOT_FOUND: no file'),
      'NOT_FOUND',
    ],
    [
      'a contract that fails without a code',
      failed('chaincode response 500, cannot read properties'),
      'INTERNAL',
    ],
    [
      'endorsers that differ',
      failed('ABORTED', ['ProposalResponsePayloads do not match']),
      'CONFLICT',
    ],
    [
      'a transaction sent twice',
      failed('x', ['duplicate transaction found [ab]']),
      'ALREADY_EXISTS',
    ],
    ['a signature that is none', failed('x', ['access denied: channel']), 'NOT_ALLOWED'],
    ['a peer that is away', failed('14 UNAVAILABLE', [], status.UNAVAILABLE), 'LEDGER_UNREACHABLE'],
    [
      'a deadline',
      failed('4 DEADLINE_EXCEEDED', [], status.DEADLINE_EXCEEDED),
      'LEDGER_UNREACHABLE',
    ],
    ['anything else of a peer', failed('9 FAILED_PRECONDITION'), 'INTERNAL'],
    ['an overtaken transaction', committed(StatusCode.MVCC_READ_CONFLICT), 'CONFLICT'],
    ['an overtaken list', committed(StatusCode.PHANTOM_READ_CONFLICT), 'CONFLICT'],
    ['a policy', committed(StatusCode.ENDORSEMENT_POLICY_FAILURE), 'INTERNAL'],
    ['what is no error of the ledger', new TypeError('undefined'), 'INTERNAL'],
    ['what is no error at all', 'gone', 'INTERNAL'],
  ])('%s', (_what, error, code) => {
    const refusal = refusalOf(error, call);
    expect(refusal).toBeInstanceOf(HoldfastError);
    expect(refusal.code).toBe(code);
    expect(refusal.cause).toBe(error);
  });

  it('says who does not answer', () => {
    const orderers = failed(
      '14 UNAVAILABLE: no orderers could successfully process transaction',
      ['received unsuccessful response from orderer: no Raft leader'],
      status.UNAVAILABLE,
    );
    expect(refusalOf(orderers, call).detail).toBe(`${call}: too few orderers answer`);
    const peer = failed('14 UNAVAILABLE: connect ECONNREFUSED', [], status.UNAVAILABLE);
    expect(refusalOf(peer, call).detail).toBe(`${call}: the peer does not answer`);
  });

  it('passes a refusal on as it is', () => {
    const refusal = new HoldfastError('NOT_DUE', 'too early');
    expect(refusalOf(refusal, call)).toBe(refusal);
  });
});

describe('what the ledger refuses of bytes that an owner made', () => {
  it('is the owner’s fault, and names the field', () => {
    const refusal = refusalOfRelayed(failed('9 FAILED_PRECONDITION'), '/proposal');
    expect(refusal).toMatchObject({ code: 'INPUT_INVALID', pointer: '/proposal' });
  });

  it('keeps its code where it has one', () => {
    const coded = [
      [failed('x', ['chaincode response 500, NOT_DUE: too early']), 'NOT_DUE'],
      [failed('x', ['chaincode response 500, INTERNAL: our fault']), 'INTERNAL'],
      [failed('x', [], status.UNAVAILABLE), 'LEDGER_UNREACHABLE'],
    ] as const;
    for (const [error, code] of coded) expect(refusalOfRelayed(error, '/proposal').code).toBe(code);
  });
});
