/**
 * A whole ledger in one process, without ports: the unmodified gateway SDK, the development peer, and the contracts in
 * fabric-shim's own dispatcher, once for every organisation.
 */
import type { KeyObject } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@grpc/grpc-js';
import { connect, type Gateway, hash, type Signer } from '@hyperledger/fabric-gateway';
import { peer } from '@hyperledger/fabric-protos';
import {
  CertificateAuthority,
  type Unit,
} from '../../network/devpeer/src/certificate-authority.ts';
import { newMessage } from '../../network/devpeer/src/chaincode-messages.ts';
import { DevPeer } from '../../network/devpeer/src/dev-peer.ts';
import { newMemoryClient } from '../../network/devpeer/src/memory-client.ts';
import { newMemoryStream } from '../../network/devpeer/src/memory-stream.ts';
import { newSigningIdentity } from '../../network/devpeer/src/organisations.ts';
import { newSigner } from '../../network/devpeer/src/signature.ts';
import { type ContractClass, newChaincode, startChaincode } from './fabric-shim.ts';

export interface MemoryLedgerOptions {
  readonly contracts: readonly ContractClass[];
  readonly organisations?: readonly string[];
  readonly channel?: string;
  readonly chaincode?: string;
  readonly executeTimeoutMs?: number;
  /** Organisations whose contracts do not run. */
  readonly away?: readonly string[];
}

export interface IdentityRequest {
  readonly mspId: string;
  /** Becomes the certificate's attribute `role`. */
  readonly role: string;
  readonly attributes?: Readonly<Record<string, string>>;
  /** Common name; a fresh one unless given. */
  readonly name?: string;
  readonly unit?: Unit;
}

export interface TestIdentity {
  readonly mspId: string;
  readonly certificatePem: string;
  readonly privateKey: KeyObject;
  /** Signs a message with ECDSA over its SHA-256; goes with `hash: hash.none`. */
  readonly signer: Signer;
}

export interface MemoryLedger {
  /** What the SDK calls instead of a gRPC client. */
  readonly client: Client;
  readonly mspIds: readonly string[];
  readonly channel: string;
  readonly chaincode: string;
  readonly peer: DevPeer;
  readonly authorities: ReadonlyMap<string, CertificateAuthority>;
  newIdentity(request: IdentityRequest): Promise<TestIdentity>;
  /** A gateway of the SDK; `getNetwork(channel).getContract(chaincode, 'files')` and so on. */
  connect(identity: TestIdentity): Gateway;
  /** As {@link connect}, for a new identity. */
  gatewayAs(request: IdentityRequest): Promise<Gateway>;
  close(): Promise<void>;
}

export async function newMemoryLedger(options: MemoryLedgerOptions): Promise<MemoryLedger> {
  const { channel = 'holdfast', chaincode = 'holdfast' } = options;
  const mspIds = options.organisations ?? ['Alder', 'Birch', 'Cedar'];
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-ledger-'));
  const authorities = new Map<string, CertificateAuthority>();
  for (const mspId of mspIds) authorities.set(mspId, await CertificateAuthority.create(mspId));
  const devPeer = await DevPeer.open({
    folder,
    channel,
    chaincode,
    organisations: await Promise.all([...authorities.values()].map(newOrganisation)),
    isSynced: false,
    ...(options.executeTimeoutMs === undefined
      ? {}
      : { executeTimeoutMs: options.executeTimeoutMs }),
  });
  const present = mspIds.filter((mspId) => options.away?.includes(mspId) !== true);
  for (const mspId of present) await attachContracts(devPeer, mspId, options.contracts);
  const client = newMemoryClient(devPeer.services);
  let count = 0;

  const newIdentity: MemoryLedger['newIdentity'] = async (request) => {
    const { mspId, role, attributes = {}, unit = 'client' } = request;
    const authority = authorities.get(mspId);
    if (authority === undefined) throw new Error(`no organisation ${mspId}`);
    count += 1;
    const name = request.name ?? `${role}-${count}`;
    const credentials = await authority.newCredentials(name, unit, { ...attributes, role });
    const sign = newSigner(credentials.privateKey);
    return { mspId, ...credentials, signer: (message) => Promise.resolve(sign(message)) };
  };
  const connectAs: MemoryLedger['connect'] = (identity) => connectWith(client, identity);

  return {
    client,
    mspIds,
    channel,
    chaincode,
    peer: devPeer,
    authorities,
    newIdentity,
    connect: connectAs,
    gatewayAs: async (request) => connectAs(await newIdentity(request)),
    close: async () => {
      await devPeer.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export const connectWith = (
  client: Client,
  { mspId, certificatePem, signer }: Omit<TestIdentity, 'privateKey'>,
): Gateway =>
  connect({
    client,
    identity: { mspId, credentials: Buffer.from(certificatePem) },
    signer,
    hash: hash.none,
  });

async function newOrganisation(authority: CertificateAuthority) {
  const { mspId, rootCertificate } = authority;
  const { certificatePem, privateKey } = await authority.newCredentials('peer0', 'peer');
  return { mspId, rootCertificate, peer: newSigningIdentity(mspId, certificatePem, privateKey) };
}

/** Runs the contracts for an organisation, on a stream in memory. */
export async function attachContracts(
  devPeer: DevPeer,
  mspId: string,
  contracts: readonly ContractClass[],
): Promise<void> {
  const { peerEnd, chaincodeEnd } = newMemoryStream();
  const registered = devPeer.attach(mspId, peerEnd);
  const id = new peer.ChaincodeID();
  id.setName('holdfast:1.0');
  const { REGISTER } = peer.ChaincodeMessage.Type;
  const register = newMessage(REGISTER, { payload: id.serializeBinary() });
  startChaincode(newChaincode(contracts), chaincodeEnd, register);
  await registered;
}
