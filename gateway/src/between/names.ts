/**
 * How a role is named in TLS: what a caller asks for (RFC 6066 section 3), so that one port can answer for several roles,
 * each under its own certificate.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { RoleIdentity } from '../ledger/ledger.ts';

/** MSP ids are no names of hosts; 16 bytes of a hash are, and are not guessed twice. */
export const serverNameOf = ({ mspId, role }: RoleIdentity): string => {
  const organisation = createHash('sha256').update(mspId).digest('hex').slice(0, 32);
  return `${role}.${organisation}.holdfast`;
};

/** As a sentence names it, such as `key server Cedar`. */
export const titleOf = ({ mspId, role }: RoleIdentity): string =>
  `${role.replace('-', ' ')} ${mspId}`;
