/**
 * Lines of fabric-shim's log that nobody asked for. It brings each line into form, with time and colours, and only then
 * looks at CORE_CHAINCODE_LOGGING_LEVEL: of its debug lines, many in every transaction, that is a fifth of what a
 * transaction costs.
 *
 * @module
 */
import shim from 'fabric-shim';

/** Those that write in every transaction. */
const LOGGERS = [
  'contracts-spi/chaincodefromcontract.js',
  'contracts-spi/datamarshall.js',
  'lib/handler.js',
  'lib/iterators.js',
  'lib/stub.js',
];
const LEVELS = ['debug', 'verbose', 'info'] as const;

/** Has the loggers look at the level first. */
export function dropUnwantedLines(): void {
  for (const name of LOGGERS) {
    const logger = shim.newLogger(name);
    for (const level of LEVELS) {
      const write = logger[level].bind(logger);
      const value = (...line: Parameters<typeof write>) =>
        logger.isLevelEnabled(level) ? write(...line) : logger;
      Object.defineProperty(logger, level, { value, configurable: true });
    }
  }
}
