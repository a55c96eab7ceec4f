/** Who calls a gateway that has no business there, and who answers for another. */
import { X509Certificate } from 'node:crypto';
import { Readable } from 'node:stream';
import { integer } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type * as identities from '../../gateway/src/between/caller-identity.ts';
import * as doors from '../../gateway/src/between/inner-door.ts';
import * as owners from '../../gateway/src/between/owners-of.ts';
import * as provided from '../../gateway/src/between/provider-calls.ts';
import type * as reaches from '../../gateway/src/between/reached.ts';
import type { LedgerSession, RoleIdentity } from '../../gateway/src/ledger/ledger.ts';
import type { KeyServer, Provider } from '../../gateway/src/roles.ts';
import { CertificateAuthority } from '../../network/devpeer/src/certificate-authority.ts';
import { attack, failure, success, type Outcome } from '../support/attack.ts';
import { variantOf } from '../support/attack-variant.ts';
import {
  certifiedBy,
  newAuthorities,
  newInnerStage,
  type Identity,
  type InnerStageParts,
} from '../support/inner-door.ts';
import { newKeyServer, testKeyServers } from '../support/key-server.ts';

const AGENT = { mspId: 'Alder', role: 'agent' } as const;
const ELEMENT = [integer(5n, 384)];
const authorities = newAuthorities();
const cedar = newKeyServer('Cedar', testKeyServers()[0].privateKey);
/** Evaluates for whoever gets so far. */
const willing: KeyServer = {
  mspId: 'Cedar',
  evaluate: async (_owner, _key, blinded) => blinded.map(cedar.raw),
};

type Modules = Pick<InnerStageParts, 'newIdentify' | 'newInnerApp' | 'newReach' | 'revoked'>;

/** What comes of asking Cedar for an evaluation, as Alder's agent with this certificate. */
async function asking(
  modules: Modules,
  certificate: () => Promise<Identity>,
  ownerId = 'ab'.repeat(32),
): Promise<Outcome> {
  const announced = cedar.record;
  const parts = { authorities: await authorities, keyServer: willing, announced, ...modules };
  const stage = await newInnerStage(parts);
  try {
    const own = await certificate();
    // whoever is called so is evaluated for
    await stage.keyServer.evaluate(ownerId, 'honest', ELEMENT);
    modules.revoked?.add(new X509Certificate(own.cert).serialNumber);
    return await outcomeOf(stage.keyServerAs(AGENT, own).evaluate(ownerId, 'mine', ELEMENT));
  } finally {
    await stage.close();
  }
}

const outcomeOf = (evaluation: Promise<unknown>): Promise<Outcome> =>
  evaluation.then(
    () => success('an evaluation'),
    (error: unknown) => {
      if (error instanceof HoldfastError) return failure(error.message);
      throw error;
    },
  );

const identityWithout = async (from: string, to: string): Promise<Modules> => {
  const file = 'gateway/src/between/caller-identity.ts';
  const { newIdentify } = await variantOf<typeof identities>(file, { file, from, to });
  return { newIdentify };
};

attack<Modules>({
  id: 'T01',
  attack: 'an evaluation for whoever certifies itself, in the name of an agent',
  defence: 'the certificate is of a root of the consortium',
  defended: () => ({}),
  undefended: () =>
    identityWithout(
      'const identity = identityOf(certificate, roots);',
      `const identity = { mspId: 'Alder', role: 'agent' } as const;`,
    ),
  run: (modules) =>
    asking(modules, async () => certifiedBy(await CertificateAuthority.create('Alder'), 'agent')),
});

attack<Modules>({
  id: 'T01',
  attack: 'an evaluation for an owner, past its agent and the count of its requests',
  defence: 'the role in the certificate is one that may ask',
  defended: () => ({}),
  async undefended() {
    const file = 'gateway/src/between/inner-door.ts';
    const from = 'if (!callers.includes(caller.role)) {';
    const to = 'if (!callers.includes(caller.role) && false) {';
    return variantOf<typeof doors>(file, { file, from, to });
  },
  run: (modules) => asking(modules, async () => (await authorities).certified('Alder', 'owner')),
});

attack<Modules>({
  id: 'T01',
  attack: 'an evaluation for an organisation that is no agent, whatever its authority certifies',
  defence: 'the consortium has granted that role to that organisation',
  defended: () => ({}),
  async undefended() {
    const file = 'gateway/src/between/inner-door.ts';
    const from = 'if (!granted.includes(caller.role)) {';
    const to = 'if (!granted.includes(caller.role) && false) {';
    return variantOf<typeof doors>(file, { file, from, to });
  },
  run: (modules) => asking(modules, async () => (await authorities).certified('Birch', 'agent')),
});

