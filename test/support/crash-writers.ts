/** Owners who upload files one after the other, whatever happens to the system meanwhile. */
import { createHash } from 'node:crypto';
import { HoldfastError, type ErrorCode } from '@holdfast/protocol/errors.js';
import type { Owner } from '../../client/src/owner.ts';

const SIZES = [0, 1, 70_000, 140_000, 300_000, 900_000];
/** What a system may say that is being killed: send it again later. */
const LATER: readonly ErrorCode[] = [
  'GATEWAY_UNREACHABLE',
  'LEDGER_UNREACHABLE',
  'STORAGE_UNREACHABLE',
  'KEY_SERVER_UNREACHABLE',
  'CONFLICT',
];

/** One file, its outcome as its owner saw it. */
export interface Written {
  readonly owner: Owner;
  readonly name: string;
  readonly content: Uint8Array;
  readonly isGivenUp: boolean;
  fileId?: string;
}

export interface WritersOptions {
  readonly owners: readonly Owner[];
  readonly random: (length: number) => Uint8Array;
}

export interface Writers {
  readonly written: readonly Written[];
  /** Answers that no interruption explains. */
  readonly surprises: readonly string[];
  /** Resolves when the next upload has been acknowledged. */
  nextAcknowledged(): Promise<void>;
  /** No new files; those that were not given up are tried until they are stored. */
  finish(): Promise<void>;
}

/** Begins: each owner stores three files at a time. */
export function startWriters({ owners, random }: WritersOptions): Writers {
  const written: Written[] = [];
  const surprises: string[] = [];
  let waiting: (() => void)[] = [];
  let isFinishing = false;
  const below = (limit: number) => ((random(1)[0] ?? 0) * 256 + (random(1)[0] ?? 0)) % limit;

  function newFile(owner: Owner): Written {
    // now and then what is stored already: its blocks have two owners then
    const earlier = below(5) === 0 ? written[below(written.length || 1)] : undefined;
    const content = earlier?.content ?? random(SIZES[below(SIZES.length)] ?? 0);
    return { owner, name: `file-${written.length}`, content, isGivenUp: below(4) === 0 };
  }

  async function attempt(file: Written): Promise<void> {
    const { owner, name, content } = file;
    const source = {
      size: content.length,
      modifiedAt: 0,
      key: name,
      async *open() {
        yield content;
      },
    };
    try {
      ({ fileId: file.fileId } = await owner.put(name, source, { blockSize: 65_536 }));
      for (const tell of waiting) tell();
      waiting = [];
    } catch (error) {
      surprises.push(...laterOrSurprise(name, error));
    }
  }

  async function writeOn(owner: Owner): Promise<void> {
    while (!isFinishing) {
      const file = newFile(owner);
      written.push(file);
      await attempt(file);
      while (file.fileId === undefined && !file.isGivenUp && surprises.length === 0) {
        await attempt(file);
      }
    }
  }

  const lanes = owners.flatMap((owner) => [writeOn(owner), writeOn(owner), writeOn(owner)]);
  return {
    written,
    surprises,
    nextAcknowledged: () => new Promise((resolve) => void waiting.push(resolve)),
    async finish() {
      isFinishing = true;
      await Promise.all(lanes);
    },
  };
}

/** Nothing where the system may be killed just then; else a sentence. */
export function laterOrSurprise(name: string, error: unknown): string[] {
  if (error instanceof HoldfastError && LATER.includes(error.code)) return [];
  return [`${name}: ${error instanceof Error ? (error.stack ?? '') : String(error)}`];
}

export const sha256 = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');
