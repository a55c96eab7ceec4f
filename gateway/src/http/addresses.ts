/**
 * Addresses that requests come from.
 *
 * @module
 */

/** What stands for one sender: an IPv4 address, or the /64 that somebody with an IPv6 address has all of. */
export function addressKey(address = ''): string {
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address;
  return `${groupsOf(address.toLowerCase()).slice(0, 4).join(':')}::/64`;
}

/** All eight, `::` written out. */
function groupsOf(address: string): string[] {
  const [head, tail] = address.split('%', 1).join('').split('::').map(listed);
  if (head === undefined || tail === undefined) return head ?? [];
  return [...head, ...Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0'), ...tail];
}

const listed = (groups: string): string[] => groups.split(':').filter((group) => group !== '');
