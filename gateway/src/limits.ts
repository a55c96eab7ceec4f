/**
 * How much one may ask of a gateway in a while and at once, so that it goes on answering everybody else.
 *
 * @module
 */

/** Where a number is 0 there is no such limit. */
export interface Limits {
  /** Requests of one owner a minute; as many may come at once. */
  readonly ownerPerMinute: number;
  /** Requests of one address a minute, of those that need no owner. */
  readonly addressPerMinute: number;
  /** New accounts from one address an hour. */
  readonly accountsPerHour: number;
  /** Requests of one owner being answered at the same time. */
  readonly ownerAtOnce: number;
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** Streams of events. */
  readonly streams: number;
  /** Of one owner, or of one address where nobody need say who it is. */
  readonly streamsPerReader: number;
}

export const LIMITS: Limits = {
  ownerPerMinute: 6_000,
  addressPerMinute: 6_000,
  accountsPerHour: 600,
  ownerAtOnce: 64,
  connections: 1_024,
  connectionsPerAddress: 256,
  streams: 256,
  streamsPerReader: 8,
};

export const UNLIMITED: Limits = {
  ownerPerMinute: 0,
  addressPerMinute: 0,
  accountsPerHour: 0,
  ownerAtOnce: 0,
  connections: 0,
  connectionsPerAddress: 0,
  streams: 0,
  streamsPerReader: 0,
};
