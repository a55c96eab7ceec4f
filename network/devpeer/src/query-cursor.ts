/**
 * An open query of a chaincode: rows go out in batches of 100 with one row of look-ahead, as a peer sends them.
 *
 * @module
 */
import { peer } from '@hyperledger/fabric-protos';

const BATCH = 100;
/** A peer's `totalQueryLimit`: rows of one query that is not paged. */
const TOTAL_LIMIT = 100_000;

/** Serialized rows; what the generator returns is the bookmark of the next page. */
export type QueryRows = AsyncGenerator<Uint8Array, string>;

export class QueryCursor {
  readonly #id: string;
  readonly #rows: QueryRows;
  #ahead: Uint8Array[] = [];
  #count = 0;

  constructor(id: string, rows: QueryRows) {
    this.#id = id;
    this.#rows = rows;
  }

  /** The next batch; without `hasMore` the query is closed. */
  async next(): Promise<peer.QueryResponse> {
    const batch = this.#ahead;
    this.#ahead = [];
    while (this.#count < TOTAL_LIMIT) {
      const row = await this.#rows.next();
      if (row.done === true) return this.#response(batch, false);
      this.#count += 1;
      if (batch.length === BATCH) {
        this.#ahead = [row.value];
        return this.#response(batch, true);
      }
      batch.push(row.value);
    }
    await this.close();
    return this.#response(batch, false);
  }

  /** A page asked for by its size comes whole, with its bookmark. */
  async page(): Promise<peer.QueryResponse> {
    const batch: Uint8Array[] = [];
    let row = await this.#rows.next();
    for (; row.done !== true; row = await this.#rows.next()) batch.push(row.value);
    const metadata = new peer.QueryResponseMetadata();
    metadata.setBookmark(row.value);
    metadata.setFetchedRecordsCount(batch.length);
    const response = this.#response(batch, false);
    response.setMetadata(metadata.serializeBinary());
    return response;
  }

  async close(): Promise<void> {
    await this.#rows.return('');
  }

  #response(batch: readonly Uint8Array[], hasMore: boolean): peer.QueryResponse {
    const response = new peer.QueryResponse();
    response.setId(this.#id);
    response.setHasMore(hasMore);
    for (const row of batch) response.addResults().setResultbytes(row);
    return response;
  }
}
