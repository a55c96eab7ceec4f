/** Everything of an owner's that a refused request must leave as it was. */
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { GatewayStage } from './gateway-stage.ts';

export interface OwnersView {
  readonly tagKeyId: string;
  readonly records: readonly unknown[];
  /** Digest of the names of all blocks on all nodes. */
  readonly blocks: string;
}

export async function ownersView(stage: GatewayStage, ownerId: string): Promise<OwnersView> {
  const { channel, chaincode } = stage.link;
  const agent = stage.link.gatewayAs({ mspId: 'Alder', role: 'agent' });
  const contract = agent.getNetwork(channel).getContract(chaincode);
  const ask = async (name: string): Promise<unknown> => {
    const bytes = await contract.evaluateTransaction(name, JSON.stringify({ ownerId }));
    return JSON.parse(Buffer.from(bytes).toString());
  };
  const account = (await ask('accounts:get')) as { tagKeyId: string };
  const { items } = (await ask('files:list')) as { items: { file: unknown }[] };
  const purse = await ask('accounts:purse');
  const storage = await readdir(join(stage.folder, 'storage'), { recursive: true });
  const blocks = storage.filter((name) => name.endsWith('.data')).sort();
  return {
    tagKeyId: account.tagKeyId,
    records: [account, purse, items.map(({ file }) => file)],
    blocks: createHash('sha256').update(blocks.join()).digest('hex'),
  };
}
