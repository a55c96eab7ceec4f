/**
 * Zod schemas as JSON Schema 2020-12: those of the interface under their own names, each once.
 *
 * @module
 */
import { z } from 'zod';
import * as alerts from '@holdfast/protocol/alert-messages.js';
import * as custody from '@holdfast/protocol/custody-messages.js';
import * as records from '@holdfast/protocol/file-records.js';
import * as files from '@holdfast/protocol/file-messages.js';
import * as ledger from '@holdfast/protocol/ledger-messages.js';
import * as network from '@holdfast/protocol/network-messages.js';
import * as scalars from '@holdfast/protocol/schema.js';
import * as tasks from '@holdfast/protocol/task-messages.js';
import * as uploads from '@holdfast/protocol/upload-messages.js';

/** Plain JSON. */
export type Json = Readonly<Record<string, unknown>>;

export interface Schemas {
  /** A reference to a schema of the interface, or the schema itself where it has no name. */
  refer(schema: z.ZodType): Json;
  /** As {@link Schemas.refer}, of a value as it is once it has been parsed. */
  inline(schema: z.ZodType): Json;
  readonly named: Json;
}

const MODULES = [scalars, network, custody, files, records, alerts, uploads, ledger, tasks];
const PLACE = '#/components/schemas/';

export const PROBLEM: Json = { $ref: `${PLACE}Problem` };

export function newSchemas(): Schemas {
  const registry = z.registry<{ id: string }>();
  for (const [name, schema] of MODULES.flatMap((module) => Object.entries(module))) {
    if (!(schema instanceof z.ZodType) || registry.has(schema)) continue;
    registry.add(schema, { id: `${name[0]?.toUpperCase()}${name.slice(1)}` });
  }
  const options = { unrepresentable: 'any', override: described } as const;
  const { schemas } = z.toJSONSchema(registry, {
    ...options,
    io: 'input',
    uri: (id) => PLACE + id,
  });
  const named = Object.fromEntries(
    Object.entries(schemas).map(([id, schema]) => [id, bare(schema)]),
  );
  const refer = (schema: z.ZodType, io: 'input' | 'output' = 'input'): Json => {
    const id = registry.get(schema)?.id;
    if (id !== undefined) return { $ref: PLACE + id };
    if (schema instanceof z.ZodUnion) {
      return { anyOf: schema.options.map((option) => refer(option as z.ZodType, io)) };
    }
    const metadata = z.registry<{ id: string }>();
    return bare(z.toJSONSchema(schema, { ...options, io, metadata }));
  };
  return { refer, inline: (schema) => refer(schema, 'output'), named };
}

/** What a refinement says that JSON Schema has a word for. */
function described({ zodSchema, jsonSchema }: { zodSchema: unknown; jsonSchema: object }): void {
  if (zodSchema === scalars.base64url) Object.assign(jsonSchema, { contentEncoding: 'base64url' });
}

/** Without what names a document of its own. */
const bare = (schema: Json): Json =>
  Object.fromEntries(
    Object.entries(schema).filter(([word]) => word !== '$schema' && word !== '$id'),
  );

/** The named schemas that the value refers to, and those that these refer to. */
export function componentsOf({ named }: Schemas, value: unknown): Json {
  const wanted = new Set<string>();
  const waiting: unknown[] = [value, PROBLEM];
  while (waiting.length > 0) {
    for (const id of referencesIn(waiting.pop())) {
      if (wanted.has(id)) continue;
      wanted.add(id);
      waiting.push(named[id]);
    }
  }
  return Object.fromEntries([...wanted].toSorted().map((id) => [id, named[id]]));
}

const referencesIn = (value: unknown): string[] =>
  [...JSON.stringify(value).matchAll(/"#\/components\/schemas\/([A-Za-z0-9]+)"/g)].map(
    ([, id = '']) => id,
  );
