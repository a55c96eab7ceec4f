/**
 * Who may call what; whatever stands in no row is refused.
 *
 * @module
 */
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { Config } from '@holdfast/protocol/consortium-records.js';
import type { Evaluate, Submit } from '@holdfast/protocol/ledger-transactions.js';
import type { Role } from '@holdfast/protocol/schema.js';

const ANY: readonly Role[] = ['owner', 'agent', 'key-server', 'provider', 'delegate', 'operator'];
const STAFF: readonly Role[] = ['agent', 'key-server', 'provider', 'delegate', 'operator'];

// prettier-ignore
const PERMISSIONS: Readonly<Record<Submit | Evaluate, readonly Role[]>> = {
  'accounts:configure':   ['operator'],
  'accounts:announce':    ['provider', 'key-server', 'delegate'],
  'accounts:open':        ['owner'],
  'accounts:transfer':    ['owner', 'agent'],
  'accounts:collect':     ['owner', 'agent'],
  'accounts:grantBudget': ['operator'],
  'files:register':       ['owner'],
  'files:place':          ['provider'],
  'files:ask':            ['owner'],
  'files:retire':         ['owner'],
  'beacons:tick':         STAFF,
  'beacons:advance':      ANY,
  'audits:answer':        ['provider'],
  'audits:concede':       ['provider'],
  'audits:miss':          ANY,

  'accounts:config':        ANY,
  'accounts:get':           ANY,
  'accounts:bySigner':      ANY,
  'accounts:tagKey':        ANY,
  'accounts:purse':         ANY,
  'accounts:organisation':  ANY,
  'accounts:organisations': ANY,
  'files:get':              ANY,
  'files:byAnchor':         ANY,
  'files:list':             ANY,
  'shares:ofFile':          ANY,
  'beacons:current':        ANY,
  'beacons:get':            ANY,
  'audits:due':             ANY,
  'audits:get':             ANY,
  'audits:ofFile':          ANY,
};

/** Whether the configuration lets the organisation hold the role. */
export const holdsRole = (config: Config, mspId: string, role: string): boolean =>
  config.organisations.some(
    (organisation) =>
      organisation.mspId === mspId && organisation.roles.some((held) => held === role),
  );

/**
 * Lets pass whose certificate carries a role that the function is open to, from an organisation that the configuration
 * lets hold this role.
 *
 * @throws `NOT_ALLOWED`
 */
export function authorise(
  name: Submit | Evaluate,
  config: Config,
  { mspId, role }: { readonly mspId: string; readonly role: string | null },
): Role {
  const granted = config.organisations.find((organisation) => organisation.mspId === mspId);
  const held = granted?.roles.find((candidate) => candidate === role);
  if (held === undefined) {
    throw new HoldfastError('NOT_ALLOWED', `${mspId} holds no role ${role ?? '(none)'} here`);
  }
  if (!PERMISSIONS[name].includes(held)) {
    throw new HoldfastError('NOT_ALLOWED', `${name} is not open to the role ${held}`);
  }
  return held;
}
