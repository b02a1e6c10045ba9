// SPDX-License-Identifier: AGPL-3.0-or-later
// The LMDB environment: all tables with their keys and values.
//
// | table    | key                                    | value                                                      |
// |----------|----------------------------------------|------------------------------------------------------------|
// | messages | `messageKey`: author, generation, seq. | the keyed message's JSON, encoded by `ssb/message.ts`       |
// | chunks   | `messageKey` of the first in it        | consecutive messages, packed by `chunk.ts`                  |
// | feeds    | author's key (32)                      | FeedRecord: latest, count, bytes, gaps, fork                |
// | deletions| author's key (32) + generation (1)     | DeletionRecord: messages left to delete                     |
// | profiles | author's key (32)                      | ProfileRecord: index over the author's `about` messages    |
// | members  | feed's key (32)                        | MemberRecord: index over our contact messages               |
// | vouches  | voucher's key (32) + feed's key (32)   | true: the feeds a member has vouched for                    |
// | blocks   | feed's key (32)                        | BlockRecord: index over our contact messages, and a reason  |
// | invites  | guest's public key (32)                | InviteRecord: without the seed                              |
// | ends     | `endKey`: of all invites               | true: index by time of end                                  |
// | made     | maker's key (32) + `endKey`            | true: the same for one member's invites                     |
// | directed | feed's key (32) + `endKey`             | true: the same for directed invites                         |
// | knocks   | feed's key (32)                        | KnockRecord                                                 |
// | aliases  | name as UTF-8                          | AliasRecord                                                 |
// | roles    | feed's key (32)                        | 'moderator' or 'admin'; no row is 'member'                  |
// | seen     | feed's key (32)                        | Unix ms of a member's last connection                       |
// | signIns  | sha256 of a browser's token (32)       | SignInRecord: without the token                             |
// | links    | sha256 of a login link's token (32)    | LinkRecord: without the token                               |
// | notices  | name as UTF-8                          | NoticeRecord: Markdown source, in the first language        |
// | noticeTexts | name as UTF-8 + 0 + language tag    | NoticeRecord: the same in a further language                |
// | peers    | other relay's key (32)                 | PeerRecord: a relay that this one keeps feeds with          |
// | shared   | feed's key (32)                        | true: a member who lets other relays keep the feed          |
// | offers   | other relay's key (32) + feed's (32)   | true: it may read the feed; false: to be withdrawn there    |
// | audit    | number (8, BE), increasing             | AuditRecord: actions on others and on the room              |
// | ownAudit | number (8, BE), same sequence as audit | AuditRecord: actions of members, and on an actor's own items |
// | days     | day since 1970 (4, BE)                 | DayRecord: totals and peak; the oldest are removed          |
// | meta     | name as UTF-8                          | `schema`, `settings`, `pulse` (last write of the watchdog), `repack`, `profiles`, `backup` |
//
// Tables of the Matrix lobby (`matrix-layout.ts`), opened only if it is on; `n` is the number of a room (4, BE):
//
// | matrixRooms  | room id as UTF-8                   | MatrixRoomRecord                                           |
// | matrixEvents | n + sha256 that is the event's id  | MatrixEventRecord                                          |
// | matrixOrder  | n + order of arrival (6, BE)       | the event's id                                             |
// | matrixStates | n + state's number (6, BE)         | MatrixStateRecord: a complete state, or changes to another  |
// | matrixOutbox | server name + 0 + number (6, BE)   | MatrixOutboxRecord: an event to send to that server        |
// | matrixKeys   | server name as UTF-8               | MatrixKeysRecord: the signing keys of another server       |
// | matrixGuests | user id as UTF-8                   | MatrixGuestRecord: a known Matrix user                     |
// | matrixMeta   | name as UTF-8                      | counters, and unanswered invites to the relay              |
//
// Keys are binary so that a range of one author's messages is contiguous and in ascending sequence.
// Records are JSON: readable in a dump, without native decoder. Messages are served as the stored bytes.

import { type Database, open, type RootDatabase } from 'lmdb'
import type { FeedId } from '../ssb/feed-id.js'
import { KEY_BYTES } from '../ssb/feed-id.js'

/** Increased when a table's shape changes; an older store is then migrated or rejected. */
export const SCHEMA = 3

/** Whether a store with this schema can be opened; older ones are migrated. */
export const isReadable = (schema: unknown): boolean => schema === 1 || schema === 2 || schema === SCHEMA

/** LMDB's files in the store's directory. */
export const DATA_FILE = 'data.mdb'
export const LOCK_FILE = 'lock.mdb'

/** A range of missing sequences, both ends included, and how often it was requested. */
export type Gap = [from: number, to: number, asks: number]

export interface FeedRecord {
  /** highest stored sequence */
  latest: number
  /** hash (base64) of that message */
  latestHash: string
  count: number
  bytes: number
  gaps: Gap[]
  fork: ForkRecord | null
  /** part of the keys of its messages; absent for 0 */
  generation?: number
  /** consecutive messages up to the latest that are in `messages` and not packed yet; absent if none */
  tail?: { from: number; bytes: number }
}

/**
 * The first fork seen: two messages of one sequence, or a message whose `previous` is not the hash of the one before.
 */
