// What a provider and a key server write, one step after the other, in the folder it is told; each step is acknowledged
// on standard output, a line of JSON, when the product says that it is durable. strace records it.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { openAuditLines } from '../../gateway/dist/key-server/audit-lines.js';
import { newLog } from '../../gateway/dist/log.js';
import { privateFile } from '../../gateway/dist/private-files.js';
import { openCatalogue, putFile } from '../../gateway/dist/provider/catalogue.js';
import { receiveContent } from '../../gateway/dist/provider/content.js';
import { innerBlocks } from '../../gateway/dist/provider/copies.js';
import { dropFile } from '../../gateway/dist/provider/drop.js';
import { leavesOf } from '../../gateway/dist/provider/file-rows.js';
import { newKeyedQueue } from '../../gateway/dist/provider/keyed-queue.js';
import { storeBlocks } from '../../gateway/dist/provider/block-store.js';
import { openEmbeddedNode } from '../../gateway/dist/storage/embedded-node.js';
import { openStore } from '../../gateway/dist/store.js';

const [, , folder, count] = process.argv;
const NODES = ['node-1', 'node-2'];
const AT = '2026-11-21T09:00:00.000Z';
const acknowledge = (step) => process.stdout.write(`${JSON.stringify(step)}\n`);
const digest = (text) => createHash('sha256').update(text).digest('hex');
const bytesOf = (text, length) => {
  const block = createHash('sha512').update(text).digest();
  return new Uint8Array(Buffer.alloc(length, block));
};

const { signal } = new AbortController();
const nodes = await Promise.all(
  NODES.map((name) => openEmbeddedNode({ name, folder: join(folder, 'nodes', name) })),
);
const catalogue = await openCatalogue(join(folder, 'provider', 'catalogue'));
const store = {
  catalogue,
  nodes: new Map(nodes.map((node) => [node.name, node])),
  exclusive: newKeyedQueue(),
  log: newLog('silent'),
  signal,
};
const rows = (await openStore(join(folder, 'gateway'))).table('rows');
const lines = await openAuditLines(join(folder, 'key-server'));

for (let k = 0; k < Number(count); k++) {
  const fileId = digest(`file ${k}`);
  // every third file has the bytes of the one before: their blocks have two holders
  const content = bytesOf(`content ${k % 3 === 2 ? k - 1 : k}`, 9_000 + 700 * (k % 5));
  const request = {
    fileId,
    tagKeyId: digest('tag key'),
    blockSize: 4_096,
    paddedSize: content.length - 300,
    manifestSize: 300,
    firstUid: 0,
    taggedAt: 0,
    padding: false,
  };
  let file = {
    fileId,
    ownerId: digest('owner'),
    request,
    terms: { providerId: 'Birch', nodes: NODES, expiryEpoch: 1 },
    expiresAt: AT,
    contentBytes: 0,
    tagBytes: 0,
    nodes: NODES,
    incomplete: [],
    roots: [],
    state: 'uploading',
    accepted: null,
  };
  await catalogue.write([putFile(file)]);
  acknowledge({ k, fileId, step: 'open' });
  for (const end of [5_000, content.length]) {
    const part = [content.subarray(file.contentBytes, end)];
    file = await receiveContent(store, file, part, 2);
    acknowledge({ k, fileId, step: 'content', bytes: file.contentBytes });
  }
  const tags = bytesOf(`tags ${k}`, 48 * Math.ceil(content.length / 4_096));
  file = { ...file, tagBytes: tags.length };
  await catalogue.write([
    ...(await catalogue.pages('tags', fileId, 0, tags)),
    ...(await catalogue.pages('card', fileId, 0, bytesOf(`card ${k}`, 512))),
    putFile(file),
  ]);
  acknowledge({ k, fileId, step: 'tags' });
  const { roots, blocks } = await innerBlocks(catalogue, fileId, await leavesOf(catalogue, fileId));
  file = { ...file, roots: roots.map(String) };
  await catalogue.write([putFile(file)]);
  await storeBlocks(store, fileId, blocks, NODES);
  for (const node of nodes) for (const root of roots) await node.pin(root, signal);
  file = { ...file, state: 'registered', accepted: {} };
  await catalogue.write([putFile(file)]);
  acknowledge({ k, fileId, step: 'accepted' });
  await lines.write({ at: AT, ownerId: digest('owner'), key: `key-${k}`, elements: 1 });
  acknowledge({ k, fileId, step: 'line' });
  await rows.put(`row ${k}`, { k });
  acknowledge({ k, fileId, step: 'row' });
  await privateFile(join(folder, 'keys', `key-${k}`), () => bytesOf(`key ${k}`, 32));
  acknowledge({ k, fileId, step: 'key' });
  if (k % 4 !== 1) continue;
  acknowledge({ k, fileId, step: 'dropping' });
  await dropFile(store, file);
  acknowledge({ k, fileId, step: 'dropped' });
}
