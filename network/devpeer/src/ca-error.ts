/**
 * A refusal of the certificate authority, with Fabric CA's numbers.
 *
 * @module
 */

/** Fabric CA's error codes, as far as clients tell them apart. */
export const CaCode = {
  badRequest: 4,
  authentication: 20,
  notFound: 63,
  authorization: 71,
  isRegistered: 74,
  badCsr: 9,
} as const;

export class CaError extends Error {
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const badRequest = (message: string): CaError =>
  new CaError(400, CaCode.badRequest, message);

/** Says nothing about why, like Fabric CA. */
export const notAuthenticated = (): CaError =>
  new CaError(401, CaCode.authentication, 'Authentication failure');

export const notAuthorized = (message: string): CaError =>
  new CaError(403, CaCode.authorization, `Authorization failure: ${message}`);
