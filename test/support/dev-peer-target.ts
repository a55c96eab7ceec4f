/** The development ledger and its chaincode as processes, their clients enrolled with the authority. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { newSigner } from '../../network/devpeer/src/signature.ts';
import { callCa, certificateIn, enroll, newSigningRequest, type Registrar } from './ca-client.ts';
import { freePort } from '../../scripts/free-port.mjs';
import { startLedgerContract } from './chaincode-process.ts';
import { type ConnectionFile, startDevPeer } from './dev-peer-process.ts';
import type { LedgerTarget } from './ledger-target.ts';
import type { IdentityRequest, TestIdentity } from './memory-ledger.ts';

const MESSAGE_LIMIT = 64 * 1024 * 1024;

export async function openDevPeerTarget(): Promise<LedgerTarget> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-ledger-'));
  const address = `127.0.0.1:${await freePort()}`;
  const chaincode = startLedgerContract(address);
  const devPeer = await startDevPeer(folder, address);
  const { connection } = devPeer;
  const client = newClient(connection);
  return {
    client,
    channel: connection.channel,
    chaincode: connection.chaincode,
    mspIds: connection.organisations.map(({ mspId }) => mspId),
    newIdentity: (request) => enrolled(connection, request),
    async close() {
      client.close();
      await devPeer.stop();
      await chaincode.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export const newClient = ({ organisations }: ConnectionFile): Client =>
  new Client(organisations[0]?.peerEndpoint ?? '', credentialsOf(organisations[0]), {
    'grpc.max_receive_message_length': MESSAGE_LIMIT,
    'grpc.max_send_message_length': MESSAGE_LIMIT,
  });

const credentialsOf = (organisation?: ConnectionFile['organisations'][number]) =>
  typeof organisation?.tlsRootCert === 'string'
    ? credentials.createSsl(Buffer.from(organisation.tlsRootCert))
    : credentials.createInsecure();

/** Registered by the organisation's agent unless another registrar is given, enrolled with a key of its own. */
export async function enrolled(
  { organisations }: ConnectionFile,
  { mspId, role, attributes = {} }: IdentityRequest,
  registrar?: Registrar,
): Promise<TestIdentity> {
  const organisation = organisations.find((one) => one.mspId === mspId);
  const agent = registrar ?? organisation?.identities['agent'];
  if (organisation === undefined || agent === undefined) throw new Error(`no agent of ${mspId}`);
  const { caUrl, tlsRootCert } = organisation;
  const root = tlsRootCert ?? undefined;
  const id = `${role}-${randomBytes(4).toString('hex')}`;
  const attrs = Object.entries({ ...attributes, role }).map(([name, value]) => ({
    name,
    value,
    ecert: true,
  }));
  const registered = await callCa(caUrl, 'register', { id, type: 'client', attrs }, agent, root);
  const { csr, privateKey } = await newSigningRequest(id);
  const answer = await enroll(caUrl, id, String(registered.result['secret']), csr, root);
  const sign = newSigner(privateKey);
  return {
    mspId,
    certificatePem: certificateIn(answer),
    privateKey,
    signer: (message) => Promise.resolve(sign(message)),
  };
}