export interface ForkRecord {
  sequence: number
  /** hash (base64) of the message at that sequence that is not of the branch stored first */
  hash: string
  /** Unix ms */
  at: number
  /** first sequence that is neither served nor accepted, if the other branch was stored before the fork was seen */
  cut?: number
}

export interface DeletionRecord {
  /** messages left to delete */
  messages: number
  bytes: number
  /** Unix ms */
  since: number
}

/** Each field with the sequence of the message that set it; an empty text if that message emptied it. */
export type ProfileRecord = Partial<
  Record<'name' | 'description' | 'image', [sequence: number, text: string]>
>

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
  /** kept in the store only: a published reason could not be deleted */
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
  /** Unix ms at which it was used up; a directed invite also when its feed joined in another way */
  spent: number | null
  /** the maker: a member's id, `operator` or `captcha` */
  by: string
  /** directed invite: the only feed that may use it */
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

/** How a browser was signed in: by the member's app, or by a one-time login link. */
export type SignInWay = 'app' | 'link'

export interface SignInRecord {
  feed: FeedId
  /** Unix ms, like the next two */
  created: number
  seen: number
  expires: number
  how: SignInWay
  /** short name of the browser, so that its owner recognizes it in a list */
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
  /** only in `notices`: the text's language tag; absent if it was saved without one */
  language?: string
}

/** Whose feeds are kept: ours at the other relay, theirs at this one, or both. */
export type PeerFeeds = 'ours' | 'theirs' | 'both'

export interface PeerRecord {
  /** where it is called; null if only the other relay calls */
  address: { host: string; port: number } | null
  feeds: PeerFeeds
  /** Unix ms */
  since: number
}

export interface AuditRecord {
  /** Unix ms */
  at: number
  /** a member's id, or `operator` */
  who: string
  what: string
  /** the target: a feed id, an alias, an invite's id */
  whom: string
  detail: string
}

export interface DayRecord {
  /** highest number of attendants at one time */
  peak: number
  members: number
  /** stored messages and bytes at the end of the day */
  messages: number
  bytes: number
}

export interface Tables {
  root: RootDatabase
  messages: Database<Buffer, Buffer>
  chunks: Database<Buffer, Buffer>
  feeds: Database<FeedRecord, Buffer>
  deletions: Database<DeletionRecord, Buffer>
  profiles: Database<ProfileRecord, Buffer>
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
  noticeTexts: Database<NoticeRecord, Buffer>
  peers: Database<PeerRecord, Buffer>
  shared: Database<true, Buffer>
  offers: Database<boolean, Buffer>
  audit: Database<AuditRecord, Buffer>
  ownAudit: Database<AuditRecord, Buffer>
  days: Database<DayRecord, Buffer>
  meta: Database<unknown, Buffer>
}

/**
 * Opens the environment in a directory, which is created if missing.
 * `remapChunks` bounds the mapped memory: without it every page ever read counts as the relay's memory.
 * `overlappingSync` is off so that a commit resolves after its batch is on the disk.
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
    profiles: json<ProfileRecord>('profiles'),
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
    noticeTexts: json<NoticeRecord>('noticeTexts'),
    peers: json<PeerRecord>('peers'),
    shared: json<true>('shared'),
    offers: json<boolean>('offers'),
    audit: json<AuditRecord>('audit'),
    ownAudit: json<AuditRecord>('ownAudit'),
    days: json<DayRecord>('days'),
    meta: json<unknown>('meta'),
  }
}

const BINARY_TABLES = ['messages', 'chunks']
const JSON_TABLES =
  'feeds deletions profiles members vouches blocks invites ends made directed knocks aliases roles seen signIns links ' +
  'notices noticeTexts peers shared offers audit ownAudit days meta matrixRooms matrixEvents matrixOrder matrixStates ' +
  'matrixOutbox matrixKeys matrixGuests matrixMeta'

/** Encoding of the values of each table, by name. Tables that are not listed are not in a backup. */
export const ENCODINGS: ReadonlyMap<string, 'json' | 'binary'> = new Map([
  ...BINARY_TABLES.map((name) => [name, 'binary'] as const),
  ...JSON_TABLES.split(' ').map((name) => [name, 'json'] as const),
])

const SEQUENCE_BYTES = 5

/**
 * Key of one message. A feed that is deleted and followed again gets a new generation, so that its new messages do
 * not mix with those left to delete.
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

/** A key above all messages of one generation of a feed, as the exclusive end of a range. */
export function endOfMessages(author: Buffer, generation: number): Buffer {
  return Buffer.concat([author, Buffer.from([generation]), Buffer.alloc(SEQUENCE_BYTES + 1, 0xff)])
}

/** Key of one deletion: the prefix of the keys of its messages. */
export function deletionKey(author: Buffer, generation: number): Buffer {
  return Buffer.concat([author, Buffer.from([generation])])
}

/** Maximum generations of one feed at a time, deleted ones included. */
export const GENERATIONS = 256

/** Key of one vouch or offer: two feeds' keys. */
export function vouchKey(voucher: Buffer, feed: Buffer): Buffer {
  return Buffer.concat([voucher, feed])
}
