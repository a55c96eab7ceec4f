/**
 * Connections to the peers of a network: one client an organisation, one SDK gateway a role.
 *
 * @module
 */
import { Client, credentials, type ChannelCredentials, type ClientOptions } from '@grpc/grpc-js';
import { connect, hash, type Gateway } from '@hyperledger/fabric-gateway';
import { utf8 } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { LiveConnection } from '../identity/live-connection.ts';
import type { ConnectedOrganisation } from './connection.ts';
import type { OwnerIdentity, RoleIdentity } from './ledger.ts';
import { newSigner } from './signer.ts';

/** What a ledger client stands on: SDK gateways by role; in tests those of the ledger in memory. */
export interface LedgerLink {
  readonly channel: string;
  readonly chaincode: string;
  /** @throws `NOT_ALLOWED` where we hold no such identity. */
  gatewayAs(identity: RoleIdentity): Gateway;
  /** By way of the peer of the owner's organisation. */
  connectOwner(identity: OwnerIdentity): Gateway;
  close(): Promise<void>;
}

/**
 * Milliseconds a call may take; an endorsement may compute a verdict on a busy machine. An orderer that has just lost the
 * others takes what it cannot order any more: whoever waits for that is told within half a minute.
 */
const DEADLINE_MS = { evaluate: 20_000, endorse: 60_000, submit: 20_000, commitStatus: 20_000 };

/** Bytes of a message: Fabric's own limit of an envelope is 10 MB. */
const MESSAGE_BYTES = 32 * 1024 * 1024;

const within = (milliseconds: number) => () => ({ deadline: Date.now() + milliseconds });

/** (Agent) Connects lazily: nothing is dialled before the first call. Whoever is renewed signs as such from then on. */
export function connectPeers(current: LiveConnection, deadlineMs = DEADLINE_MS): LedgerLink {
  const clients = new Map<string, Client>();
  const gateways = new Map<string, { readonly certificate: string; readonly gateway: Gateway }>();
  const { channel, chaincode } = current();

  function clientOf(organisation: ConnectedOrganisation): Client {
    const held = clients.get(organisation.mspId);
    if (held !== undefined) return held;
    const client = new Client(
      organisation.peerEndpoint,
      channelOf(organisation),
      optionsOf(organisation),
    );
    clients.set(organisation.mspId, client);
    return client;
  }

  function gatewayAs({ mspId, role }: RoleIdentity): Gateway {
    const name = `${mspId}/${role}`;
    const organisation = organisationOf(mspId);
    const identity = organisation?.identities[role];
    if (organisation === undefined || identity === undefined) {
      throw new HoldfastError('NOT_ALLOWED', `the connection file holds no identity of ${name}`);
    }
    const { cert: certificate, key } = identity;
    const held = gateways.get(name);
    if (held?.certificate === certificate) return held.gateway;
    const gateway = connectAs({ mspId, certificate, sign: newSigner(key) }, organisation);
    gateways.set(name, { certificate, gateway });
    return gateway;
  }

  const organisationOf = (wanted: string): ConnectedOrganisation | undefined =>
    current().organisations.find(({ mspId }) => mspId === wanted);

  const connectAs = (
    { mspId, certificate, sign }: OwnerIdentity,
    organisation: ConnectedOrganisation,
  ): Gateway =>
    connect({
      client: clientOf(organisation),
      identity: { mspId, credentials: utf8(certificate) },
      signer: sign,
      hash: hash.none,
      evaluateOptions: within(deadlineMs.evaluate),
      endorseOptions: within(deadlineMs.endorse),
      submitOptions: within(deadlineMs.submit),
      commitStatusOptions: within(deadlineMs.commitStatus),
    });

  function connectOwner(identity: OwnerIdentity): Gateway {
    const organisation = organisationOf(identity.mspId);
    if (organisation === undefined) {
      throw new HoldfastError('NOT_ALLOWED', `${identity.mspId} is not in the connection file`);
    }
    return connectAs(identity, organisation);
  }

  return {
    channel,
    chaincode,
    gatewayAs,
    connectOwner,
    close() {
      for (const { gateway } of gateways.values()) gateway.close();
      for (const client of clients.values()) client.close();
      return Promise.resolve();
    },
  };
}

const channelOf = ({ tlsRootCert }: ConnectedOrganisation): ChannelCredentials =>
  tlsRootCert === null
    ? credentials.createInsecure()
    : credentials.createSsl(Buffer.from(tlsRootCert));

const optionsOf = ({ hostAlias }: ConnectedOrganisation): ClientOptions => ({
  'grpc.max_receive_message_length': MESSAGE_BYTES,
  'grpc.max_send_message_length': MESSAGE_BYTES,
  'grpc.keepalive_time_ms': 30_000,
  // a peer that comes back is found at once, however long it was away
  'grpc.max_reconnect_backoff_ms': 2_000,
  ...(typeof hostAlias === 'string' ? { 'grpc.ssl_target_name_override': hostAlias } : {}),
});
