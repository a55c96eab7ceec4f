/**
 * A certificate revocation list (RFC 5280 section 5) as `fabric-ca-client gencrl` writes it.
 *
 * @module
 */
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { HoldfastError } from '@holdfast/protocol/errors.js';

export interface RevocationList {
  /** Lowercase hex without leading zeros. */
  readonly serialNumbers: ReadonlySet<string>;
  /** When it was made, and by when there will be another, milliseconds. */
  readonly madeAt: number;
  readonly nextBy: number | undefined;
}

/** One spelling for the serial numbers of all who write them. */
export const spelled = (serialNumber: string): string =>
  serialNumber.toLowerCase().replace(/^0+(?=.)/, '');

/**
 * @param text - PEM.
 * @param rootCertificate - PEM of the authority.
 * @throws `INPUT_INVALID` where it is none, or another authority's.
 */
export async function readRevocationList(
  text: string,
  rootCertificate: string,
): Promise<RevocationList> {
  try {
    const list = new x509.X509Crl(text);
    const root = new x509.X509Certificate(rootCertificate);
    if (list.issuer !== root.subject || !(await list.verify({ publicKey: root }))) {
      throw new Error('its authority has not signed it');
    }
    return {
      serialNumbers: new Set(list.entries.map(({ serialNumber }) => spelled(serialNumber))),
      madeAt: list.thisUpdate.getTime(),
      nextBy: list.nextUpdate?.getTime(),
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HoldfastError('INPUT_INVALID', `no revocation list: ${reason}`, { cause });
  }
}
