/**
 * The command line of the development ledger.
 *
 * @module
 */
import { parseArgs } from 'node:util';

export const USAGE = `usage: devpeer --data DIR [--port 7051] [--ca-port 7054] [--channel holdfast] [--chaincode holdfast]
               --organisation NAME=HOST:PORT ...
  --data          folder of the ledger, made when absent
  --port          of the gateway service, 0 for any free one
  --ca-port       of the certificate authorities, 0 for any free one
  --organisation  MSP id, and where its \`fabric-chaincode-node server\` listens; once for each organisation`;

export interface Arguments {
  readonly folder: string;
  readonly port: number;
  readonly caPort: number;
  readonly channel: string;
  readonly chaincode: string;
  readonly organisations: readonly { readonly mspId: string; readonly address: string }[];
}

/** @throws with what is wrong. */
export function parseArguments(args: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: { type: 'string' },
      port: { type: 'string', default: '7051' },
      'ca-port': { type: 'string', default: '7054' },
      channel: { type: 'string', default: 'holdfast' },
      chaincode: { type: 'string', default: 'holdfast' },
      organisation: { type: 'string', multiple: true, default: [] },
    },
  });
  if (values.data === undefined) throw new Error('--data is missing');
  const organisations = values.organisation.map(parseOrganisation);
  if (organisations.length === 0) throw new Error('--organisation is missing');
  if (new Set(organisations.map(({ mspId }) => mspId)).size < organisations.length) {
    throw new Error('--organisation names one organisation twice');
  }
  return {
    folder: values.data,
    port: parsePort('--port', values.port),
    caPort: parsePort('--ca-port', values['ca-port']),
    channel: parseName('--channel', values.channel),
    chaincode: parseName('--chaincode', values.chaincode),
    organisations,
  };
}

function parseOrganisation(text: string): { mspId: string; address: string } {
  const [, mspId, address] =
    /^([A-Za-z0-9][A-Za-z0-9.-]{0,63})=([^\s=]+:\d{1,5})$/.exec(text) ?? [];
  if (mspId === undefined || address === undefined) {
    throw new Error(`--organisation: expected NAME=HOST:PORT, got ${text}`);
  }
  parsePort('--organisation', address.slice(address.lastIndexOf(':') + 1));
  return { mspId, address };
}

function parseName(option: string, text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)) return text;
  throw new Error(`${option}: expected a short name, got ${text}`);
}

function parsePort(option: string, text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new Error(`${option}: expected a port, got ${text}`);
}
