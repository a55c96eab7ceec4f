/**
 * The log: one JSON line a request or event, without secrets, names of files or plaintext.
 *
 * @module
 */
import { pino, type DestinationStream, type Logger } from 'pino';

export type { Logger } from 'pino';

/** Fields that never reach the log, wherever they stand. */
const SECRET = [
  'authorization',
  'signature',
  'key',
  'secret',
  'seed',
  'password',
  'salt',
  'csr',
  'blinded',
  'evaluated',
];

/** @param destination - standard error unless told; standard output carries the ready line only. */
export function newLog(
  level: string,
  destination: DestinationStream = pino.destination(2),
): Logger {
  const paths = SECRET.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths },
    },
    destination,
  );
}
