// The LMDB environment: every table, its key and its value, on this one page.
//
// | table    | key                                    | value                                                      |
// |----------|----------------------------------------|------------------------------------------------------------|
// | messages | `messageKey`: author, generation, seq. | the keyed message's JSON, as `ssb/message.ts` lays it out   |
// | chunks   | `messageKey` of the first in it        | such messages in a row, as `chunk.ts` packs them            |
// | feeds    | author's key (32)                      | FeedRecord: latest, count, bytes, gaps, fork                |
// | deletions| author's key (32) + generation (1)     | DeletionRecord: what is still to be deleted of a feed       |
// | members  | feed's key (32)                        | MemberRecord: an index over our own contact messages        |
// | vouches  | voucher's key (32) + feed's key (32)   | true: the feeds one member answers for                      |
// | blocks   | feed's key (32)                        | BlockRecord: index over contact messages, plus the reason   |
// | invites  | guest's public key (32)                | InviteRecord: never the seed                                |
// | ends     | `endKey`: of all invites               | true: which are live, and which ended first                 |
// | made     | maker's key (32) + `endKey`            | true: the same of one member's invites                      |
// | directed | feed's key (32) + `endKey`             | true: the same of the invites for one feed                  |
// | knocks   | feed's key (32)                        | KnockRecord                                                 |
// | aliases  | name as UTF-8                          | AliasRecord                                                 |
// | roles    | feed's key (32)                        | 'moderator' or 'admin'; no row is 'member'                  |
// | seen     | feed's key (32)                        | Unix ms at which a member was last connected               |
// | signIns  | sha256 of a browser's token (32)       | SignInRecord: never the token                               |
// | links    | sha256 of a login link's token (32)    | LinkRecord: never the token                                 |
// | notices  | name as UTF-8                          | NoticeRecord: Markdown as it was written                    |
// | audit    | number (8, BE), rising                 | AuditRecord: who did what; who has most of it makes room   |
// | ownAudit | number (8, BE), of the same count      | AuditRecord: what members did, and all to what is their own |
// | days     | day since 1970 (4, BE)                 | DayRecord: what a day was like; the oldest make room        |
// | meta     | name as UTF-8                          | `schema`, `settings`, `pulse` (when the watchdog last wrote), `repack` |
//
// Tables of the Matrix lobby (`matrix-layout.ts`), opened only where it is on; `n` is the number of a room (4, BE):
//
// | matrixRooms  | room id as UTF-8                   | MatrixRoomRecord                                           |
// | matrixEvents | n + sha256 that is the event's id  | MatrixEventRecord                                          |
// | matrixOrder  | n + order of arrival (6, BE)       | the event's id                                             |
// | matrixStates | n + state's number (6, BE)         | MatrixStateRecord: changes to another state, or a whole one |
// | matrixOutbox | server name + 0 + number (6, BE)   | MatrixOutboxRecord: an event that waits for that server    |
// | matrixKeys   | server name as UTF-8               | MatrixKeysRecord: the signing keys of another server       |
// | matrixGuests | user id as UTF-8                   | MatrixGuestRecord: somebody on Matrix whom we have met     |
// | matrixMeta   | name as UTF-8                      | counters, and invites to us that wait for an answer        |
//
// Keys are binary so that a range of one author's messages is one contiguous walk in ascending sequence.
// Records are JSON: small, readable in a dump, and needing no native decoder. Messages are bytes served as they lie.

import { type Database, open, type RootDatabase } from 'lmdb'
import type { FeedId } from '../ssb/feed-id.js'
import { KEY_BYTES, keyOf } from '../ssb/feed-id.js'

/** Raised when a table's shape changes; an older store is then migrated or refused, never misread. */
export const SCHEMA = 3

/** Whether a store of that layout can be opened: an older one is brought up to ours. */
export const isReadable = (schema: unknown): boolean => schema === 1 || schema === 2 || schema === SCHEMA

/** LMDB's files in the store's directory. */
export const DATA_FILE = 'data.mdb'
export const LOCK_FILE = 'lock.mdb'

/** A range of sequences not held, both ends included, and how often we have asked for it. */
export type Gap = [from: number, to: number, asks: number]

export interface FeedRecord {
  /** highest sequence held */
  latest: number
  /** hash (base64) of that message */
  latestHash: string
  count: number
  bytes: number
  gaps: Gap[]
  fork: ForkRecord | null
  /** part of the keys of its messages; absent for 0 */
  generation?: number
  /** messages in a row up to the latest that lie in `messages` and are to be packed; absent where there are none */
  tail?: { from: number; bytes: number }
}

