/**
 * The connection files: what a gateway needs to know of this network; the development ledger writes the same. One with all
 * identities, for a gateway that plays everybody, and `connection-<organisation>.json` with that organisation's own.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ownConnection } from '../../scripts/gateways.mjs';
import { replaceFile } from '../../scripts/replace-file.mjs';
import { caUrl, identitiesOf, rootCertificate } from './authority.mjs';

/** @param chaincode its name on the channel */
export function writeConnection(net, chaincode) {
  const organisations = net.organisations.map((organisation) => ({
    mspId: organisation.mspId,
    rootCert: readFileSync(rootCertificate(organisation), 'utf8'),
    tlsRootCert: readFileSync(`${organisation.home}/tls/ca.crt`, 'utf8'),
    peerEndpoint: `localhost:${organisation.port}`,
    caUrl: caUrl(organisation),
    crl: organisation.crl,
    gatewayUrl: `https://localhost:${organisation.gatewayPort}`,
    identities: identitiesOf(net, organisation),
  }));
  const all = { channel: net.channel, chaincode, organisations };
  write(net.connection, all);
  for (const { name, mspId } of net.organisations) {
    const path = join(dirname(net.connection), `connection-${name}.json`);
    write(path, ownConnection(all, mspId));
  }
}

const write = (path, connection) =>
  replaceFile(path, `${JSON.stringify(connection, undefined, 2)}\n`);
