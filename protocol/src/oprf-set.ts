/**
 * Several independent key servers as one OPRF: z = z_1 || ... || z_q in the order of their MSP ids, so keys stay
 * unpredictable while one server of the q is honest.
 *
 * Deviation: paper 000 has one agent that everybody must trust. Its additive splitting of d needs a dealer who knows d;
 * independent keys need none.
 *
 * @module
 */
import type { Random } from '#platform';
import { compareBytes, concat, fromBase64url, lengthPrefixed, u32be, u8, utf8 } from './bytes.ts';
import { HoldfastError } from './errors.ts';
import { transcript } from './hash.ts';
import type { KeyServerOrganisation } from './consortium-records.ts';
import { verifyModulus } from './modulus-certificate.ts';
import { blindAll, finalize, oprfInput, type KeyServerKey } from './oprf.ts';

/** All key servers that a key needs, ascending by MSP id, their moduli verified. */
export interface OprfSet {
  /** 32 bytes: salt of every key derived from this set. */
  readonly id: Uint8Array;
  readonly keys: readonly KeyServerKey[];
}

/** How an owner reaches a key server: one evaluated element for each blinded one. */
export type Oprf = (
  mspId: string,
  blinded: readonly Uint8Array[],
) => Promise<readonly Uint8Array[]>;

/** (Owner) T("oprf-set", u8 q, ( LP(mspId) || LP(N) || u32 e ) ascending by MSP id). */
export function oprfSetId(keys: readonly KeyServerKey[]): Uint8Array {
  const fields = keys
    .toSorted(byMspId)
    .map(({ mspId, modulus, exponent }) =>
      concat(lengthPrefixed(mspId), lengthPrefixed(modulus), u32be(exponent)),
    );
  return transcript('oprf-set', u8(keys.length), ...fields);
}

const byMspId = (a: KeyServerKey, b: KeyServerKey): number =>
  compareBytes(utf8(a.mspId), utf8(b.mspId));

/**
 * (Owner) The set of announced key servers, whose records were read attested.
 *
 * @throws `KEY_INVALID` naming the key server whose modulus is not certified; `INPUT_INVALID` where there is none, or one
 *   twice.
 */
export function openOprfSet(records: readonly KeyServerOrganisation[]): OprfSet {
  const names = new Set(records.map(({ mspId }) => mspId));
  if (names.size === 0 || names.size !== records.length) {
    throw new HoldfastError('INPUT_INVALID', 'key servers: expected at least one, none twice');
  }
  const keys = records.map(openKey).toSorted(byMspId);
  return { id: oprfSetId(keys), keys };
}

function openKey(record: KeyServerOrganisation): KeyServerKey {
  const { mspId, exponent } = record;
  const key = { mspId, modulus: fromBase64url(record.modulus), exponent };
  try {
    verifyModulus(
      key,
      record.roots.map((root) => fromBase64url(root)),
    );
  } catch (cause) {
    throw new HoldfastError('KEY_INVALID', `key server ${mspId}: its modulus is not certified`, {
      cause,
    });
  }
  return key;
}

/**
 * (Owner) Evaluates the OPRF at each tau, asking all key servers at once, each with one call.
 *
 * @returns z for each tau.
 * @throws `ANSWER_FALSE` naming the key server that did not evaluate what it was asked.
 */
export async function evaluateAll(
  set: OprfSet,
  taus: readonly Uint8Array[],
  oprf: Oprf,
  random: Random,
): Promise<Uint8Array[]> {
  if (taus.length === 0) return [];
  const inputs = taus.map(oprfInput);
  const outputs = await Promise.all(
    set.keys.map(async (key) => {
      const blindings = blindAll(inputs, key, random);
      const evaluated = await oprf(
        key.mspId,
        blindings.map(({ blinded }) => blinded),
      );
      return blindings.map((one, i) => finalize(one, evaluated[i] ?? new Uint8Array(), key));
    }),
  );
  return taus.map((_, i) => concat(...outputs.flatMap((ofServer) => ofServer.slice(i, i + 1))));
}
