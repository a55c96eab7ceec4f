/** npm run network -- certs: the certificates of a network listed, renewed, taken back, replaced. */
import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { renewRoles, replaceRole, revoke, writeRevocations } from '../network/fabric/authority.mjs';
import { certificatesOf } from '../network/fabric/certificates.mjs';
import { writeConnection } from '../network/fabric/connection.mjs';
import { CHAINCODE } from '../network/network.mjs';
import { expected, ready } from './ready.mjs';

/** Does what `certs` was told to, with what was said behind that. */
export async function certificates(fabric, verb, args, print) {
  const acts = { list, renew, revoke: takeBack, replace };
  if (!Object.hasOwn(acts, verb))
    throw expected(`certs, certs renew, certs revoke or certs replace; got ${verb}`, 2);
  await acts[verb](fabric, print, ...args);
}

/** Certificates that end sooner are pointed out, days. */
const SOON = 30;

function list(fabric, print) {
  const all = certificatesOf(fabric);
  for (const { ends, days, subject, path } of all) {
    print(
      `${ends.toISOString().slice(0, 10)}${String(days).padStart(6)} days  ${subject}  ${path}`,
    );
  }
  const soon = all.filter(({ days }) => days < SOON);
  if (soon.length > 0) throw expected(`${soon.length} end within ${SOON} days`, 3);
}

async function renew(fabric, print) {
  const refusals = await renewRoles(fabric);
  for (const organisation of fabric.organisations) {
    if (existsSync(organisation.crl)) await writeRevocations(fabric, organisation);
  }
  writeConnection(fabric, CHAINCODE);
  const [{ ends }] = certificatesOf(fabric);
  print(`Renewed, of the same keys; the first of all ends ${ends.toISOString().slice(0, 10)}.`);
  if (refusals.length > 0) throw expected(refusals.join('\n'), 3);
}

async function replace(fabric, print, mspId, role) {
  const organisation = organisationOf(fabric, mspId);
  if (organisation === undefined || role === undefined)
    throw expected('certs replace ORGANISATION ROLE', 2);
  const name = await replaceRole(fabric, organisation, role);
  writeConnection(fabric, CHAINCODE);
  print(`${mspId} plays ${role} as ${name}; gateways take it up within a minute.`);
}

const organisationOf = (fabric, mspId) => fabric.organisations.find((one) => one.mspId === mspId);

async function takeBack(fabric, print, mspId, name, aki) {
  const organisation = organisationOf(fabric, mspId);
  if (organisation === undefined || name === undefined)
    throw expected('certs revoke ORGANISATION NAME, or ORGANISATION SERIAL AKI in hex', 2);
  await revoke(fabric, organisation, aki === undefined ? { name } : { serial: name, aki });
  print(`Taken back: ${name}. Gateways read ${relative('', organisation.crl)}.`);
  await ready(print);
  const { publishRevocations } = await import('../network/fabric/channel-update.mjs');
  await publishRevocations(fabric, organisation);
  print(`Peers and orderers refuse it too: it stands in the channel's configuration.`);
}