/** The first contradiction seen: two messages for one sequence, or neighbours of which one does not continue the other. */
export interface ForkRecord {
  sequence: number
  /** hash (base64) of the message at that sequence that is not of the branch held first */
  hash: string
  /** Unix ms */
  at: number
  /** first sequence that is not served and not taken, if the other branch was stored before the fork was seen */
  cut?: number
}

export interface DeletionRecord {
  /** what there is still to delete */
  messages: number
  bytes: number
  /** Unix ms */
  since: number
}

export interface MemberRecord {
  since: number
  by: 'invite' | 'voucher' | 'operator' | 'knock'
  voucher: FeedId | null
  note: string
  /** sequence of the contact message this row indexes */
  contact: number
}

export interface BlockRecord {
  since: number
  /** kept here alone: a reason is not published to everyone for ever */
  reason: string
  contact: number
}

export interface InviteRecord {
  uses: number
  used: number
  note: string
  created: number
  expires: number
  revoked: number | null
  /** Unix ms at which it was used up; one for a feed also when that feed came in by another door */
  spent: number | null
  /** who asked for it: a member's id, `operator` or `captcha` */
  by: string
  /** the one feed that may use it; absent for whoever holds the code */
  for?: FeedId
}

export interface KnockRecord {
  note: string
  since: number
  /** Unix ms */
  expires: number
}

export interface AliasRecord {
  owner: FeedId
  /** the owner's signature over the registration */
  signature: string
  since: number
}

/** How somebody came to be signed in: their app said so, or the operator's one-time link. */
export type SignInWay = 'app' | 'link'

export interface SignInRecord {
  feed: FeedId
  /** Unix ms, like the next two */
  created: number
  seen: number
  expires: number
  how: SignInWay
  /** the browser in a few words, so that its owner knows it in a list */
  agent: string
}

export interface LinkRecord {
  feed: FeedId
  /** Unix ms */
  expires: number
}

export interface NoticeRecord {
  title: string
  /** Markdown */
  text: string
  changed: number
  by: string
}

export interface AuditRecord {
  /** Unix ms */
  at: number
  /** a member's id, or `operator` */
  who: string
  what: string
  /** a feed id, an alias, an invite's id: whatever it was done to */
  whom: string
  detail: string
}

export interface DayRecord {
  /** attendants at once, at most */
  peak: number
  members: number
  /** messages and bytes kept, at the end of the day */
  messages: number
  bytes: number
}

export interface Tables {
  root: RootDatabase
  messages: Database<Buffer, Buffer>
  chunks: Database<Buffer, Buffer>
  feeds: Database<FeedRecord, Buffer>
  deletions: Database<DeletionRecord, Buffer>
  members: Database<MemberRecord, Buffer>
  vouches: Database<true, Buffer>
  blocks: Database<BlockRecord, Buffer>
  invites: Database<InviteRecord, Buffer>
  ends: Database<true, Buffer>
  made: Database<true, Buffer>
  directed: Database<true, Buffer>
  knocks: Database<KnockRecord, Buffer>
  aliases: Database<AliasRecord, Buffer>
  roles: Database<'moderator' | 'admin', Buffer>
  seen: Database<number, Buffer>
  signIns: Database<SignInRecord, Buffer>
  links: Database<LinkRecord, Buffer>
  notices: Database<NoticeRecord, Buffer>
  audit: Database<AuditRecord, Buffer>
  ownAudit: Database<AuditRecord, Buffer>
  days: Database<DayRecord, Buffer>
  meta: Database<unknown, Buffer>
}

/**
 * Opens the environment under a directory, making it where it is missing.
 * `remapChunks` keeps the map small in memory: without it every page ever read counts as ours.
 * `overlappingSync` is off so that a commit's promise means what it says: the batch is on the disk.
 */
export function openTables(path: string): Tables {
  const root = open({
    path,
    maxDbs: 40,
    overlappingSync: false,
    remapChunks: true,
    keyEncoding: 'binary',
    encoding: 'binary',
  })
  try {
    return tablesOf(root as RootDatabase)
  } catch (err) {
    root.close().catch(() => {})
    throw err
  }
}

