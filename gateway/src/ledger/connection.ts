/**
 * The connection file of a network: where each organisation's peer and authority are, and the identities we may use.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { name, parseJson, role } from '@holdfast/protocol/schema.js';

const pem = z.string().regex(/^-----BEGIN [A-Z ]+-----/, 'expected PEM');

/** Where nobody stands between us and the other end. */
const isLoopback = (host = ''): boolean => ['127.0.0.1', 'localhost', '[::1]'].includes(host);

/** What is no address at all is refused by its own rule. */
const isSafe = (url: string): boolean =>
  !URL.canParse(url) || url.startsWith('https:') || isLoopback(new URL(url).hostname);

const connection = z.object({
  channel: name,
  chaincode: name,
  organisations: z
    .array(
      z
        .object({
          mspId: name,
          rootCert: pem,
          /** null: the peer is reached in clear, on loopback only. */
          tlsRootCert: pem.nullable(),
          peerEndpoint: z.string().regex(/^[^\s:/]+:\d{1,5}$/, 'expected host:port'),
          hostAlias: z.string().nullish(),
          caUrl: z.url({ protocol: /^https?$/ }),
          /** File of the authority's revocation list, PEM; from the folder of this file on. */
          crl: z.string().min(1).nullish(),
          /** Where the organisation's gateway answers those of the others. */
          gatewayUrl: z.url({ protocol: /^https$/, error: 'expected https://host:port' }).nullish(),
          identities: z.partialRecord(role, z.object({ cert: pem, key: pem })),
        })
        .refine(
          ({ tlsRootCert, peerEndpoint }) =>
            tlsRootCert !== null || isLoopback(peerEndpoint.split(':')[0]),
          { path: ['tlsRootCert'], error: 'expected the TLS root of a peer that is elsewhere' },
        )
        .refine(({ caUrl }) => isSafe(caUrl), {
          path: ['caUrl'],
          error: 'expected https to an authority that is elsewhere',
        }),
    )
    .min(1),
});
export type Connection = z.infer<typeof connection>;
export type ConnectedOrganisation = Connection['organisations'][number];

/** @throws `INPUT_INVALID` naming the field; any error of the file system. */
export async function readConnection(path: string): Promise<Connection> {
  const parsed = parseConnection(await readFile(path, 'utf8'), path);
  return {
    ...parsed,
    organisations: parsed.organisations.map(({ crl, ...organisation }) => ({
      ...organisation,
      ...(typeof crl === 'string' ? { crl: resolve(dirname(path), crl) } : {}),
    })),
  };
}

export const parseConnection = (text: string, what: string): Connection =>
  parseJson(connection, text, what);

/** A ledger reached in clear is the development ledger: one process holds every organisation's key. */
export const isDevelopment = ({ organisations }: Connection): boolean =>
  organisations.some(({ tlsRootCert }) => tlsRootCert === null);
