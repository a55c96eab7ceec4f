/** What a gateway must answer to whatever it refuses, and requests that no client's library would send. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { problem, type Problem } from '@holdfast/protocol/network-messages.js';

/** Text that would tell of our insides: a stack, a folder, a module. */
const INSIDES = /node_modules|node:internal|\/src\/|\/dist\/|^\s+at /m;

/** The problem document of a refusal. @throws where the answer is no refusal, blames the gateway or shows its insides. */
export async function refusalIn(answer: Response, what = answer.url): Promise<Problem> {
  const text = await answer.text();
  const said = `${what}: ${answer.status} ${text.slice(0, 500)}`;
  if (answer.status < 400 || answer.status >= 500) throw new Error(`not refused: ${said}`);
  if (!answer.headers.get('content-type')?.startsWith('application/problem+json')) {
    throw new Error(`no problem document: ${said}`);
  }
  const told = problem.parse(JSON.parse(text));
  if (told.status !== answer.status || INSIDES.test(text)) throw new Error(`told badly: ${said}`);
  return told;
}

/** What bad input is called where it is no field of the body: the body itself, or a relayed transaction's own. */
const NAMED =
  /: not JSON$|: Invalid input: expected object|not well-formed|^\S*\/\S*: |^no function |^(?:content|tags|card): /;

/** `taken`, or the code of the refusal; one of bad input names what is at fault. */
export async function outcomeIn(answer: Response, what: string): Promise<string> {
  if (answer.status < 400) {
    await answer.body?.cancel();
    return 'taken';
  }
  const told = await refusalIn(answer, what);
  const isNamed = pointerOf(told) !== undefined || NAMED.test(told.detail);
  if (told.code !== 'INPUT_INVALID' || isNamed) return told.code;
  throw new Error(`no field: ${told.detail}: ${what}`);
}

export const pointerOf = ({ errors }: Problem): string | undefined => errors?.[0]?.pointer;

/** What is wrong, and the pointer at it. */
export type Tampered = readonly [value: unknown, pointer: string];

/** Every member of a value, at any depth, replaced by `wrong`. */
export function* withWrongMembers(value: unknown, wrong: unknown, at = ''): Generator<Tampered> {
  if (typeof value !== 'object' || value === null) return;
  for (const [member, inner] of Object.entries(value)) {
    const put = (by: unknown) =>
      Array.isArray(value) ? value.with(Number(member), by) : { ...value, [member]: by };
    yield [put(wrong), `${at}/${member}`];
    for (const [deeper, pointer] of withWrongMembers(inner, wrong, `${at}/${member}`)) {
      yield [put(deeper), pointer];
    }
  }
}

/** Every member of an object left out. */
export function* withoutMembers(value: Readonly<Record<string, unknown>>): Generator<Tampered> {
  for (const member of Object.keys(value)) {
    const { [member]: _, ...rest } = value;
    yield [rest, `/${member}`];
  }
}

/** Sends bytes as they are and gives back all that comes until the other end closes. */
export async function exchangeRaw(
  url: string,
  bytes: string | Uint8Array,
  { end = false }: { readonly end?: boolean } = {},
): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
  });
  socket.on('error', () => undefined);
  if (end) socket.end(bytes);
  else socket.write(bytes);
  await once(socket, 'close');
  return text;
}
