/**
 * Bodies of requests to a certificate authority: fields that are not known are ignored, as Fabric CA does.
 *
 * @module
 */
import { badRequest } from './ca-error.ts';
import type { Registration, Revocation } from './enrolment.ts';
import type { RegisteredAttribute } from './register.ts';

type Fields = Readonly<Record<string, unknown>>;

const MAX_TEXT = 4_096;
const MAX_ATTRIBUTES = 64;
/** An identity's name goes into a certificate's subject and into keys of the register. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$/;
/** Fabric CA's "as the server says", which here is any number. */
const DEFAULT_ENROLLMENTS = 0;

export function parseRegistration(body: unknown): Registration {
  const fields = object(body, 'the registration');
  const secret = text(fields, 'secret');
  const enrollments = integer(fields, 'max_enrollments');
  return {
    id: identifier(text(fields, 'id')),
    ...(secret === '' ? {} : { secret }),
    type: text(fields, 'type') === '' ? 'client' : text(fields, 'type'),
    affiliation: text(fields, 'affiliation'),
    maxEnrollments: enrollments === DEFAULT_ENROLLMENTS ? -1 : enrollments,
    attributes: list(fields, 'attrs').map(parseAttribute),
  };
}

export function parseRevocation(body: unknown): Revocation {
  const fields = object(body, 'the revocation');
  const id = text(fields, 'id');
  const serial = text(fields, 'serial').toLowerCase();
  if (id !== '') return { id: identifier(id) };
  if (!/^[0-9a-f]{1,40}$/.test(serial)) throw badRequest('expected an id or a serial number');
  return { serialNumber: serial };
}

/** PEM of a PKCS #10 request. */
export function parseSigningRequest(body: unknown): string {
  const csr = text(object(body, 'the enrolment'), 'certificate_request', 16 * MAX_TEXT);
  if (csr === '') throw badRequest('expected certificate_request');
  return csr;
}

function parseAttribute(value: unknown): RegisteredAttribute {
  const fields = object(value, 'an attribute');
  const name = text(fields, 'name');
  if (name === '') throw badRequest('an attribute has no name');
  if (name.startsWith('hf.')) throw badRequest(`the attribute ${name} is set by the authority`);
  return { name, value: text(fields, 'value'), inCertificate: fields['ecert'] === true };
}

function identifier(id: string): string {
  if (!ID.test(id)) throw badRequest('expected an id of 1 to 128 letters, digits and . _ @ -');
  return id;
}

function object(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw badRequest(`expected ${what} as an object`);
}

/** Absent is empty. */
function text(fields: Fields, name: string, max = MAX_TEXT): string {
  const value = fields[name] ?? '';
  if (typeof value === 'string' && value.length <= max) return value;
  throw badRequest(`expected ${name} as text of at most ${max} characters`);
}

function integer(fields: Fields, name: string): number {
  const value = fields[name] ?? 0;
  if (typeof value === 'number' && Number.isInteger(value) && value >= -1) return value;
  throw badRequest(`expected ${name} as an integer of at least -1`);
}

function list(fields: Fields, name: string): readonly unknown[] {
  const value: unknown = fields[name] ?? [];
  if (Array.isArray(value) && value.length <= MAX_ATTRIBUTES) return value;
  throw badRequest(`expected ${name} as a list of at most ${MAX_ATTRIBUTES}`);
}
