/** A connection file with one identity. */
import { parseConnection, type Connection } from '../../gateway/src/ledger/connection.ts';
import type { TestIdentity } from './memory-ledger.ts';

/** Of one organisation. */
export function connectionOf(
  peerEndpoint: string,
  identity: Pick<TestIdentity, 'certificatePem' | 'privateKey'>,
): Connection {
  const key = identity.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const cert = identity.certificatePem;
  const file = {
    channel: 'holdfast',
    chaincode: 'holdfast',
    organisations: [
      {
        mspId: 'Alder',
        rootCert: cert,
        tlsRootCert: null,
        peerEndpoint,
        hostAlias: null,
        caUrl: 'http://127.0.0.1:1/Alder',
        identities: { agent: { cert, key } },
      },
    ],
  };
  return parseConnection(JSON.stringify(file), 'connection.json');
}
