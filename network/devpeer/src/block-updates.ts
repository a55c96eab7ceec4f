/**
 * What the valid transactions of a block have written so far: later ones of the same block are judged against it.
 *
 * @module
 */
import type { Row, StateReader } from './state-view.ts';
import { compareKeys, type StateValue } from './store-keys.ts';

export interface Update {
  readonly namespace: string;
  readonly key: string;
  /** `undefined`: deleted. */
  readonly state: StateValue | undefined;
}

export class BlockUpdates {
  readonly #namespaces = new Map<string, Map<string, Update>>();

  set(update: Update): void {
    const known = this.#namespaces.get(update.namespace);
    if (known === undefined) {
      this.#namespaces.set(update.namespace, new Map([[update.key, update]]));
    } else known.set(update.key, update);
  }

  has(namespace: string, key: string): boolean {
    return this.#namespaces.get(namespace)?.has(key) ?? false;
  }

  *all(): Generator<Update> {
    for (const updates of this.#namespaces.values()) yield* updates.values();
  }

  /** The rows of a range as they stand after these updates. */
  async *range(
    view: StateReader,
    namespace: string,
    start: string,
    end: string,
  ): AsyncGenerator<Row, void> {
    const updates = this.#within(namespace, start, end);
    for await (const row of view.range(namespace, start, end)) {
      yield* rowsOf(takeBefore(updates, row.key));
      if (this.has(namespace, row.key)) yield* rowsOf(updates.splice(0, 1));
      else yield row;
    }
    yield* rowsOf(updates);
  }

  /** One key as it stands after these updates. */
  get(view: StateReader, namespace: string, key: string): StateValue | undefined {
    const update = this.#namespaces.get(namespace)?.get(key);
    return update === undefined ? view.get(namespace, key) : update.state;
  }

  #within(namespace: string, start: string, end: string): Update[] {
    const updates = [...(this.#namespaces.get(namespace)?.values() ?? [])];
    return updates
      .filter(({ key }) => compareKeys(key, start) >= 0)
      .filter(({ key }) => end === '' || compareKeys(key, end) < 0)
      .sort((a, b) => compareKeys(a.key, b.key));
  }
}

function takeBefore(updates: Update[], key: string): Update[] {
  const next = updates.findIndex((update) => compareKeys(update.key, key) >= 0);
  return updates.splice(0, next < 0 ? updates.length : next);
}

function* rowsOf(updates: readonly Update[]): Generator<Row> {
  for (const { key, state } of updates) if (state !== undefined) yield { key, state };
}
