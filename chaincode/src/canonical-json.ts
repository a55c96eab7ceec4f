/**
 * JSON with one spelling: what every endorser writes must be the same bytes.
 *
 * @module
 */

/**
 * Members are ordered by name, absent ones are left out, nothing stands between tokens (as RFC 8785 does for the values
 * that occur here: strings, booleans, null, exact integers, arrays, objects).
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new Error(`bug: ${value} has no exact spelling`);
  }
  if (typeof value === 'bigint') throw new Error('bug: amounts are decimal strings in JSON');
  return JSON.stringify(value);
}
