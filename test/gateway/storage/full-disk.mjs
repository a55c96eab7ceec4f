// Writes small records to a database in the folder it is told until its disk is full, says so, makes room, writes twenty
// more, and dies: `stored <key>` for each record that was acknowledged, `refused <code>` for each that was not. With
// `bare`, as LevelDB alone would do it.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { openDatabase } from '../../../gateway/dist/storage/database.js';

const [, , folder, how] = process.argv;
const filler = join(folder, 'filler');
await writeFile(filler, new Uint8Array(5_000_000));
const path = join(folder, 'records');
const database = how === 'bare' ? await bare() : await openDatabase(path, '1');

async function bare() {
  const level = new ClassicLevel(path, { valueEncoding: 'view' });
  await level.open();
  return { write: (operations) => level.batch(operations, { sync: true }) };
}

let refusals = 0;
for (let k = 0, after = 0; k < 5_000 && after < 20; k++) {
  const value = new Uint8Array(3_000 + ((7 * k) % 1_000));
  try {
    await database.write([{ type: 'put', key: `k${k}`, value }]);
    process.stdout.write(`stored k${k}\n`);
    if (refusals > 0) after++;
  } catch (error) {
    process.stdout.write(`refused ${error.code}\n`);
    if (++refusals === 3) await rm(filler);
  }
}
process.kill(process.pid, 'SIGKILL');