function tablesOf(root: RootDatabase): Tables {
  const json = <T>(name: string): Database<T, Buffer> =>
    root.openDB<T, Buffer>(name, { keyEncoding: 'binary', encoding: 'json' })
  return {
    root,
    messages: root.openDB<Buffer, Buffer>('messages', { keyEncoding: 'binary', encoding: 'binary' }),
    chunks: root.openDB<Buffer, Buffer>('chunks', { keyEncoding: 'binary', encoding: 'binary' }),
    feeds: json<FeedRecord>('feeds'),
    deletions: json<DeletionRecord>('deletions'),
    members: json<MemberRecord>('members'),
    vouches: json<true>('vouches'),
    blocks: json<BlockRecord>('blocks'),
    invites: json<InviteRecord>('invites'),
    ends: json<true>('ends'),
    made: json<true>('made'),
    directed: json<true>('directed'),
    knocks: json<KnockRecord>('knocks'),
    aliases: json<AliasRecord>('aliases'),
    roles: json<'moderator' | 'admin'>('roles'),
    seen: json<number>('seen'),
    signIns: json<SignInRecord>('signIns'),
    links: json<LinkRecord>('links'),
    notices: json<NoticeRecord>('notices'),
    audit: json<AuditRecord>('audit'),
    ownAudit: json<AuditRecord>('ownAudit'),
    days: json<DayRecord>('days'),
    meta: json<unknown>('meta'),
  }
}

/** How the values of each table are stored, by its name. Tables that are not listed are not part of a backup. */
export const ENCODINGS: ReadonlyMap<string, 'json' | 'binary'> = new Map([
  ['messages', 'binary'],
  ['chunks', 'binary'],
  ...[
    ...[
      'feeds',
      'deletions',
      'members',
      'vouches',
      'blocks',
      'invites',
      'ends',
      'made',
      'directed',
      'knocks',
    ],
    ...['aliases', 'roles', 'seen', 'signIns', 'links', 'notices', 'audit', 'ownAudit', 'days', 'meta'],
    ...['matrixRooms', 'matrixEvents', 'matrixOrder', 'matrixStates', 'matrixOutbox', 'matrixKeys'],
    ...['matrixGuests', 'matrixMeta'],
  ].map((name) => [name, 'json'] as const),
])

const SEQUENCE_BYTES = 5

/**
 * Key of one message. A feed that is deleted and followed again gets another generation, so that what is still to be
 * deleted and what comes in do not meet.
 */
export function messageKey(author: Buffer, generation: number, sequence: number): Buffer {
  const key = Buffer.allocUnsafe(KEY_BYTES + 1 + SEQUENCE_BYTES)
  author.copy(key)
  key[KEY_BYTES] = generation
  key.writeUIntBE(sequence, KEY_BYTES + 1, SEQUENCE_BYTES)
  return key
}

/** The sequence in a message's key. */
export function sequenceOf(key: Buffer): number {
  return key.readUIntBE(KEY_BYTES + 1, SEQUENCE_BYTES)
}

/** A key above all messages of one generation of a feed: ranges end before it. */
export function endOfMessages(author: Buffer, generation: number): Buffer {
  return Buffer.concat([author, Buffer.from([generation]), Buffer.alloc(SEQUENCE_BYTES + 1, 0xff)])
}

/** Key of one deletion; the messages' keys begin with it. */
export function deletionKey(author: Buffer, generation: number): Buffer {
  return Buffer.concat([author, Buffer.from([generation])])
}

/** Generations of one feed at a time, deleted ones included. */
export const GENERATIONS = 256

/** Key of one vouch. */
export function vouchKey(voucher: Buffer, feed: Buffer): Buffer {
  return Buffer.concat([voucher, feed])
}

const TIME_BYTES = 6
/** After every time in a key. */
export const TIME_MAX = 2 ** (8 * TIME_BYTES) - 1

/**
 * Key of an index row of an invite, or a place between such rows where no guest is given. What is over whatever the time
 * comes first, then what nothing but time ends; each in the order of its end, so that now divides live from dead.
 * @param of  whose invites, in an index by feed
 * @param end Unix ms
 */
export function endKey(of: FeedId | undefined, over: boolean, end: number, guest?: Buffer): Buffer {
  const at = Buffer.alloc(1 + TIME_BYTES)
  at.writeUInt8(over ? 0 : 1)
  at.writeUIntBE(end, 1, TIME_BYTES)
  return Buffer.concat([...(of ? [keyOf(of)] : []), at, ...(guest ? [guest] : [])])
}
