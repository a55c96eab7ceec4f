/**
 * Fabric CA's REST interface, `register`, `enroll`, `revoke` and `gencrl`, for each organisation under its own path.
 *
 * Every answer is `{result, errors, messages, success}`.
 *
 * @module
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { badRequest, CaCode, CaError } from './ca-error.ts';
import { parseRegistration, parseRevocation, parseSigningRequest } from './ca-requests.ts';
import { type CaRequest, checkToken, parseBasic } from './ca-token.ts';
import type { CertificateAuthority } from './certificate-authority.ts';
import { Enrolments, type OnRevoked } from './enrolment.ts';
import type { Organisations } from './organisations.ts';
import type { Register } from './register.ts';

const MAX_BODY_BYTES = 64 * 1024;
const VERSION = '1.5.0-development';

interface Desk {
  readonly authority: CertificateAuthority;
  readonly enrolments: Enrolments;
}

type Operation = (desk: Desk, organisations: Organisations, request: CaRequest) => Promise<object>;

const OPERATIONS = new Map<string, Operation>([
  ['register', register],
  ['enroll', enroll],
  ['revoke', revoke],
  ['gencrl', listRevoked],
]);

export class CaServer {
  readonly port: number;
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** @param port - 0 for any free one. */
  static async listen(
    authorities: readonly CertificateAuthority[],
    register: Register,
    organisations: Organisations,
    host: string,
    port: number,
    onRevoked?: OnRevoked,
  ): Promise<CaServer> {
    const desks = new Map<string, Desk>();
    for (const authority of authorities) {
      const enrolments = new Enrolments(authority, register, onRevoked);
      desks.set(authority.mspId, { authority, enrolments });
    }
    const server = createServer((incoming, outgoing) => {
      void answer(desks, organisations, incoming, outgoing);
    });
    server.listen(port, host);
    await once(server, 'listening');
    return new CaServer(server, (server.address() as AddressInfo).port);
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}

async function answer(
  desks: ReadonlyMap<string, Desk>,
  organisations: Organisations,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  try {
    const request = await read(incoming);
    const { desk, operation } = find(desks, request);
    const result = await operation(desk, organisations, request);
    reply(outgoing, 200, { result, errors: [], messages: [], success: true });
  } catch (error) {
    const { status, code, message } =
      error instanceof CaError ? error : new CaError(500, 0, 'Internal error');
    const errors = [{ code, message }];
    reply(outgoing, status, { result: '', errors, messages: [], success: false });
  }
}

function reply(outgoing: ServerResponse, status: number, content: object): void {
  const body = JSON.stringify(content);
  outgoing.writeHead(status, { 'content-type': 'application/json' }).end(body);
}

async function read(incoming: IncomingMessage): Promise<CaRequest> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) {
      throw new CaError(413, CaCode.badRequest, `the body exceeds ${MAX_BODY_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return {
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    body: Buffer.concat(chunks).toString(),
    authorization: incoming.headers.authorization ?? '',
  };
}

/** `/{mspId}/api/v1/{operation}`. */
function find(desks: ReadonlyMap<string, Desk>, { method, path }: CaRequest) {
  const [, mspId = '', name = ''] = /^\/([^/?]+)\/api\/v1\/([a-z]+)(?:\?|$)/.exec(path) ?? [];
  const desk = desks.get(mspId);
  const operation = OPERATIONS.get(name);
  if (desk === undefined || operation === undefined) {
    const text = `${path} is not served by the development authority: /{mspId}/api/v1/register, enroll, revoke and gencrl are`;
    throw new CaError(404, CaCode.notFound, text);
  }
  if (method !== 'POST') throw new CaError(405, CaCode.badRequest, 'expected POST');
  return { desk, operation };
}

async function register(desk: Desk, organisations: Organisations, request: CaRequest) {
  const registrar = checkToken(desk.authority.mspId, organisations, request);
  const registration = parseRegistration(parseBody(request));
  return { secret: await desk.enrolments.register(registrar, registration) };
}

async function enroll({ authority, enrolments }: Desk, _: Organisations, request: CaRequest) {
  const { id, secret } = parseBasic(request.authorization);
  const certificate = await enrolments.enroll(id, secret, parseSigningRequest(parseBody(request)));
  const encode = (pem: string): string => Buffer.from(pem).toString('base64');
  return {
    Cert: encode(certificate),
    ServerInfo: {
      CAName: `ca.${authority.mspId}`,
      CAChain: encode(authority.rootCertificate),
      Version: VERSION,
    },
  };
}

async function revoke(desk: Desk, organisations: Organisations, request: CaRequest) {
  const registrar = checkToken(desk.authority.mspId, organisations, request);
  const revoked = await desk.enrolments.revoke(registrar, parseRevocation(parseBody(request)));
  const RevokedCerts = revoked.map(({ serialNumber, authorityKeyId }) => ({
    Serial: serialNumber,
    AKI: authorityKeyId,
  }));
  return { RevokedCerts, CRL: '' };
}

async function listRevoked(desk: Desk, organisations: Organisations, request: CaRequest) {
  const registrar = checkToken(desk.authority.mspId, organisations, request);
  const list = await desk.enrolments.revocationList(registrar);
  return { CRL: Buffer.from(list).toString('base64') };
}

function parseBody({ body }: CaRequest): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    throw badRequest('the body is not JSON');
  }
}
