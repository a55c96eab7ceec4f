/**
 * npm run demo [FILE]: one file's whole story, each step one line with what it proves.
 *
 * Uses the system that runs on the data folder, or starts one of its own and stops it at the end. Without FILE it
 * takes the node binary itself.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { dataFolder, running } from './data-folder.mjs';
import { expected, ready, say } from './ready.mjs';

const began = Date.now();
const path = process.argv[3] ?? process.execPath;
if (!existsSync(path) || !statSync(path).isFile()) throw expected(`No file at ${path}.`, 2);
await ready();
const { startSystem } = await import('./system.mjs');
const { damageBlock } = await import('./damage.mjs');
const { Owner } = await import('@holdfast/client/owner.js');
const { fileSource } = await import('@holdfast/client/file-source.js');

const scratch = mkdtempSync(join(tmpdir(), 'holdfast-demo-'));
const removeScratch = () => rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
for (const [signal, exit] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
]) {
  process.once(signal, () => {
    // the last to hear of it: by then all that was started is killed
    process.once('exit', removeScratch);
    process.exit(exit);
  });
}
let own;
try {
  const here = running(dataFolder());
  if (!here) own = await startSystem({ folder: join(scratch, 'system'), port: 0 });
  await story(own ?? { url: here.url, folder: dataFolder() });
  say(`\nThe story took ${seconds(began)}.`);
} finally {
  await own?.stop();
  removeScratch();
}

async function story({ url, folder }) {
  tell('system', `${own ? 'started for this story' : 'the running one'} at ${url}`, began);
  const { owner, phrase } = await create(url);
  const file = await put(owner);
  const { epoch } = await audited(owner, file, { after: -1, want: 'intact', step: 'audit' });
  const node = await damage(owner, file, folder);
  const found = await audited(owner, file, { after: epoch, node, want: 'damaged', step: 'audit' });
  await audited(owner, file, { after: found.epoch, node, want: 'intact', step: 'repair' });
  await bringBack(await recover(url, phrase), file);
}

async function create(gateway) {
  const start = Date.now();
  const home = join(scratch, 'first');
  const created = await Owner.create({ gateway, home, password: 'seven words nobody guesses' });
  tell('init', 'an account on the ledger; seed and 24 words never left this process', start);
  return created;
}

async function put(owner) {
  const start = Date.now();
  const file = await owner.put(basename(path), fileSource(path));
  const size = `${(statSync(path).size / 2 ** 20).toFixed(1)} MiB`;
  const where = `${file.blocks} blocks on ${file.nodes.join(' ')}`;
  tell(
    'put',
    `${size} sealed here, ${where}; its key in 5 shares on the ledger, any 3 open`,
    start,
  );
  return file;
}

/** Flips bits behind the node's back, then has the owner ask that very node. */
async function damage(owner, file, folder) {
  const start = Date.now();
  const { answerBlocks } = await owner.config();
  const leaves = await owner.leaves(file.fileId);
  const count = file.blocks <= answerBlocks ? 1 : Math.ceil(file.blocks / 100);
  const step = Math.floor(file.blocks / count);
  const [node] = file.nodes;
  for (let i = 0; i < count; i++) {
    await damageBlock(join(folder, 'storage', node), leaves[i * step].digest);
  }
  await owner.ask(file.fileId, { node, blocks: Math.min(file.blocks, answerBlocks) });
  tell('damage', `one bit flipped in ${plural(count, 'block')} on ${node}; the owner asks`, start);
  return node;
}

/** Waits for the first verdict after an epoch, of one node or any, and says how it came about. */
async function audited(owner, { fileId }, { after, node, want, step }) {
  const start = Date.now();
  const audit = await nextAudit(owner, fileId, { after, node });
  const named = audit.damagedUids.length > 0 ? `; named: ${some(audit.damagedUids)}` : '';
  const mended = step === 'repair' ? 'taken from another node and audited again, ' : '';
  const sample = `${audit.sampled} of ${audit.blocks} blocks on ${audit.node}`;
  const challenge = `challenge by ${await owner.delegateName(audit.delegate)}'s beacon ${audit.epoch}`;
  tell(
    step,
    `${audit.verdict}: ${mended}${sample}, ${challenge}, computed by the contract${named}`,
    start,
  );
  if (audit.verdict !== want) throw new Error(`expected ${want}, got ${audit.verdict}`);
  return audit;
}

async function nextAudit(owner, fileId, { after, node }) {
  for (let tries = 0; tries < 600; tries++) {
    const found = (await owner.audits(fileId)).filter(
      (audit) => audit.epoch > after && (node === undefined || audit.node === node),
    );
    if (found.length > 0) return found.reduce((a, b) => (a.epoch < b.epoch ? a : b));
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw expected('No verdict within two minutes; see the logs of the system.');
}

async function recover(gateway, phrase) {
  const start = Date.now();
  const home = join(scratch, 'second');
  const owner = await Owner.restore({ gateway, home, password: 'another machine', phrase });
  const names = [];
  for await (const { name } of owner.recover()) names.push(name);
  tell('recover', `${names.join(', ')} found on a blank machine from the 24 words`, start);
  return owner;
}

async function bringBack(owner, { fileId }) {
  const start = Date.now();
  const hash = createHash('sha256');
  for await (const bytes of owner.get(fileId)) hash.update(bytes);
  const [got, wanted] = [hash.digest('hex'), await digestOf(path)];
  if (got !== wanted) throw new Error(`expected sha256 ${wanted}, got ${got}`);
  tell(
    'get',
    `every block verified before a byte left; sha256 ${got.slice(0, 16)}… as before`,
    start,
  );
}

async function digestOf(file) {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(file)) hash.update(bytes);
  return hash.digest('hex');
}

function plural(count, word) {
  return count === 1 ? `1 ${word}` : `${count} ${word}s`;
}

function some(uids) {
  const more = uids.length > 5 ? ` and ${uids.length - 5} more` : '';
  return `block ${uids.slice(0, 5).join(', ')}${more}`;
}

function seconds(start) {
  return `${((Date.now() - start) / 1000).toFixed(1)} s`;
}

function tell(step, text, start) {
  process.stdout.write(`${step.padEnd(8)} ${seconds(start).padStart(7)}  ${text}\n`);
}
