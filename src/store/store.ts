// SPDX-License-Identifier: AGPL-3.0-or-later
// The store: one LMDB environment, its writer, and the operations on its tables. All records on disk are accessed here.

import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Keys } from 'ssb-keys'
import { AdvisedError } from '../lib/errors.js'
import { PROGRESS_MS } from '../lib/limits.js'
import { createThrottledLog, type Log } from '../lib/log.js'
import { createVerifier, type Verifier } from '../ssb/verifier.js'
import { type Activity, createActivity } from './activity.js'
import { type Aliases, createAliases } from './aliases.js'
import { type Audit, createAudit } from './audit.js'
import { openSnapshot, type Snapshot } from './backup.js'
import { createFeedMessages } from './feed-messages.js'
import { countFeeds } from './feed-records.js'
import { createFeeds, type FeedLimits, type Feeds } from './feeds.js'
import { indexInvites } from './invite-rows.js'
import { createInvites, type Invites } from './invites.js'
import { createKnocks, type Knocks } from './knocks.js'
import { DATA_FILE, isReadable, SCHEMA } from './layout.js'
import type { MatrixStore } from './matrix.js'
import { createMembers, type Members } from './members.js'
import { createModeration, type Moderation } from './moderation.js'
import { createNames, type Names } from './names.js'
import { createNotices, type Notices } from './notices.js'
import { openValidated } from './open.js'
import { createPeers, createSharing, type Peers, type Sharing } from './peers.js'
import { createProfiles, type Profiles } from './profiles.js'
import { createProvisionalLives, type StoreTime, trusting } from './provisional.js'
import type { OnStoreProgress } from './rebuild.js'
import { createRefusals, type Refusals } from './refusals.js'
import { createRelayFeed, type RelayFeed } from './relay-feed.js'
import { markForRepack, startRepack } from './repack.js'
import { createRoles, type Roles } from './roles.js'
import { createSettings, type Settings } from './settings.js'
import { createSignIns, type SignIns } from './sign-ins.js'
import { verifyTables } from './verify.js'
import { createWriter } from './writer.js'

export interface Store {
  feeds: Feeds
  own: Pick<RelayFeed, 'hold' | 'release'>
  /** what members say about themselves */
  profiles: Profiles
  names: Names
  members: Members
  invites: Invites
  knocks: Knocks
  aliases: Aliases
  roles: Roles
  settings: Settings
  signIns: SignIns
  notices: Notices
  /** other relays that feeds are kept with */
  peers: Peers
  /** members who let other relays keep their feeds */
  sharing: Sharing
  audit: Audit
  activity: Activity
  /** rejected messages per feed, since the start */
  refusals: Refusals
  /** actions of users, with permission checks and audit log; the parts above have neither */
  moderation: Moderation
  /** verifies received messages, of all streams in turn */
  verifier: Verifier
  /** The tables of the Matrix lobby, opened at the first call. */
  matrix(): Promise<MatrixStore>
  /** Size of the database file in bytes. */
  bytes(): number
  /** Opens the database as it is now, for a backup. The caller closes it. */
  snapshot(): Snapshot
  /** Unix ms at which a backup was last read to its end; null if never. */
  lastBackup(): number | null
  recordBackup(): Promise<void>
  /** Resolves after a read and, if `write` is set, a write that is on the disk. For the watchdog. */
  pulse(write: boolean): Promise<void>
  /** Checks every message and record. @returns problems; an empty list for a sound store */
  verify(onProgress?: OnStoreProgress): Promise<string[]>
  close(): Promise<void>
}

export interface StoreOptions extends FeedLimits {
  /** directory of the environment */
  path: string
  /** the relay's identity, which signs its own feed */
  keys: Keys
}

/**
 * Opens the store, and creates it if it is missing.
 * @param components `now` in Unix ms; `time` if the clock may be wrong
 * @throws RelayError `data_unusable`
 */
