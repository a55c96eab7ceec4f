/**
 * The state at one block height, shared by everything that starts at that height.
 *
 * @module
 */
import type { ClassicLevel } from 'classic-level';
import { decodeState, keyInState, stateKey, stateRange, type StateValue } from './store-keys.ts';

export type Database = ClassicLevel<Buffer, Buffer>;
type Snapshot = ReturnType<Database['snapshot']>;

/** Rows read at once: enough to be cheap, few enough that an abandoned iterator wastes little. */
const PAGE = 64;

export interface Row {
  readonly key: string;
  readonly state: StateValue;
}

/** What a simulation and a validation read from. */
export interface StateReader {
  get(namespace: string, key: string): StateValue | undefined;
  /** In order of UTF-8 bytes; `start` inclusive, `end` exclusive, an empty end is the end of the namespace. */
  range(namespace: string, start: string, end: string): AsyncGenerator<Row, void>;
}

export class StateView implements StateReader {
  readonly #database: Database;
  readonly #snapshot: Snapshot;
  #holders = 1;

  constructor(database: Database) {
    this.#database = database;
    this.#snapshot = database.snapshot();
  }

  /** Every holder must {@link release} it once. */
  retain(): this {
    this.#holders += 1;
    return this;
  }

  async release(): Promise<void> {
    this.#holders -= 1;
    if (this.#holders === 0) await this.#snapshot.close();
  }

  get(namespace: string, key: string): StateValue | undefined {
    const bytes = this.#database.getSync(stateKey(namespace, key), { snapshot: this.#snapshot });
    return bytes === undefined ? undefined : decodeState(bytes);
  }

  async *range(namespace: string, start: string, end: string): AsyncGenerator<Row, void> {
    const bounds = stateRange(namespace, start, end);
    const rows = this.#database.iterator({ ...bounds, snapshot: this.#snapshot });
    try {
      for (let page = await rows.nextv(PAGE); page.length > 0; page = await rows.nextv(PAGE)) {
        for (const [key, value] of page) {
          yield { key: keyInState(namespace, key), state: decodeState(value) };
        }
      }
    } finally {
      await rows.close();
    }
  }
}
