/** npm run reset: removes the development ledger, its stores and its identities, so that npm start begins anew. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dataFolder, isOurs, running } from './data-folder.mjs';
import { expected, say } from './ready.mjs';

const folder = dataFolder();
if (running(folder)) {
  throw expected(
    `A system is running on ${folder}: stop it first (Ctrl-C where npm start runs).`,
    2,
  );
}
if (existsSync(folder) && readdirSync(folder).length > 0 && !isOurs(folder)) {
  throw expected(`${folder} was not made by npm start alone: nothing removed.`, 2);
}
rmSync(folder, { recursive: true, force: true });
say(`Removed ${folder}. Next: npm start`);
