/** Another repository in the place of a storage node's lost one, where nothing is lost by it. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { expected } from '../../scripts/ready.mjs';
import { stop } from '../processes.mjs';
import { rpc, startNodes } from './nodes.mjs';
import { replaceRepository } from './repositories.mjs';

/** Longest that a peer of the Cluster may be silent: it asks every node for all its pins. */
const SILENT_MS = 60_000;
/** Pins that are named. */
const NAMED = 3;

/**
 * Says what it removes, and removes it where the node is gone and other nodes have pinned all that there is.
 *
 * @param isForced goes on whatever may be lost
 * @param say called with a line for people
 * @throws with nothing removed
 */
export async function replaceNode(net, node, isForced, say) {
  say(`${node.repository}: ${sizeOf(node.repository)}`);
  const reasons = await reasonsToKeep(net, node);
  if (reasons.length > 0 && !isForced) {
    throw expected(
      `${reasons.join('\n')}\nNothing was removed. To remove it all the same: npm run network -- replace ${node.name} --force`,
      2,
    );
  }
  for (const reason of reasons) say(reason);
  await stop(net.folder, [node.kubo]);
  await replaceRepository(net, node);
  await startNodes(net);
}

async function reasonsToKeep(net, node) {
  const reasons = [];
  if (await answers(node)) {
    reasons.push(
      `${node.name} runs and answers. To end it, so that the others are asked without it: npm run network -- stop ${node.kubo}`,
    );
  }
  try {
    const roots = await onlyOn(net, node);
    if (roots.length > 0) {
      const more = roots.length > NAMED ? ', …' : '';
      reasons.push(
        `${roots.length} of its pins no other node has: ${roots.slice(0, NAMED).join(', ')}${more}`,
      );
    }
  } catch (error) {
    reasons.push(`whether other nodes have what is pinned is not known: ${error.message}`);
  }
  return reasons;
}

const answers = (node) =>
  rpc(node, 'version').then(
    () => true,
    () => false,
  );

/**
 * Roots that are pinned, and by no other node, as the Cluster says.
 *
 * Every peer that answers is asked what is to be pinned, for one that was away may not know the newest; then one of them
 * who has it. A node that does not answer the Cluster has nothing, as far as anybody knows.
 */
async function onlyOn(net, node) {
  const addresses = JSON.parse(readFileSync(net.connection, 'utf8'));
  const { clusterPeer } = addresses.find(({ name }) => name === node.name);
  const wanted = new Set();
  const asked = [];
  let silent;
  for (const address of addresses) {
    try {
      for await (const { cid } of lines(address, '/allocations?filter=all')) wanted.add(cid);
      asked.push(address);
    } catch (error) {
      silent = error;
    }
  }
  if (asked.length === 0) throw silent;
  for await (const { cid, peer_map: states } of lines(asked[0], '/pins')) {
    const others = Object.entries(states).filter(([peer]) => peer !== clusterPeer);
    if (others.some(([, { status }]) => status === 'pinned')) wanted.delete(cid);
  }
  return [...wanted];
}

/** What a peer of the Cluster lists, a line of JSON each; whether the list is whole stands behind it. */
async function* lines({ cluster, login, password }, path) {
  const response = await new Promise((done, fail) => {
    const options = { auth: `${login}:${password}`, timeout: SILENT_MS };
    const request = get(new URL(path, cluster), options, done);
    request.on('error', fail).on('timeout', () => request.destroy(new Error('it is silent')));
  }).catch(({ message, code }) => {
    throw new Error(`${cluster} does not answer: ${message || code}`);
  });
  const isList = response.statusCode === 200 || response.statusCode === 204;
  let rest = '';
  for await (const text of response.setEncoding('utf8')) {
    const whole = (rest + text).split('\n');
    rest = whole.pop();
    if (isList) yield* whole.map((line) => JSON.parse(line));
  }
  const problem = response.trailers['x-stream-error'];
  if (!isList || problem || rest !== '')
    throw new Error(`${cluster} answers ${response.statusCode}: ${problem || rest}`);
}

/** In words: of a disk that is lost it cannot be told. */
function sizeOf(folder) {
  try {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    const bytes = files.reduce(
      (sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size,
      0,
    );
    return `${files.length} files, ${Math.ceil(bytes / 2 ** 20)} MiB, to be removed`;
  } catch (error) {
    return error.code === 'ENOENT'
      ? 'gone already'
      : `cannot be read (${error.code ?? error.message})`;
  }
}
