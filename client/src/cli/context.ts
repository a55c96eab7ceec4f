/**
 * What every command needs: where its owner lives, how it speaks, who is interrupted.
 *
 * @module
 */
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { homeFolder, needDevice } from '../device-file.ts';
import type { Listed } from '../listing.ts';
import { Owner } from '../owner.ts';
import type { Output } from './output.ts';
import { askPassword } from './password.ts';
import type { Terminal } from './terminal.ts';
import { ownerText, shortId } from './words.ts';

export interface Context {
  readonly terminal: Terminal;
  readonly output: Output;
  readonly home: string;
  /** As asked for by option or environment; undefined: the one in the owner's file. */
  readonly gateway: string | undefined;
  /** What to do next if the command fails here; overwritten as it goes on. */
  next: string | undefined;
}

/** Options that every command has. */
export interface CommonOptions {
  readonly gateway?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

export const DEFAULT_GATEWAY = 'http://localhost:7070';
/** Fewer digits of an id could be a name as well. */
const SHORTEST_ID = 6;

export const newContext = (
  terminal: Terminal,
  output: Output,
  { gateway }: CommonOptions,
): Context => ({
  terminal,
  output,
  home: homeFolder(terminal.env),
  gateway: gateway ?? (terminal.env['HOLDFAST_GATEWAY'] || undefined),
  next: undefined,
});

/** Opens this device's owner. */
export async function unlock(context: Context): Promise<Owner> {
  const { home, gateway, terminal } = context;
  context.next = 'holdfast init';
  const { ownerId } = await needDevice(home);
  context.next = undefined;
  const password = await askPassword(terminal);
  try {
    return await Owner.unlock({
      home,
      password,
      pool: terminal.pool,
      ...(gateway === undefined ? {} : { gateway }),
    });
  } catch (cause) {
    if (!(cause instanceof HoldfastError) || cause.code !== 'SEED_LOCKED') throw cause;
    const whose = `it does not open the seed of owner ${ownerText(ownerId)}`;
    const calm = 'Nothing was changed; your files are safe';
    throw new HoldfastError('SEED_LOCKED', `${whose}. ${calm}`, { cause });
  }
}

/**
 * The file that a person means: by its name, or by its id or the first digits of it.
 *
 * @throws `NOT_FOUND`; `INPUT_INVALID` where it could be several.
 */
export async function findFile(owner: Owner, named: string): Promise<Listed> {
  const { files } = await owner.list();
  const byName = files.filter(({ name }) => name === named);
  const isId = /^[0-9a-f]+$/.test(named) && named.length >= SHORTEST_ID;
  const found =
    byName.length > 0 || !isId ? byName : files.filter(({ fileId }) => fileId.startsWith(named));
  const [file, other] = found;
  if (file === undefined) throw new HoldfastError('NOT_FOUND', `no file called ${named}`);
  if (other === undefined) return file;
  const ids = found.map(({ fileId }) => shortId(fileId)).join(', ');
  throw new HoldfastError('INPUT_INVALID', `${found.length} files are meant by ${named}: ${ids}`);
}
