/**
 * What every test file starts with, once `expect` is there.
 *
 * Jest compares bytes one by one, as it compares anything, and takes more than a second for a megabyte: here they are
 * compared as memory. Those of different classes are left to Jest, which minds that where it should.
 */
import { expect } from '@jest/globals';

expect.addEqualityTesters([
  (one: unknown, other: unknown) =>
    one instanceof Uint8Array &&
    other instanceof Uint8Array &&
    one.constructor === other.constructor
      ? Buffer.compare(one, other) === 0
      : undefined,
]);
