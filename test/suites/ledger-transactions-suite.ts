/** How transactions are endorsed, ordered and committed, on every ledger. */
import { expect, it } from '@jest/globals';
import { connect, hash } from '@hyperledger/fabric-gateway';
import { refusalOf, type Session, textOf } from '../support/ledger-target.ts';

const VALID = 0;
const ENDORSEMENT_POLICY_FAILURE = 10;
const MVCC_READ_CONFLICT = 11;
const PHANTOM_READ_CONFLICT = 12;

export function ledgerTransactionsSuite(session: () => Session): void {
  it('commits what is submitted, and tells its status as often as it is asked', async () => {
    const { contract, key, evaluate } = session();
    const sent = await contract.submitAsync('put', { arguments: [key('a'), '1'] });
    const status = await sent.getStatus();
    expect(status).toMatchObject({ code: VALID, successful: true });
    expect(status.blockNumber).toBeGreaterThanOrEqual(1n);
    expect((await sent.getStatus()).blockNumber).toBe(status.blockNumber);
    expect(await evaluate('get', key('a'))).toBe('1');
  });

  it('answers what the contract returned', async () => {
    const { key, submit } = session();
    expect(await submit('increment', key('n'))).toBe('1');
    expect(await submit('increment', key('n'))).toBe('2');
  });

  it('lets one of several transactions win that have read the same version', async () => {
    const { contract, key, evaluate } = session();
    const endorse = () => contract.newProposal('increment', { arguments: [key('m')] }).endorse();
    const endorsed = await Promise.all([endorse(), endorse(), endorse()]);
    const codes: number[] = [];
    for (const transaction of endorsed) {
      codes.push((await (await transaction.submit()).getStatus()).code);
    }
    expect(codes).toEqual([VALID, MVCC_READ_CONFLICT, MVCC_READ_CONFLICT]);
    expect(await evaluate('get', key('m'))).toBe('1');
  });

  it('lets one win also within one block', async () => {
    const { contract, key } = session();
    const endorse = () => contract.newProposal('increment', { arguments: [key('o')] }).endorse();
    const endorsed = await Promise.all([endorse(), endorse(), endorse(), endorse()]);
    const sent = await Promise.all(endorsed.map((transaction) => transaction.submit()));
    const statuses = await Promise.all(sent.map((one) => one.getStatus()));
    const codes = statuses.map(({ code }) => code).sort((a, b) => a - b);
    expect(codes).toEqual([VALID, ...Array<number>(3).fill(MVCC_READ_CONFLICT)]);
  });

  it('sees a key that appeared in a range it had read', async () => {
    const { contract, key, submit } = session();
    const args = [key('ph/'), key('count')];
    const endorsed = await contract.newProposal('count', { arguments: args }).endorse();
    await submit('put', key('ph/1'), 'x');
    expect((await (await endorsed.submit()).getStatus()).code).toBe(PHANTOM_READ_CONFLICT);
  });

  it.each([
    ['changed', 'put', '0077'],
    ['removed', 'delete', '0139'],
  ])('sees a key %s in a range of more than 50 rows', async (_what, name, row) => {
    const { contract, key, submit } = session();
    const prefix = key(`many-${name}/`);
    await submit('putMany', prefix, '140');
    expect(await submit('count', prefix, key('c1'))).toBe('140');
    const endorsed = await contract
      .newProposal('count', { arguments: [prefix, key('c2')] })
      .endorse();
    await submit(name, ...[`${prefix}${row}`, 'y'].slice(0, name === 'put' ? 2 : 1));
    expect((await (await endorsed.submit()).getStatus()).code).toBe(PHANTOM_READ_CONFLICT);
  });

  it('sees that the last row of a page has changed', async () => {
    const { contract, key, submit, commit } = session();
    await submit('putMany', key('page/'), '4');
    const args = [key('page/'), key('page/~'), '2', ''];
    const endorsed = await contract.newProposal('page', { arguments: args }).endorse();
    await submit('put', key('page/0001'), 'y');
    expect((await (await endorsed.submit()).getStatus()).code).toBe(PHANTOM_READ_CONFLICT);
    const again = await contract.newProposal('page', { arguments: args }).endorse();
    await submit('put', key('page/0002'), 'y');
    expect((await (await again.submit()).getStatus()).code).toBe(VALID);
    expect((await commit('page', args)).code).toBe(VALID);
  });

  it('does not count a transaction with fewer endorsements than the policy wants', async () => {
    const { commit, key, evaluate, target } = session();
    const [first = ''] = target.mspIds;
    const status = await commit('put', [key('alone'), '1'], [first]);
    expect(status.code).toBe(ENDORSEMENT_POLICY_FAILURE);
    expect(await evaluate('get', key('alone'))).toBe('');
    const both = await commit('put', [key('alone'), '1'], target.mspIds.slice(0, 2));
    expect(both.code).toBe(VALID);
  });

  it('keeps the first result of a transaction that is sent twice', async () => {
    const { contract, key, submit, evaluate } = session();
    const proposal = contract.newProposal('put', { arguments: [key('twice'), '1'] });
    const endorsed = await proposal.endorse();
    const sent = await endorsed.submit();
    const first = await sent.getStatus();
    await submit('put', key('twice'), '2');
    await endorsed.submit();
    await submit('put', key('other'), '1');
    expect(await sent.getStatus()).toEqual(first);
    expect(await evaluate('get', key('twice'))).toBe('2');
    const refusal = await refusalOf(proposal.endorse());
    expect(refusal).toMatchObject({ name: 'EndorseError', code: 10 });
  });

  it('takes signatures made elsewhere', async () => {
    const { gateway, key, target, identity, evaluate } = session();
    const online = gateway.getIdentity();
    const offline = connect({ client: target.client, identity: online, hash: hash.none });
    const contract = offline.getNetwork(target.channel).getContract(target.chaincode);
    const proposal = contract.newProposal('put', { arguments: [key('offline'), '1'] });
    const signed = offline.newSignedProposal(
      proposal.getBytes(),
      await identity.signer(proposal.getDigest()),
    );
    const endorsed = await signed.endorse();
    const transaction = offline.newSignedTransaction(
      endorsed.getBytes(),
      await identity.signer(endorsed.getDigest()),
    );
    const sent = await transaction.submit();
    const commit = offline.newSignedCommit(
      sent.getBytes(),
      await identity.signer(sent.getDigest()),
    );
    expect((await commit.getStatus()).code).toBe(VALID);
    expect(await evaluate('get', key('offline'))).toBe('1');
  });

  it('hands the contract who calls, with what role, and when', async () => {
    const { evaluate, target } = session();
    const who = JSON.parse(await evaluate('who')) as Record<string, string>;
    expect(who).toMatchObject({ mspId: target.mspIds[0], role: 'owner' });
    expect(who['id']).toMatch(/^x509::.*CN=/);
    expect(Math.abs(Date.parse(who['at'] ?? '') - Date.now())).toBeLessThan(60_000);
  });

  it('hands transient data to the contract and keeps it off the ledger', async () => {
    const { contract, network, key, target } = session();
    const secret = key('secret');
    const options = { arguments: ['value'], transientData: { value: secret } };
    const length = textOf(await contract.evaluate('lengthOfTransient', options));
    expect(length).toBe(String(secret.length));
    const sent = await contract.submitAsync('lengthOfTransient', options);
    await sent.getStatus();
    const block = await network
      .getContract('qscc')
      .evaluateTransaction('GetBlockByTxID', target.channel, sent.getTransactionId());
    expect(Buffer.from(block).includes(sent.getTransactionId())).toBe(true);
    expect(Buffer.from(block).includes(secret)).toBe(false);
  });
}
