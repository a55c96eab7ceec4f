/**
 * A JSON Schema as people read it: TypeScript's notation, in HTML, names linked to where they are explained.
 *
 * @module
 */
import { escaped } from './html.ts';

/** What we read of a schema: what zod writes. */
interface Schema {
  readonly $ref?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly type?: string;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly pattern?: string;
  readonly format?: string;
  readonly contentEncoding?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** In HTML. */
export function typeOf(schema: unknown): string {
  return text(schema as Schema);
}

function text(schema: Schema): string {
  const { $ref, enum: words, anyOf, oneOf = anyOf } = schema;
  if ($ref !== undefined) {
    const id = escaped($ref.slice($ref.lastIndexOf('/') + 1));
    return `<a href="#schema-${id}">${id}</a>`;
  }
  if ('const' in schema) return literal(schema.const);
  if (words !== undefined) return words.map(literal).join(' | ');
  if (oneOf !== undefined) return oneOf.map(text).join(' | ');
  if (schema.type === 'array') return `${inBrackets(schema.items)}[]${lengthOf(schema)}`;
  if (schema.type === 'object') return objectOf(schema);
  return (schema.type ?? 'any') + limitsOf(schema);
}

const literal = (value: unknown): string => escaped(JSON.stringify(value));

function inBrackets(items: Schema | undefined): string {
  const shown = items === undefined ? 'any' : text(items);
  return shown.includes(' | ') ? `(${shown})` : shown;
}

function objectOf({ properties = {}, required = [], additionalProperties }: Schema): string {
  const fields = Object.entries(properties).map(
    ([name, schema]) => `${escaped(name)}${required.includes(name) ? '' : '?'}: ${text(schema)}`,
  );
  if (typeof additionalProperties === 'object') {
    fields.push(`[name]: ${text(additionalProperties)}`);
  }
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

const lengthOf = ({ minItems, maxItems }: Schema): string => between(minItems, maxItems);

function limitsOf(schema: Schema): string {
  const { format, contentEncoding, pattern } = schema;
  const size = schema.type === 'string' ? [schema.minLength, schema.maxLength] : [];
  const [least, most] = size.length === 0 ? [schema.minimum, schema.maximum] : size;
  const form = format ?? contentEncoding ?? (pattern === undefined ? '' : `/${pattern}/`);
  return between(least, most) + (form === '' ? '' : ` ${escaped(form)}`);
}

function between(least: number | undefined, most: number | undefined): string {
  if (least === undefined && most === undefined) return '';
  return ` ${least ?? ''}…${most ?? ''}`;
}
