/**
 * Fabric's validation codes by name.
 *
 * @module
 */
import { StatusCode } from '@hyperledger/fabric-gateway';

const NAMES = new Map<number, string>(
  Object.entries(StatusCode).map(([name, code]) => [code, name]),
);

/** Such as `VALID` or `MVCC_READ_CONFLICT`. */
export const validationName = (code: number): string => NAMES.get(code) ?? `CODE_${code}`;

/** Whether a transaction read what another changed before it was committed. */
export const isOvertaken = (validation: string): boolean =>
  ['MVCC_READ_CONFLICT', 'PHANTOM_READ_CONFLICT'].includes(validation);