export async function createStore(
  { log, now, time = trusting(now) }: { log: Log; now: () => number; time?: StoreTime | undefined },
  { path, keys, ...limits }: StoreOptions,
): Promise<Store> {
  const tables = openValidated(path)
  const onFault = (err: unknown): void => log.error({ err }, 'store listener failed')
  const writer = createWriter(tables.root, onFault)
  const verifier = createVerifier()
  const close = async (): Promise<void> => {
    await verifier.close()
    await writer.close()
    await tables.root.close()
  }
  const schemaKey = Buffer.from('schema')
  const pulseKey = Buffer.from('pulse')
  const backupKey = Buffer.from('backup')
  const schema = tables.meta.get(schemaKey) ?? SCHEMA
  if (!isReadable(schema)) {
    await close()
    throw new AdvisedError(
      'use the version of Tidepool that wrote it, or restore a backup with --replace',
      'data_unusable',
      `another version of Tidepool wrote ${path}: it has layout ${schema}, and this version reads ${SCHEMA}`,
    )
  }
  await writer.submit(() => {
    if (schema === 1) indexInvites(tables, now)
    if (schema !== SCHEMA) markForRepack(tables)
    tables.meta.putSync(schemaKey, SCHEMA)
  })

  const snapshots = new Set<Snapshot>()
  const file = join(path, DATA_FILE)
  const bytes = (): number => statSync(file).size
  const uptime = (): number => performance.now()
  const total = await countFeeds(tables)
  const feeds = createFeeds(tables, writer, limits, now, onFault, { log, uptime, total })
  const messages = createFeedMessages(tables)
  const own = createRelayFeed(keys, feeds, now)
  const members = createMembers(tables, writer, own, now, feeds.removeNow)
  const tell = createThrottledLog(log, uptime)
  const invites = createInvites(
    tables,
    writer,
    members,
    keys.id,
    now,
    (limit) => tell('warn', 'daily join limit reached', limit),
    createProvisionalLives(time),
  )
  const knocks = createKnocks(tables, writer, members, invites, now, createProvisionalLives(time))
  const aliases = createAliases(tables, writer, now)
  const roles = createRoles(tables, writer)
  const settings = createSettings(tables, writer)
  const notices = createNotices(tables, writer, now)
  const audit = createAudit(tables, now)
  const peers = createPeers(tables, writer, members, now)
  const sharing = createSharing(tables, writer, uptime)
  const signIns = createSignIns(tables, writer, members, now)
  const profiles = createProfiles(tables, writer, messages, log)
  // continues deletions of an earlier run
  feeds.resumeDeleting()
  const repack = startRepack(tables, writer, messages, { log, uptime })
  const parts = {
    feeds,
    profiles,
    names: createNames(tables, { aliases, profiles }),
    members,
    invites,
    knocks,
    aliases,
    roles,
    settings,
    notices,
    audit,
    signIns,
    peers,
    sharing,
  }
  return {
    ...parts,
    own,
    verifier,
    refusals: createRefusals(now),
    activity: createActivity(tables, writer, now),
    moderation: createModeration({ tables, ...parts }),
    matrix: async () => (await import('./matrix.js')).createMatrixStore(tables.root, writer),
    bytes,
    snapshot() {
      const snapshot = openSnapshot(tables.root)
      snapshots.add(snapshot)
      return snapshot
    },
    lastBackup: () => (tables.meta.get(backupKey) as number | undefined) ?? null,
    recordBackup: () => writer.submit(() => void tables.meta.putSync(backupKey, now())),
    async pulse(write) {
      tables.meta.get(schemaKey)
      if (write) await writer.submit(() => tables.meta.putSync(pulseKey, now()))
    },
    verify(tell = () => {}) {
      let logged = uptime()
      const onProgress = (done: number): void => {
        const { messages: total } = feeds.totals()
        tell(done, total)
        if (uptime() - logged < PROGRESS_MS) return
        logged = uptime()
        log.info({ messages: done, of: total }, 'checking the store')
      }
      const onFork = (feed: string, sequence: number): void => log.warn({ feed, sequence }, 'fork found')
      return verifyTables({ tables, messages, writer, now, onProgress, onFork })
    },
    async close() {
      // an open read transaction would outlive the database
      for (const snapshot of snapshots) snapshot.close()
      // a listener that is still to be called would read a closed database
      await Promise.all([feeds.close(), repack.close(), profiles.close()])
      await close()
    },
  }
}
