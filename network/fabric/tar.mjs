/** A ustar archive without times and owners: the same content has the same bytes, hence the same package id. */

const BLOCK = 512;

/** @param entries pairs of a name (under 100 characters) and its content */
export const tar = (entries) =>
  Buffer.concat([
    ...entries.flatMap(([name, content]) => entry(name, Buffer.from(content))),
    Buffer.alloc(2 * BLOCK),
  ]);

function entry(name, body) {
  const head = Buffer.alloc(BLOCK);
  const octal = (value, digits) => `${value.toString(8).padStart(digits, '0')}\0`;
  const fields = [
    [0, name],
    [100, octal(0o644, 7)],
    [108, octal(0, 7)],
    [116, octal(0, 7)],
    [124, octal(body.length, 11)],
    [136, octal(0, 11)],
    // the sum is taken as if it were spaces
    [148, ' '.repeat(8)],
    [156, '0'],
    [257, 'ustar\u000000'],
  ];
  for (const [at, text] of fields) head.write(text, at, 'latin1');
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${octal(sum, 6)} `, 148, 'latin1');
  return [head, body, Buffer.alloc(-body.length & (BLOCK - 1))];
}
