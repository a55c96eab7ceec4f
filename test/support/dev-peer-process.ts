/** The development ledger in a process of its own, as `npm start` runs it. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { program } from '../../scripts/programs.mjs';
import { type Child, startChild } from './chaincode-process.ts';

export interface ConnectionFile {
  readonly channel: string;
  readonly chaincode: string;
  readonly organisations: readonly {
    readonly mspId: string;
    readonly rootCert: string;
    readonly tlsRootCert: string | null;
    readonly peerEndpoint: string;
    readonly caUrl: string;
    readonly identities: Readonly<Record<string, { readonly cert: string; readonly key: string }>>;
  }[];
}

export interface DevPeerProcess extends Child {
  readonly connection: ConnectionFile;
}

export const ORGANISATIONS = ['Alder', 'Birch', 'Cedar'];

export function devPeerArguments(folder: string, chaincodeAddress: string): string[] {
  const organisations = ORGANISATIONS.flatMap((mspId) => [
    '--organisation',
    `${mspId}=${chaincodeAddress}`,
  ]);
  const ports = ['--port', '0', '--ca-port', '0'];
  return [program('network/devpeer'), '--data', folder, ...ports, ...organisations];
}

/** Waits until it answers. */
export async function startDevPeer(
  folder: string,
  chaincodeAddress: string,
): Promise<DevPeerProcess> {
  const child = startChild(devPeerArguments(folder, chaincodeAddress));
  const { stdout, stderr } = child.process;
  if (stdout === null) throw new Error('no output to read');
  let said = '';
  stderr?.on('data', (text: Buffer) => (said += text.toString()));
  const line = once(createInterface(stdout), 'line') as Promise<[string]>;
  const exit = once(child.process, 'exit').then(() => {
    throw new Error(`the ledger ended before it answered: ${said}`);
  });
  const [ready] = await Promise.race([line, exit]);
  exit.catch(() => undefined);
  const { connection } = JSON.parse(ready) as { connection: string };
  return { ...child, connection: JSON.parse(readFileSync(connection, 'utf8')) as ConnectionFile };
}
