/**
 * The development ledger as a process runs it: keys and ledger in a folder, gRPC and REST on loopback.
 *
 * @module
 */
import { join } from 'node:path';
import type { Arguments } from './arguments.ts';
import { CaServer } from './ca-server.ts';
import { ChaincodeConnection } from './chaincode-connection.ts';
import { DevPeer } from './dev-peer.ts';
import { GrpcServer } from './grpc-server.ts';
import type { CertificateAuthority } from './certificate-authority.ts';
import { listOf } from './enrolment.ts';
import {
  loadOrganisation,
  type OrganisationKeys,
  writeJson,
  writeText,
} from './organisation-file.ts';
import { Organisations, newSigningIdentity } from './organisations.ts';
import { Register } from './register.ts';

/** Nothing here is encrypted, and one process holds every key: it is not for a network. */
const HOST = '127.0.0.1';

export interface DevNode {
  /** Path of the connection file. */
  readonly connection: string;
  /** Every organisation's chaincode has registered. */
  readonly ready: Promise<unknown>;
  /** Resolves when the ledger could not write. */
  readonly failed: Promise<Error>;
  close(): Promise<void>;
}

/** @throws when a port is taken, or the folder is in use or holds another ledger. */
export async function startNode(options: Arguments): Promise<DevNode> {
  const closing: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const end of closing.toReversed()) await end();
  };
  try {
    const register = await Register.open(join(options.folder, 'register'));
    closing.push(() => register.close());
    const keys = await loadAll(options);
    const isRevoked = (mspId: string, serial: string) => register.isRevoked(mspId, serial);
    const peer = await openPeer(options, keys, isRevoked);
    closing.push(() => peer.close());
    const server = await GrpcServer.listen(peer.services, HOST, options.port);
    closing.push(() => server.close());
    const organisations = new Organisations(keys.map(organisationOf), isRevoked);
    const authorities = keys.map(({ authority }) => authority);
    const writeList = async (authority: CertificateAuthority) =>
      writeText(listPath(options, authority.mspId), await listOf(authority, register));
    await Promise.all(authorities.map(writeList));
    const ca = await CaServer.listen(
      authorities,
      register,
      organisations,
      HOST,
      options.caPort,
      writeList,
    );
    closing.push(() => ca.close());
    const connections = options.organisations.map(
      ({ mspId, address }) =>
        new ChaincodeConnection(address, (stream, onEnd) => peer.attach(mspId, stream, onEnd)),
    );
    closing.push(() => connections.forEach((connection) => connection.close()));
    const connection = join(options.folder, 'connection.json');
    await writeJson(connection, connectionFile(options, keys, server.port, ca.port));
    const ready = Promise.all(connections.map((each) => each.ready));
    return { connection, ready, failed: peer.channel.failed, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Where an organisation's revocation list lies. */
const listPath = ({ folder }: Arguments, mspId: string): string =>
  join(folder, 'organisations', `${mspId}-crl.pem`);

async function loadAll({ folder, organisations }: Arguments): Promise<OrganisationKeys[]> {
  const keys: OrganisationKeys[] = [];
  for (const { mspId } of organisations) {
    keys.push(await loadOrganisation(join(folder, 'organisations'), mspId));
  }
  return keys;
}

const organisationOf = ({ mspId, root, peer }: OrganisationKeys) => ({
  mspId,
  rootCertificate: root.cert,
  peer: newSigningIdentity(mspId, peer.cert, peer.key),
});

function openPeer(
  { folder, channel, chaincode, port }: Arguments,
  keys: readonly OrganisationKeys[],
  isRevoked: (mspId: string, serialNumber: string) => boolean,
): Promise<DevPeer> {
  return DevPeer.open({
    folder: join(folder, 'ledger'),
    channel,
    chaincode,
    organisations: keys.map(organisationOf),
    isRevoked,
    addressOf: (mspId) => `peer0.${mspId.toLowerCase()}:${port}`,
  });
}

/** The same shape as a real network's; no root of TLS means that the connection is in clear. */
function connectionFile(
  options: Arguments,
  keys: readonly OrganisationKeys[],
  port: number,
  caPort: number,
) {
  const organisations = keys.map(({ mspId, root, identities }) => ({
    mspId,
    rootCert: root.cert,
    tlsRootCert: null,
    peerEndpoint: `${HOST}:${port}`,
    hostAlias: null,
    caUrl: `http://${HOST}:${caPort}/${mspId}`,
    crl: listPath(options, mspId),
    identities,
  }));
  const { channel, chaincode } = options;
  return { channel, chaincode, organisations };
}
