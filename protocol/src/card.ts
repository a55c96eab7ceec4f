/**
 * The card of a file: its name, type and date, as the owner gave them. It is stored beside the file, sealed to 512 bytes
 * whatever it says, under HKDF(K_F || S_f, "card"): not even another owner of the same bytes reads it.
 *
 * ```text
 * plaintext = LP(name) || LP(type) || u64 modifiedAt, zero bytes up to 484
 * sealed    = nonce (12) || AES-256-GCM || tag (16)
 * ```
 *
 * @module
 */
import { concat, fromUtf8, lengthPrefixed, toInteger, u64be } from './bytes.ts';
import { openRecord, RECORD_OVERHEAD, sealRecord, type RecordLabels } from './cipher.ts';
import { HoldfastError } from './errors.ts';

/** Bytes of a sealed card. */
export const CARD_BYTES = 512;

const LABELS: RecordLabels = { key: 'card', nonce: 'card-iv' };
const PLAIN_BYTES = CARD_BYTES - RECORD_OVERHEAD;

export interface Card {
  readonly name: string;
  /** Media type, empty where unknown. */
  readonly type: string;
  /** Milliseconds since 1970, informational. */
  readonly modifiedAt: number;
}

/**
 * (Owner) Seals a card.
 *
 * @param fileSecret - K_F || S_f, 64 bytes.
 * @throws `INPUT_INVALID` where name and type together are longer than 468 bytes of UTF-8.
 */
export async function sealCard(fileSecret: Uint8Array, card: Card): Promise<Uint8Array> {
  const fields = [lengthPrefixed(card.name), lengthPrefixed(card.type), u64be(card.modifiedAt)];
  const record = concat(...fields);
  if (record.length > PLAIN_BYTES) {
    const excess = record.length - PLAIN_BYTES;
    throw new HoldfastError('INPUT_INVALID', `name and type are ${excess} bytes too long`, {
      pointer: '/name',
    });
  }
  const padded = concat(record, new Uint8Array(PLAIN_BYTES - record.length));
  return sealRecord(fileSecret, LABELS, padded);
}

/**
 * (Owner) Opens a card.
 *
 * @throws `KEY_INVALID` where the secret does not open it, `INPUT_INVALID` where it is no card.
 */
export async function openCard(fileSecret: Uint8Array, sealed: Uint8Array): Promise<Card> {
  if (sealed.length !== CARD_BYTES) {
    throw new HoldfastError(
      'INPUT_INVALID',
      `a card has ${CARD_BYTES} bytes, not ${sealed.length}`,
    );
  }
  const bytes = await openRecord(fileSecret, LABELS, sealed);
  const name = field(bytes, 0);
  const type = field(bytes, name.end);
  const modifiedAt = toInteger(bytes.slice(type.end, type.end + 8));
  if (type.end + 8 > bytes.length || modifiedAt > BigInt(Number.MAX_SAFE_INTEGER)) throw noCard();
  if (bytes.slice(type.end + 8).some((byte) => byte !== 0)) throw noCard();
  return { name: name.text, type: type.text, modifiedAt: Number(modifiedAt) };
}

function field(bytes: Uint8Array, start: number): { text: string; end: number } {
  const end = start + 4 + Number(toInteger(bytes.slice(start, start + 4)));
  if (end > bytes.length) throw noCard();
  return { text: fromUtf8(bytes.slice(start + 4, end)), end };
}

const noCard = (): HoldfastError => new HoldfastError('INPUT_INVALID', 'not a card');