attack<Modules>({
  id: 'T01',
  attack: 'an evaluation for an agent whose certificate is revoked',
  defence: 'the revocation list of its authority, at every call',
  defended: () => ({ revoked: new Set() }),
  async undefended() {
    const from = 'revocations.expectUnrevoked(identity.mspId, certificate);';
    return { ...(await identityWithout(from, '')), revoked: new Set() };
  },
  run: (modules) => asking(modules, async () => (await authorities).certified('Alder', 'agent')),
});

attack<Modules>({
  id: 'T61',
  attack: 'an owner of an organisation who answers for its key server, and so sees who asks',
  defence: 'the role in the certificate of whoever answers',
  defended: () => ({}),
  async undefended() {
    const file = 'gateway/src/between/caller-identity.ts';
    const from =
      'if (found.mspId === wanted.mspId && found.role === wanted.role) return undefined;';
    const change = { file, from, to: 'return undefined;' };
    return variantOf<typeof reaches>('gateway/src/between/reached.ts', change);
  },
  async run(modules) {
    const parts = { authorities: await authorities, keyServer: willing, announced: cedar.record };
    const stage = await newInnerStage({ ...parts, ...modules });
    try {
      stage.held.set('Cedar/key-server', await parts.authorities.certified('Cedar', 'owner'));
      return await outcomeOf(stage.keyServer.evaluate('ab'.repeat(32), 'mine', ELEMENT));
    } finally {
      await stage.close();
    }
  },
});

attack({
  id: 'T01',
  attack: 'an agent that uses up the quota of another organisation’s owner',
  defence: 'an agent asks for owners of its own organisation',
  defended: () => owners,
  undefended: () =>
    variantOf<typeof owners>('gateway/src/between/owners-of.ts', {
      file: 'gateway/src/between/owners-of.ts',
      from: 'if (mspId === caller.mspId) return;',
      to: 'return;',
    }),
  async run({ newExpectOwner }) {
    const session = { evaluate: async () => ({ mspId: 'Cedar' }) } as unknown as LedgerSession;
    const expectOwner = newExpectOwner(session, new AbortController().signal);
    await expectOwner({ mspId: 'Cedar', role: 'agent' }, 'ab'.repeat(32));
    return outcomeOf(expectOwner(AGENT, 'ab'.repeat(32)));
  },
});

/** Organisations with agents and delegates of their own. */
const EVERYBODY = {
  organisations: ['Alder', 'Cedar'].map((mspId) => ({
    mspId,
    roles: ['agent' as const, 'delegate' as const],
  })),
};

/** A file of an owner of Cedar's at Birch, and who comes for its content. */
async function fetchingAs(
  { providerCalls }: Pick<typeof provided, 'providerCalls'>,
  caller: RoleIdentity,
): Promise<Outcome> {
  const provider = {
    upload: async () => ({ ownerId: 'cd'.repeat(32) }),
    read: async () => ({ size: 3, bytes: Readable.from([Buffer.from('abc')]) }),
  } as unknown as Provider;
  const session = { evaluate: async () => ({ mspId: 'Cedar' }) } as unknown as LedgerSession;
  const expectOwner = owners.newExpectOwner(session, new AbortController().signal);
  const stage = await newInnerStage({
    authorities: await authorities,
    routes: providerCalls(provider, expectOwner),
    as: caller,
    newInnerApp: (parts) => doors.newInnerApp({ ...parts, config: EVERYBODY }),
  });
  try {
    const { bytes } = await stage.provider.read({ fileId: 'ef'.repeat(32) }, 'content');
    const chunks: Uint8Array[] = [];
    for await (const chunk of bytes) chunks.push(chunk);
    return success(Buffer.concat(chunks).toString());
  } catch (error) {
    if (error instanceof HoldfastError) return failure(error.message);
    throw error;
  } finally {
    await stage.close();
  }
}

const fileless = (from: string, to: string) => {
  const file = 'gateway/src/between/provider-calls.ts';
  return variantOf<typeof provided>(file, { file, from, to });
};

attack<Pick<typeof provided, 'providerCalls'>>({
  id: 'T01',
  attack: 'an agent that fetches the ciphertext of another organisation’s owner',
  defence: 'an agent asks for files of its own organisation’s owners',
  defended: () => provided,
  undefended: () => fileless(`if (caller.role === 'agent') {`, 'if (caller.role === undefined) {'),
  async run(world) {
    const own = await fetchingAs(world, { mspId: 'Cedar', role: 'agent' });
    if (!own.succeeded) throw new Error(own.words);
    return fetchingAs(world, AGENT);
  },
});

attack<Pick<typeof provided, 'providerCalls'>>({
  id: 'T01',
  attack: 'a delegate that fetches whole files',
  defence: 'a delegate has the leaves, and blocks one by one',
  defended: () => provided,
  undefended: () => fileless(`part !== 'leaves'`, `part === 'leaves'`),
  run: (world) => fetchingAs(world, { mspId: 'Alder', role: 'delegate' }),
});
