/** A ledger with files on their way, and for every function arguments and a caller with which it is, or nearly is, accepted. */
import { base64url } from '@holdfast/protocol/bytes.js';
import type { Args, Evaluate, Submit } from '@holdfast/protocol/ledger-transactions.js';
import { type AuditedLedger, newAuditedLedger } from './audited-files.ts';
import { badPoints } from './bad-points.ts';
import {
  beaconSignature,
  CONFIG,
  delegateAnnouncement,
  providerAnnouncement,
} from './consortium.ts';
import type { TestIdentity } from './memory-ledger.ts';
import { newTestFile, newTestOwner } from './owner-of-files.ts';
import { newAnswer } from './provider.ts';

export type FunctionName = Submit | Evaluate;

export interface Sample {
  readonly name: FunctionName;
  readonly by: TestIdentity;
  readonly args: unknown;
}

export interface SampledLedger extends AuditedLedger {
  /** At least one for every function. */
  readonly samples: readonly Sample[];
  readonly callers: readonly TestIdentity[];
}

export async function newSampledLedger(): Promise<SampledLedger> {
  const audited = await newAuditedLedger();
  const { ledger, provider, ann, bob } = audited;
  const held = await audited.dueNow(ann, bob);
  const epoch = ledger.epoch();
  const operator = await ledger.as('Alder', 'operator');
  const agent = await ledger.as('Alder', 'agent');
  await ledger.submit(operator, 'accounts:grantBudget', { mspId: 'Alder', amounts: ['5', '7'] });
  const { result } = await grantTo(audited, agent);
  const newcomer = await newTestOwner(await ledger.newIdentity('Alder', 'owner'), 'newcomer');
  const { registration } = await newTestFile(ann, { epoch });
  const { infinity, outside } = badPoints();
  const fileId = held[0]?.file.fileId ?? '';
  const { ownerId, tagKeyId } = ann;
  const answer = await newAnswer(ledger, held, { epoch });
  const next = ['Alder', 'Cedar'][(epoch + 1) % 2] ?? '';
  const signature = beaconSignature(next, epoch + 1, ledger.beaconOf(epoch));
  for (const mspId of ['Cedar', 'Birch']) {
    const by = await ledger.as(mspId, mspId === 'Birch' ? 'provider' : 'delegate');
    await ledger.submit(by, 'beacons:tick', { epoch: epoch + 1 });
  }
  const page = { cursor: fileId, limit: 2 };
  const good: { readonly [F in FunctionName]: readonly [by: TestIdentity, args: Args<F>] } = {
    'accounts:configure': [operator, { config: { ...CONFIG, version: 2 } }],
    'accounts:announce': [provider, { announcement: providerAnnouncement() }],
    'accounts:open': [newcomer.identity, newcomer.opening],
    'accounts:transfer': [agent, { to: ownerId, amounts: ['1', '2'], lane: 0 }],
    'accounts:collect': [ann.identity, { lane: 1, credits: [...result], sources: [] }],
    'accounts:grantBudget': [operator, { mspId: 'Alder', amounts: ['1'] }],
    'files:register': [ann.identity, registration],
    'files:place': [provider, { fileId, nodes: ['birch-1', 'birch-3'] }],
    'files:ask': [ann.identity, { fileId, epoch, node: null, blocks: 1, lane: 0 }],
    'files:retire': [ann.identity, { fileId, lane: 0 }],
    'beacons:tick': [await ledger.as('Alder', 'delegate'), { epoch: epoch + 1 }],
    'beacons:advance': [
      await ledger.as(next, 'delegate'),
      { epoch: epoch + 1, signature, msps: ['Cedar', 'Birch'] },
    ],
    'audits:answer': [provider, answer],
    'audits:concede': [provider, { fileId, epoch, now: epoch, uids: [0, 1] }],
    'audits:miss': [await ledger.as('Cedar', 'delegate'), { fileId, epoch, now: epoch }],
    'accounts:config': [agent, {}],
    'accounts:get': [agent, { ownerId }],
    'accounts:bySigner': [agent, { signer: idIn(ledger, 'signer') }],
    'accounts:tagKey': [agent, { tagKeyId }],
    'accounts:purse': [agent, { ownerId, limit: 2, cursor: fileId }],
    'accounts:organisation': [agent, { mspId: 'Birch', role: 'provider' }],
    'accounts:organisations': [agent, {}],
    'files:get': [agent, { fileId }],
    'files:byAnchor': [agent, { anchor: idIn(ledger, 'anchor') }],
    'files:list': [agent, { ownerId, ...page }],
    'shares:ofFile': [agent, { fileId }],
    'beacons:current': [agent, {}],
    'beacons:get': [agent, { epoch }],
    'audits:due': [provider, { providerId: 'Birch', epoch, ...page }],
    'audits:get': [agent, { fileId, epoch }],
    'audits:ofFile': [agent, { fileId, limit: 2 }],
  };
  const samples = Object.entries(good).map(([name, [by, args]]) => ({
    name: name as FunctionName,
    by,
    args: args as unknown,
  }));
  const delegate = { announcement: delegateAnnouncement('Cedar') };
  samples.push({
    name: 'accounts:announce',
    by: await ledger.as('Cedar', 'delegate'),
    args: delegate,
  });
  for (const point of [infinity, outside]) {
    const acceptance = base64url(point);
    samples.push({
      name: 'files:register',
      by: ann.identity,
      args: { ...registration, acceptance },
    });
  }
  const callers = [...new Set([...samples.map(({ by }) => by), bob.identity])];
  return { ...audited, samples, callers };
}

/** The last part of some key of this type. */
const idIn = ({ state }: SampledLedger['ledger'], type: string): string =>
  [...state.keys()]
    .find((key) => key.startsWith(`${type}/`))
    ?.split('/')
    .at(-1) ?? '';

/** Credit notes of Ann's. */
async function grantTo({ ledger, ann }: AuditedLedger, agent: TestIdentity) {
  const collected = [...ledger.state.keys()].filter((key) => key.startsWith('credit/'));
  const credits = collected.map((key) => key.split('/').at(-1) ?? '');
  await ledger.submit(agent, 'accounts:collect', { lane: 0, credits, sources: [] });
  const args = { to: ann.ownerId, amounts: ['3', '4'], lane: 0 };
  const { result } = await ledger.submit(agent, 'accounts:transfer', args);
  return { result: result.credits };
}
