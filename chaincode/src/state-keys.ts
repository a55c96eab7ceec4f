/**
 * The keys of the state: what stands under each, and who writes it.
 *
 * All are composite keys; an epoch is written with 12 digits, a generation with 6 and a lane with 2, so that the order of
 * keys is the order of numbers. Parts come from parsed arguments or certificates and hold no U+0000.
 *
 * @module
 */
import type { Account, Credit, Purse, TagKeyRecord } from '@holdfast/protocol/account-records.js';
import type {
  AskRecord,
  AuditRecord,
  DueRecord,
  Member,
} from '@holdfast/protocol/audit-records.js';
import type {
  BeaconRecord,
  Clock,
  Config,
  Organisation,
  TickRecord,
} from '@holdfast/protocol/consortium-records.js';
import type {
  AnchorRecord,
  FileRecord,
  Owned,
  Placement,
  ShareRecord,
} from '@holdfast/protocol/file-records.js';
import type { Role } from '@holdfast/protocol/schema.js';

/** A key of the state; its type says which record stands under it. */
export interface Key<R> {
  readonly type: string;
  readonly parts: readonly string[];
  /** Never there: it only carries the type. */
  readonly record?: R;
}

/** `configvote/{version}/{msp}`: which next configuration an organisation wants. */
export interface ConfigVote {
  /** Digest of the configuration (`configDigest`), hex. */
  readonly digest: string;
}

/** `signer/{SHA-256(SPKI)}`: the account that a key opened, also after its certificate was renewed. */
export interface Signer {
  readonly ownerId: string;
}

type OrganisationOf<R extends Role> = Extract<Organisation, { readonly role: R }>;

const key = (type: string, ...parts: readonly string[]) => ({ type, parts });
const digits = (count: number, value: number): string => String(value).padStart(count, '0');

// prettier-ignore
export const KEYS = {
  // key                                                           record                    parts                                                 written by; - removed by
  config:       ():                                                Key<Config>            => key('config'),                                      // accounts:configure
  configVote:   (version: number, mspId: string):                  Key<ConfigVote>        => key('configvote', digits(10, version), mspId),      // accounts:configure
  organisation: <R extends Role>(mspId: string, role: R):          Key<OrganisationOf<R>> => key('organisation', mspId, role),                   // accounts:announce
  account:      (ownerId: string):                                 Key<Account>           => key('account', ownerId),                            // accounts:open
  signer:       (spkiDigest: string):                              Key<Signer>            => key('signer', spkiDigest),                          // accounts:open
  tagKey:       (tagKeyId: string):                                Key<TagKeyRecord>      => key('tagkey', tagKeyId),                            // accounts:open
  purse:        (ownerId: string, lane: number):                   Key<Purse>             => key('purse', ownerId, digits(2, lane)),             // accounts:transfer, collect, by whose purse it is
  credit:       (ownerId: string, creditId: string):               Key<Credit>            => key('credit', ownerId, creditId),                   // accounts:transfer, grantBudget, blind; -accounts:collect
  file:         (fileId: string):                                  Key<FileRecord>        => key('file', fileId),                                // files:register, retire
  placement:    (fileId: string):                                  Key<Placement>         => key('placement', fileId),                           // files:register, place; -files:retire
  owned:        (ownerId: string, fileId: string):                 Key<Owned>             => key('owned', ownerId, fileId),                      // files:register; -files:retire
  anchor:       (anchor: string):                                  Key<AnchorRecord>      => key('anchor', anchor),                              // files:register; -files:retire
  shares:       (fileId: string, generation: number):              Key<ShareRecord>       => key('shares', fileId, digits(6, generation)),       // files:register; -files:retire
  member:       (provider: string, epoch: number, fileId: string): Key<Member>            => key('member', provider, digits(12, epoch), fileId), // files:register
  due:          (provider: string, fileId: string):                Key<DueRecord>         => key('due', provider, fileId),                       // files:register, place, audits:answer, concede, miss; -files:retire
  ask:          (fileId: string):                                  Key<AskRecord>         => key('ask', fileId),                                 // files:ask; -audits:answer, concede, miss, -files:retire
  audit:        (fileId: string, epoch: number):                   Key<AuditRecord>       => key('audit', fileId, digits(12, epoch)),            // audits:answer, concede, miss
  clock:        ():                                                Key<Clock>             => key('clock'),                                       // accounts:configure, beacons:advance; read by no submit
  beacon:       (epoch: number):                                   Key<BeaconRecord>      => key('beacon', digits(12, epoch)),                   // accounts:configure, beacons:advance
  tick:         (epoch: number, mspId: string):                    Key<TickRecord>        => key('tick', digits(12, epoch), mspId),              // beacons:tick
} as const;

/** Beginnings of keys, for the lists of evaluate functions: no submit reads a range. */
// prettier-ignore
export const LISTS = {
  organisations: ():                   Key<Organisation> => key('organisation'),
  credits:       (ownerId: string):    Key<Credit>       => key('credit', ownerId),
  owned:         (ownerId: string):    Key<Owned>        => key('owned', ownerId),
  due:           (providerId: string): Key<DueRecord>    => key('due', providerId),
  audits:        (fileId: string):     Key<AuditRecord>  => key('audit', fileId),
  shares:        (fileId: string):     Key<ShareRecord>  => key('shares', fileId),
} as const;

/** Key shares are numbered from here; a refresh takes the next number. */
export const FIRST_GENERATION = 1;
