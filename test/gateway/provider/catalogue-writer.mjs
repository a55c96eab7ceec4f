// Writes to the catalogue in the folder it is told, one numbered change of four rows after the other, and prints each
// number once it is durable.
import { hold, openCatalogue, putTail } from '../../../gateway/dist/provider/catalogue.js';

const catalogue = await openCatalogue(process.argv[2]);
for (let k = 1; k < 256; k++) {
  const pages = await catalogue.pages('tags', 'file', 1000 * (k - 1), new Uint8Array(1000));
  const digest = String(k).padStart(64, '0');
  await catalogue.write([...hold(digest, 'file'), putTail('file', Uint8Array.of(k)), ...pages]);
  process.stdout.write(`${k}\n`);
}
