/**
 * The gateway's configuration: the environment and nothing else, every problem reported at once.
 *
 * @module
 */
import { resolve } from 'node:path';
import { z } from 'zod';
import { DRIVERS, type StorageConfig } from './storage/storage-driver.ts';
import { LIMITS, type Limits } from './limits.ts';

/** What a gateway may play for its organisations. */
export const PLAYED = ['agent', 'key-server', 'provider', 'auditor'] as const;
export type Played = (typeof PLAYED)[number];

const LOOPBACK = ['127.0.0.1', 'localhost', '::1'];
const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const;

const STORAGE_CONNECTION =
  'the file that says where the nodes of the driver are; `npm run network -- up` writes it';

const PORT = 'the port to listen on, at most 65535; 0 for any free one';

const INNER_PORT =
  'the port on which gateways of other organisations are answered, at most 65535; none answers nobody';

const limit = (what: string, fallback: number) =>
  z
    .string()
    .regex(/^(?:0|[1-9][0-9]{0,8})$/, `${what}, at most 999999999; 0 for no limit`)
    .transform(Number)
    .default(fallback);

/** Each variable with its default and, in the message of its refusal, its meaning. */
const environment = z.object({
  PORT: z
    .string()
    .regex(/^(?:0|[1-9][0-9]{0,4})$/, PORT)
    .transform(Number)
    .refine((port) => port <= 65_535, PORT)
    .default(7070),
  HOST: z.string().min(1, 'the address to listen on').default('127.0.0.1'),
  PUBLIC_URL: z
    .url({ protocol: /^https?$/, error: 'the address by which owners reach this gateway' })
    .optional(),
  INNER_PORT: z
    .string()
    .regex(/^(?:0|[1-9][0-9]{0,4})$/, INNER_PORT)
    .transform(Number)
    .refine((port) => port <= 65_535, INNER_PORT)
    .optional(),
  INNER_HOST: z
    .string()
    .min(1, 'the address on which gateways of other organisations are answered')
    .default('127.0.0.1'),
  DATA_DIR: z
    .string()
    .min(1, 'the folder for keys, uploads, stores and records')
    .default('./.holdfast'),
  ROLES: z
    .string()
    .default(PLAYED.join(','))
    .transform((text) => text.split(','))
    .pipe(
      z
        .array(z.enum(PLAYED, `the roles to play, some of ${PLAYED.join(',')}`))
        .min(1)
        .refine((roles) => new Set(roles).size === roles.length, 'a role stands twice'),
    ),
  LEDGER_CONNECTION: z
    .string('the connection file of a network; `npm start` brings the one of the embedded ledger')
    .min(1, 'the connection file of a network'),
  STORAGE_DRIVER: z
    .enum(DRIVERS, `what keeps the blocks, one of ${DRIVERS.join(', ')}`)
    .default('embedded'),
  STORAGE_CONNECTION: z.string().min(1, STORAGE_CONNECTION).optional(),
  OWNER_REQUESTS_PER_MINUTE: limit('requests of one owner a minute', LIMITS.ownerPerMinute),
  ADDRESS_REQUESTS_PER_MINUTE: limit(
    'requests of one address a minute, of those that need no owner',
    LIMITS.addressPerMinute,
  ),
  ADDRESS_ACCOUNTS_PER_HOUR: limit('new accounts from one address an hour', LIMITS.accountsPerHour),
  OWNER_REQUESTS_AT_ONCE: limit('requests of one owner answered at once', LIMITS.ownerAtOnce),
  CONNECTIONS: limit('connections', LIMITS.connections),
  ADDRESS_CONNECTIONS: limit('connections of one address', LIMITS.connectionsPerAddress),
  STREAMS: limit('streams of events', LIMITS.streams),
  READER_STREAMS: limit('streams of events of one owner or address', LIMITS.streamsPerReader),
  LOG_LEVEL: z.enum(LEVELS, `how much to log, one of ${LEVELS.join(', ')}`).default('info'),
});

export interface GatewayConfig {
  readonly port: number;
  readonly host: string;
  /** Origin that owners sign as part of the target; undefined: the loopback names with our port. */
  readonly publicOrigin: string | undefined;
  /** Where gateways of other organisations are answered; undefined: nowhere. */
  readonly inner: { readonly host: string; readonly port: number } | undefined;
  readonly dataFolder: string;
  readonly roles: readonly Played[];
  /** Path of the connection file. */
  readonly connection: string;
  readonly storage: StorageConfig;
  readonly logLevel: (typeof LEVELS)[number];
  readonly limits: Limits;
}

/** What is wrong with the environment, a sentence a variable. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/**
 * Reads the configuration.
 *
 * @param env - the process's environment; an empty value counts as absent.
 * @throws {ConfigError} naming every variable at fault, its meaning and the value that came.
 */
export function readConfig(env: NodeJS.ProcessEnv): GatewayConfig {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    throw new ConfigError(
      parsed.error.issues.map((issue) => {
        const name = String(issue.path[0]);
        return `${name}: ${issue.message}; got ${given[name] ?? 'nothing'}`;
      }),
    );
  }
  const values = parsed.data;
  if (values.PUBLIC_URL === undefined && !LOOPBACK.includes(values.HOST)) {
    throw new ConfigError([
      `PUBLIC_URL: the address by which owners reach this gateway, needed where HOST (${values.HOST}) is not loopback; got nothing`,
    ]);
  }
  return {
    port: values.PORT,
    host: values.HOST,
    publicOrigin: values.PUBLIC_URL === undefined ? undefined : new URL(values.PUBLIC_URL).origin,
    inner:
      values.INNER_PORT === undefined
        ? undefined
        : { host: values.INNER_HOST, port: values.INNER_PORT },
    dataFolder: resolve(values.DATA_DIR),
    roles: values.ROLES,
    connection: resolve(values.LEDGER_CONNECTION),
    storage: storageOf(values.STORAGE_DRIVER, values.STORAGE_CONNECTION),
    logLevel: values.LOG_LEVEL,
    limits: {
      ownerPerMinute: values.OWNER_REQUESTS_PER_MINUTE,
      addressPerMinute: values.ADDRESS_REQUESTS_PER_MINUTE,
      accountsPerHour: values.ADDRESS_ACCOUNTS_PER_HOUR,
      ownerAtOnce: values.OWNER_REQUESTS_AT_ONCE,
      connections: values.CONNECTIONS,
      connectionsPerAddress: values.ADDRESS_CONNECTIONS,
      streams: values.STREAMS,
      streamsPerReader: values.READER_STREAMS,
    },
  };
}

function storageOf(driver: (typeof DRIVERS)[number], connection?: string): StorageConfig {
  if (driver === 'embedded') return { driver };
  if (connection !== undefined) return { driver, connection: resolve(connection) };
  throw new ConfigError([
    `STORAGE_CONNECTION: ${STORAGE_CONNECTION}, needed for STORAGE_DRIVER=${driver}; got nothing`,
  ]);
}
