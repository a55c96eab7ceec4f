/**
 * What an organisation must prove of what it announces about a role.
 *
 * @module
 */
import { fromBase64url } from '@holdfast/protocol/bytes.js';
import type { Announcement } from '@holdfast/protocol/consortium-records.js';
import { atField } from '@holdfast/protocol/errors.js';
import { verifyModulus } from '@holdfast/protocol/modulus-certificate.js';
import { verifyPossession, type PossessionLabel } from '@holdfast/protocol/signature.js';
import { expectField, must } from './refuse.ts';

interface Announcer {
  readonly mspId: string;
  readonly channel: string;
}

/** @throws `KEY_INVALID`; `INPUT_INVALID` naming the field. */
export function checkAnnouncement(announcement: Announcement, announcer: Announcer): void {
  switch (announcement.role) {
    case 'provider': {
      const { nodes, pricePerEpoch, bond } = announcement;
      const at = '/announcement';
      expectField(new Set(nodes).size === nodes.length, `${at}/nodes`, 'expected each node once');
      expectField(
        pricePerEpoch === '0',
        `${at}/pricePerEpoch`,
        'prices come with payments: expected 0',
      );
      expectField(bond === '0', `${at}/bond`, 'bonds come with payments: expected 0');
      checkPossession(announcement.acceptanceKey, announcement, announcer, 'possession-provider');
      return;
    }
    case 'delegate':
      checkPossession(announcement.beaconKey, announcement, announcer, 'possession-delegate');
      return;
    case 'key-server': {
      const { modulus, exponent, roots } = announcement;
      verifyModulus(
        { modulus: fromBase64url(modulus), exponent },
        roots.map((root) => fromBase64url(root)),
      );
    }
  }
}

/** The label keeps a key announced for one use from standing for another; the MSP id, one organisation's for another's. */
function checkPossession(
  key: string,
  { possession }: { readonly possession: string },
  { mspId, channel }: Announcer,
  label: PossessionLabel,
): void {
  const bytes = fromBase64url(key);
  const isHeld = atField('/announcement/possession', () =>
    verifyPossession(bytes, fromBase64url(possession), label, mspId, channel),
  );
  must(isHeld, 'KEY_INVALID', `${mspId} does not prove that it holds the key it announces`);
}
