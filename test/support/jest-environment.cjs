/**
 * The world in which a test file runs: a realm with an ordinary global object.
 *
 * Jest gives each file a global object behind a proxy, which every look at `BigInt` or `Uint8Array` goes through: the
 * same computations take a third less time without.
 */
const vm = require('node:vm');
const { TestEnvironment } = require('jest-environment-node');

/** What is one of these in the test's realm is one in Node's, where packages run, and the other way round. */
const CLASSES = [
  'AggregateError',
  'Array',
  'Date',
  'Error',
  'Function',
  'Map',
  'Object',
  'Promise',
  'RangeError',
  'ReferenceError',
  'RegExp',
  'Set',
  'SyntaxError',
  'TypeError',
  'URIError',
];
const isOrdinarily = Function.prototype[Symbol.hasInstance];
let test; // the global object of the file that runs

for (const name of CLASSES) admit(globalThis[name], () => test?.[name]);

module.exports = class OrdinaryGlobal extends TestEnvironment {
  constructor(config, context) {
    const { createContext } = vm;
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY);
    try {
      super(config, context);
    } finally {
      vm.createContext = createContext;
    }
    test = this.global;
    for (const name of CLASSES) admit(test[name], () => globalThis[name]);
    test.Reflect = Reflect; // reflect-metadata adds to it
  }
};

/** Instances of the same class of the other realm count as instances too. */
function admit(own, other) {
  function hasInstance(value) {
    if (isOrdinarily.call(this, value)) return true;
    const its = this === own ? other() : undefined;
    return its !== undefined && isOrdinarily.call(its, value);
  }
  Object.defineProperty(own, Symbol.hasInstance, { value: hasInstance });
}
