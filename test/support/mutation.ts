/** Good values made bad: bytes, texts and JSON. */
import { base64url } from '@holdfast/protocol/bytes.js';
import { type Draw, pick } from './fuzzing.ts';

const bytesFrom = (draw: Draw, length: number): Uint8Array =>
  Uint8Array.from({ length }, () => draw(256));

/** One of the samples, changed in one way; sometimes as it is, sometimes noise. */
export function changedBytes(draw: Draw, samples: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pick(draw, samples));
  const at = draw(bytes.length + 1);
  switch (draw(9)) {
    case 0:
      return bytesFrom(draw, draw(200));
    case 1:
      return bytes.subarray(0, at);
    case 2:
      return join(bytes, bytesFrom(draw, 1 + draw(100)));
    case 3:
      return join(bytes.subarray(0, at), pick(draw, samples).subarray(at));
    case 4:
      return bytes.fill(pick(draw, [0, 0xff, 0x80]), at, at + 1 + draw(8));
    case 5:
      return join(bytes.subarray(0, at), bytes.subarray(at + 1 + draw(50)));
    case 6:
      return bytes;
    default:
      for (let flips = 1 + draw(4); flips > 0; flips--) {
        const where = draw(Math.max(bytes.length, 1));
        bytes[where] = (bytes[where] ?? 0) ^ (1 << draw(8));
      }
      return bytes;
  }
}

const join = (a: Uint8Array, b: Uint8Array): Uint8Array => Uint8Array.of(...a, ...b);

const LETTERS = ['\0', '\u{10ffff}', '\ud800', '/', '..', ' ', '"', '\\', 'é', '-', '=', '\n', 'Z'];

/** A text with letters changed, put in, left out, or repeated. */
export function changedText(draw: Draw, text: string): string {
  const at = draw(text.length + 1);
  const letter = pick(draw, LETTERS);
  switch (draw(6)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return `${text.slice(0, at)}${letter}${text.slice(at)}`;
    case 2:
      return `${text.slice(0, at)}${letter}${text.slice(at + 1)}`;
    case 3:
      return text.slice(0, at) + text.slice(at + 1 + draw(5));
    case 4:
      return text.toUpperCase();
    default:
      return text.repeat(2 + draw(3));
  }
}

const ODD: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -0,
  -1,
  1,
  0.5,
  255,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  1e308,
  '',
  '0',
  '-1',
  '00',
  '1e9',
  ' 1',
  '\0',
  '\u{10ffff}',
  '\ud800',
  '__proto__',
  '../../etc/passwd',
  '0'.repeat(64),
  'f'.repeat(64),
  'F'.repeat(64),
  'A'.repeat(43),
  'A'.repeat(64),
  'A'.repeat(128),
  `wA${'A'.repeat(62)}`,
  '_'.repeat(64),
  base64url(new Uint8Array(32).fill(0xff)),
  [],
  {},
  [[]],
  [null],
  { length: 1 },
  { toString: 1 },
];

/** A good value with one to three members replaced, left out, doubled, exchanged or added. */
export function changedJson(draw: Draw, sample: unknown): unknown {
  let value = sample;
  for (let changes = 1 + draw(3); changes > 0; changes--) value = changedOnce(draw, value);
  return value;
}

function changedOnce(draw: Draw, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return changedLeaf(draw, value);
  const members = Object.keys(value);
  if (members.length === 0 || draw(12) === 0) return withMore(draw, value);
  if (draw(40) === 0) return pick(draw, ODD);
  const member = pick(draw, members);
  const inner = (value as Record<string, unknown>)[member];
  const kind = draw(10);
  if (kind === 0) return without(value, member);
  if (kind === 1) return replaced(value, member, memberOf(value, pick(draw, members)));
  return replaced(value, member, changedOnce(draw, inner));
}

function changedLeaf(draw: Draw, value: unknown): unknown {
  if (draw(2) === 0) return pick(draw, ODD);
  if (typeof value === 'string') return changedText(draw, value);
  if (typeof value === 'number') return value + pick(draw, [-1, 1, 0.5, 2 ** 32, -(2 ** 31)]);
  return pick(draw, ODD);
}

const memberOf = (value: object, member: string): unknown =>
  (value as Record<string, unknown>)[member];

function replaced(value: object, member: string, by: unknown): unknown {
  return Array.isArray(value) ? value.with(Number(member), by) : { ...value, [member]: by };
}

function without(value: object, member: string): unknown {
  if (Array.isArray(value)) return value.filter((_, i) => String(i) !== member);
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== member));
}

function withMore(draw: Draw, value: object): unknown {
  if (!Array.isArray(value)) {
    const name = pick(draw, ['surplus', '__proto__', 'constructor', '', 'a/b~c', '\0']);
    return Object.fromEntries([...Object.entries(value), [name, pick(draw, ODD)]]);
  }
  const items: readonly unknown[] = value;
  const more = items.length === 0 ? pick(draw, ODD) : pick(draw, items);
  return [...items, ...Array.from({ length: pick(draw, [1, 2, 20, 300]) }, () => more)];
}

/** Such a value as text; now and then the text itself is changed. */
export function changedJsonText(draw: Draw, sample: unknown): string {
  const text = JSON.stringify(changedJson(draw, sample)) ?? '';
  return draw(12) === 0 ? changedText(draw, text) : text;
}
