/**
 * What every test file starts with.
 *
 * Jest runs tests in a realm of their own, where an error thrown by Node itself is no `instanceof
 * Error`: code that is right would fail its tests. Here it is one again.
 */
import { types } from 'node:util';

const ordinary = Function.prototype[Symbol.hasInstance];
Object.defineProperty(Error, Symbol.hasInstance, {
  value(this: unknown, value: unknown): boolean {
    if (ordinary.call(this as () => void, value)) return true;
    return this === Error && (types.isNativeError(value) || value instanceof DOMException);
  },
});

/** fabric-contract-api prints a line for each decorator otherwise. */
process.env['CORE_CHAINCODE_LOGGING_LEVEL'] ??= 'CRITICAL';
