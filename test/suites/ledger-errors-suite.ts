/** What is refused, and in which words: clients match on codes, texts and details. */
import { expect, it } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import {
  CommitStatusError,
  EndorseError,
  GatewayError,
  type GatewayError as Refusal,
} from '@hyperledger/fabric-gateway';
import { gateway as protos, msp } from '@hyperledger/fabric-protos';
import { refusalOf, type Session } from '../support/ledger-target.ts';

/** Well-formed, low-S and of no key. */
const FALSE_SIGNATURE = Buffer.from('3006020101020101', 'hex');

export function ledgerErrorsSuite(session: () => Session): void {
  it('passes a refusal of the contract on, from submit in the details', async () => {
    const refusal = await refusalOf<EndorseError>(session().submit('fail', 'boom'));
    expect(refusal).toBeInstanceOf(EndorseError);
    expect(refusal.code).toBe(status.ABORTED);
    expect(refusal.details).toMatchObject([
      { message: 'chaincode response 500, boom', mspId: session().target.mspIds[0] },
    ]);
    expect(refusal.transactionId).toMatch(/^[0-9a-f]{64}$/);
  });

  it('passes a refusal of the contract on, from evaluate in the message', async () => {
    const refusal = await refusalOf<Refusal>(session().evaluate('fail', 'boom'));
    expect(refusal).toBeInstanceOf(GatewayError);
    expect(refusal.code).toBe(status.UNKNOWN);
    expect(refusal.message).toContain('chaincode response 500, boom');
  });

  it.each([
    ['a function that is not there', ['nope'], 'does not exist: nope'],
    ['too few arguments', ['get'], 'Expected 1 parameters'],
    ['a rich query', ['richQuery'], 'ExecuteQuery not supported for leveldb'],
  ])('refuses %s', async (_what, call, text) => {
    const [name = '', ...args] = call;
    const refusal = await refusalOf<Refusal>(session().evaluate(name, ...args));
    expect(refusal.code).toBe(status.UNKNOWN);
    expect(refusal.message).toContain(text);
  });

  it('refuses a collection that is not defined', async () => {
    const { key, submit } = session();
    const refusal = await refusalOf<Refusal>(submit('putPrivate', 'secrets', key('k')));
    expect(refusal.details[0]?.message).toMatch(/collection .*secrets could not be found/);
  });

  it('refuses a chaincode and a channel that are not there', async () => {
    const { network, gateway, target } = session();
    const chaincode = network.getContract('nobody');
    const channel = gateway.getNetwork('nowhere').getContract(target.chaincode);
    const codes = [status.FAILED_PRECONDITION, status.UNAVAILABLE, status.ABORTED];
    for (const contract of [chaincode, channel]) {
      const evaluation = await refusalOf<Refusal>(contract.evaluateTransaction('get', 'a'));
      expect(codes).toContain(evaluation.code);
      const submission = await refusalOf<Refusal>(contract.submitTransaction('put', 'a', '1'));
      expect(codes).toContain(submission.code);
    }
  });

  it('refuses to call a channel that is not there from a contract', async () => {
    const { submit, target } = session();
    const refusal = await refusalOf<Refusal>(submit('call', target.chaincode, 'nowhere'));
    // Fabric 3, and Fabric 2.5
    expect(refusal.details[0]?.message).toMatch(
      /failed to find ledger for channel: nowhere|Failed to get policy manager for channel \[nowhere\]/,
    );
  });

  it('finds out a contract that is not deterministic', async () => {
    const { key, submit } = session();
    const refusal = await refusalOf<Refusal>(submit('random', key('r')));
    expect(refusal.code).toBe(status.ABORTED);
    expect(refusal.details[0]?.message).toBe('ProposalResponsePayloads do not match');
  });

  it('refuses to endorse by an organisation that is not there', async () => {
    const { contract, key } = session();
    const refusal = await refusalOf<Refusal>(
      contract.submit('put', { arguments: [key('a'), '1'], endorsingOrganizations: ['Nobody'] }),
    );
    expect(refusal.code).toBe(status.UNAVAILABLE);
    expect(refusal.message).toContain('failed to find any endorsing peers for org(s): Nobody');
  });

  it('refuses a transaction that its creator has not signed', async () => {
    const { contract, gateway, key } = session();
    const endorsed = await contract.newProposal('put', { arguments: [key('a'), '1'] }).endorse();
    const forged = gateway.newSignedTransaction(endorsed.getBytes(), FALSE_SIGNATURE);
    const refusal = await refusalOf<Refusal>(forged.submit());
    expect(refusal).toMatchObject({ name: 'SubmitError', code: status.ABORTED });
    expect(refusal.message).toContain('status=FORBIDDEN');
  });

  it('refuses a proposal that its creator has not signed', async () => {
    const { contract, gateway, target } = session();
    const proposal = contract.newProposal('get', { arguments: ['a'] });
    const forged = gateway.newSignedProposal(proposal.getBytes(), FALSE_SIGNATURE);
    const refusal = await refusalOf<Refusal>(forged.evaluate());
    expect(refusal.code).toBe(status.FAILED_PRECONDITION);
    expect(refusal.message).toContain(
      `access denied: channel [${target.channel}] creator org [${target.mspIds[0] ?? ''}]`,
    );
  });

  it('refuses a transaction of more than 10 MB', async () => {
    const { contract, key } = session();
    const options = { arguments: [key('large'), String(11 * 1024 * 1024)] };
    const endorsed = await contract.newProposal('putLarge', options).endorse();
    const refusal = await refusalOf<Refusal>(endorsed.submit());
    expect(refusal).toMatchObject({ name: 'SubmitError', code: status.ABORTED });
    expect(refusal.message).toMatch(
      /status=BAD_REQUEST, info=message payload is \d+ bytes and exceeds maximum allowed 10485760 bytes/,
    );
  });

  it('lets the wait for a transaction end that never comes', async () => {
    const { gateway, identity, target } = session();
    const serialized = new msp.SerializedIdentity();
    serialized.setMspid(identity.mspId);
    serialized.setIdBytes(Buffer.from(identity.certificatePem));
    const request = new protos.CommitStatusRequest();
    request.setChannelId(target.channel);
    request.setTransactionId('00'.repeat(32));
    request.setIdentity(serialized.serializeBinary());
    const signed = new protos.SignedCommitStatusRequest();
    signed.setRequest(request.serializeBinary());
    const commit = gateway.newCommit(signed.serializeBinary());
    const refusal = await refusalOf<CommitStatusError>(
      commit.getStatus({ deadline: Date.now() + 100 }),
    );
    expect(refusal).toBeInstanceOf(CommitStatusError);
    expect(refusal.code).toBe(status.DEADLINE_EXCEEDED);
  });
}
