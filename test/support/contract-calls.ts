/** Calls of the contracts on a state that stands still, through fabric-shim's own dispatcher but without a peer: thousands a second. */
// First: it silences what fabric-shim installs when it is imported.
import { newChaincode } from './fabric-shim.ts';
import { createRequire } from 'node:module';
import { utf8 } from '@holdfast/protocol/bytes.js';
import { contracts } from '../../chaincode/src/index.ts';
import { CHANNEL } from './consortium.ts';
import type { TestIdentity } from './memory-ledger.ts';

const require = createRequire(import.meta.url);
const { ChaincodeStub } = require('fabric-shim/lib/stub.js') as { ChaincodeStub?: Keys };
const keys: Keys = ChaincodeStub ?? (require('fabric-shim/lib/stub.js') as Keys);

interface Keys {
  readonly prototype: {
    createCompositeKey(type: string, parts: readonly string[]): string;
    splitCompositeKey(key: string): { attributes: string[] };
  };
}

/** Who signs. */
export type Caller = Pick<TestIdentity, 'mspId' | 'certificatePem'>;

export interface Called {
  /** 200, or 500 with the refusal as `message`. */
  readonly status: number;
  readonly message: string;
  /** What the function answers; undefined after a refusal. */
  readonly result: unknown;
  /** What would be announced. */
  readonly event: { readonly name: string; readonly payload: unknown } | undefined;
  /** What would be written; null where a record would be removed. */
  readonly writes: ReadonlyMap<string, unknown>;
}

/** @param state - records by key with `/` between its parts, as committed write sets leave it. */
export function newContractCalls(state: ReadonlyMap<string, unknown>) {
  const chaincode = newChaincode(contracts);
  const composite = (type: string, parts: readonly string[]) =>
    keys.prototype.createCompositeKey(type, parts);
  const records = new Map<string, Uint8Array>();
  for (const [key, value] of state) {
    const [type = '', ...parts] = key.split('/');
    records.set(composite(type, parts), utf8(JSON.stringify(value)));
  }
  const sorted = [...records.keys()].sort((a, b) => (a < b ? -1 : 1));

  function page(type: string, parts: string[], size: number, bookmark: string) {
    const prefix = composite(type, parts);
    const from = sorted.filter((key) => key.startsWith(prefix) && key >= bookmark);
    const rows = from.slice(0, size).map((key) => ({ key, value: records.get(key) }));
    const iterator = rows[Symbol.iterator]();
    const next = () => Promise.resolve(iterator.next());
    const end = { next, close: () => Promise.resolve() };
    return Promise.resolve({ iterator: end, metadata: { bookmark: from[size] ?? '' } });
  }

  return async (by: Caller, name: string, ...args: string[]): Promise<Called> => {
    const writes = new Map<string, unknown>();
    let event: Called['event'];
    const readable = (key: string) => key.split('\0').filter(Boolean).join('/');
    const response = (await chaincode.Invoke({
      getBufferArgs: () => [name, ...args].map((text) => Buffer.from(text)),
      getFunctionAndParameters: () => ({ fcn: name, params: args }),
      getTxID: () => 'a'.repeat(64),
      getChannelID: () => CHANNEL,
      getCreator: () => ({ mspid: by.mspId, idBytes: Buffer.from(by.certificatePem) }),
      createCompositeKey: composite,
      splitCompositeKey: (key: string) => keys.prototype.splitCompositeKey(key),
      getState: (key: string) => Promise.resolve(records.get(key) ?? new Uint8Array()),
      putState: (key: string, value: Uint8Array) => {
        writes.set(readable(key), JSON.parse(Buffer.from(value).toString()));
        return Promise.resolve();
      },
      deleteState: (key: string) => {
        writes.set(readable(key), null);
        return Promise.resolve();
      },
      setEvent: (told: string, payload: Uint8Array) => {
        event = { name: told, payload: JSON.parse(Buffer.from(payload).toString()) };
      },
      getStateByPartialCompositeKeyWithPagination: page,
    })) as { status: number; message: string; payload?: Uint8Array };
    const { status, message, payload } = response;
    const result = payload && JSON.parse(Buffer.from(payload).toString());
    return { status, message, result, event, writes };
  };
}
