/** The connection file: what a gateway needs to know of this network; the development ledger writes the same. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
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
  const text = JSON.stringify({ channel: net.channel, chaincode, organisations }, undefined, 2);
  writeFileSync(`${net.connection}.new`, `${text}\n`, { mode: 0o600 });
  renameSync(`${net.connection}.new`, net.connection);
}
