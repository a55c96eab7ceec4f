/**
 * Who is known to the certificate authorities, and which certificates they have issued and revoked.
 *
 * One LevelDB for all organisations, which also keeps a second process off the folder.
 *
 * @module
 */
import { ClassicLevel } from 'classic-level';
import { openIn } from './durable-folder.ts';

export interface RegisteredAttribute {
  readonly name: string;
  readonly value: string;
  /** Whether it goes into the certificate. */
  readonly inCertificate: boolean;
}

export interface RegisteredIdentity {
  readonly id: string;
  /** SHA-256 of the enrolment secret, hex. */
  readonly secretHash: string;
  readonly type: string;
  readonly affiliation: string;
  readonly attributes: readonly RegisteredAttribute[];
  /** -1 for any number. */
  readonly maxEnrollments: number;
  readonly enrollments: number;
  readonly isRevoked: boolean;
}

export interface IssuedCertificate {
  readonly id: string;
  readonly serialNumber: string;
  /** Authority key identifier, hex. */
  readonly authorityKeyId: string;
}

const identityKey = (mspId: string, id: string): string => `identity/${mspId}/${id}`;
const certificateKey = (mspId: string, serialNumber: string): string =>
  `certificate/${mspId}/${serialNumber}`;
const revocationKey = (mspId: string, serialNumber: string): string =>
  `revoked/${mspId}/${serialNumber}`;

export class Register {
  readonly #database: ClassicLevel<string, unknown>;

  private constructor(database: ClassicLevel<string, unknown>) {
    this.#database = database;
  }

  /** @throws when another process has the folder open. */
  static async open(folder: string): Promise<Register> {
    const database = new ClassicLevel<string, unknown>(folder, { valueEncoding: 'json' });
    await openIn(folder, database);
    return new Register(database);
  }

  identity(mspId: string, id: string): RegisteredIdentity | undefined {
    return this.#database.getSync(identityKey(mspId, id)) as RegisteredIdentity | undefined;
  }

  putIdentity(mspId: string, identity: RegisteredIdentity): Promise<void> {
    return this.#write([[identityKey(mspId, identity.id), identity]]);
  }

  certificate(mspId: string, serialNumber: string): IssuedCertificate | undefined {
    const key = certificateKey(mspId, serialNumber);
    return this.#database.getSync(key) as IssuedCertificate | undefined;
  }

  /** Together with what has become of the identity that it was issued to. */
  putCertificate(
    mspId: string,
    certificate: IssuedCertificate,
    identity: RegisteredIdentity,
  ): Promise<void> {
    return this.#write([
      [certificateKey(mspId, certificate.serialNumber), certificate],
      [identityKey(mspId, identity.id), identity],
    ]);
  }

  /** All certificates issued to an identity. */
  async certificatesOf(mspId: string, id: string): Promise<IssuedCertificate[]> {
    const range = { gte: certificateKey(mspId, ''), lt: certificateKey(mspId, '~') };
    const all = (await this.#database.values(range).all()) as IssuedCertificate[];
    return all.filter((certificate) => certificate.id === id);
  }

  /** @param serialNumber - lowercase hex. */
  isRevoked(mspId: string, serialNumber: string): boolean {
    return this.#database.getSync(revocationKey(mspId, serialNumber)) !== undefined;
  }

  /** Serial numbers of what an organisation has taken back, lowercase hex. */
  async revokedOf(mspId: string): Promise<string[]> {
    const prefix = revocationKey(mspId, '');
    const keys = await this.#database.keys({ gte: prefix, lt: `${prefix}~` }).all();
    return keys.map((key) => key.slice(prefix.length));
  }

  /** @param identity - whose certificates they are, where it goes with them. */
  revoke(
    mspId: string,
    serialNumbers: readonly string[],
    identity?: RegisteredIdentity,
  ): Promise<void> {
    return this.#write([
      ...serialNumbers.map((serial) => [revocationKey(mspId, serial), true] as const),
      ...(identity === undefined ? [] : [[identityKey(mspId, identity.id), identity] as const]),
    ]);
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  /** All of it or nothing, on disk when it resolves. */
  #write(entries: readonly (readonly [key: string, value: unknown])[]): Promise<void> {
    const puts = entries.map(([key, value]) => ({ type: 'put' as const, key, value }));
    return this.#database.batch(puts, { sync: true });
  }
}
