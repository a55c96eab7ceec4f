/**
 * What others need of a connection.
 *
 * @module
 */
import { X509Certificate } from 'node:crypto';
import { consortiumNumber } from '@holdfast/protocol/ids.js';
import type { Network } from '@holdfast/protocol/network-messages.js';
import type { Registrar } from '../enrolment/certificate-authority.ts';
import { isDevelopment, type Connection } from './connection.ts';

/** What a client pins, as this gateway's agent says it. */
export function networkOf(connection: Connection, agent: string): Network {
  const { channel, chaincode, organisations } = connection;
  const pins = organisations.map(({ mspId, rootCert }) => ({
    mspId,
    rootCertificate: new X509Certificate(rootCert).raw,
  }));
  return {
    channel,
    chaincode,
    consortium: consortiumNumber(channel, pins),
    agent,
    organisations: organisations.map(({ mspId, rootCert }) => ({
      mspId,
      rootCertificate: rootCert,
    })),
    development: isDevelopment(connection),
  };
}

/** The agent as its authority knows it. */
export function registrarOf({ organisations }: Connection, mspId: string): Registrar {
  const organisation = organisations.find((each) => each.mspId === mspId);
  const identity = organisation?.identities.agent;
  if (organisation === undefined || identity === undefined) {
    throw new Error('bug: an agent without an identity');
  }
  const { caUrl, tlsRootCert } = organisation;
  return { caUrl, tlsRootCert, cert: identity.cert, key: identity.key };
}
