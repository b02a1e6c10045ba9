// SPDX-License-Identifier: AGPL-3.0-or-later
// The health checks of a relay: each reports what it found and, if that is bad, what to do.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isClockSet } from '../lib/clock.js'
import { JOINS_PER_DAY, MIB } from '../lib/limits.js'
import { count } from '../lib/text.js'
import { examineFile } from '../store/file-check.js'
import { DATA_FILE } from '../store/layout.js'
import type { OnStoreProgress } from '../store/rebuild.js'
import type { Store } from '../store/store.js'
import type { Call } from './call.js'
import { DESCRIPTORS_HIGH, fileDescriptors, freeBytes } from './process-facts.js'
import type { DoctorCheck, DoctorReport } from './protocol.js'

export interface DoctorOptions {
  dataDir: string
  /** also rebuild the members table from the relay's own feed, the indexes of invites, and the profiles */
  rebuild: boolean
  /** skip the check that reads the whole store */
  quick?: boolean
}

/** Free bytes below which a relay will soon reject messages. */
export const LOW_DISK = 200 * MIB

/** The oldest supported Node, as in package.json. */
export const LEAST_NODE = [20, 12] as const

const RESTORE = 'restore a backup: tidepool restore --replace FILE'

/** A finding that needs no action. */
export function sound(name: string, detail: string): DoctorCheck {
  return { name, ok: true, severity: 'ok', detail, advice: null }
}

/** A finding that needs an action by the operator; a warning can wait. */
export function trouble(
  name: string,
  severity: 'warning' | 'error',
  detail: string,
  advice: string,
): DoctorCheck {
  return { name, ok: severity === 'warning', severity, detail, advice }
}

/** Combines findings into a report. */
export function report(checks: DoctorCheck[]): DoctorReport {
  return { ok: checks.every(({ ok }) => ok), checks }
}

/** Checks the running relay, which serves on meanwhile. */
export async function examine(
  { store, now }: { store: Store; now: () => number },
  { dataDir, rebuild, quick = false }: DoctorOptions,
  { signal, progress }: Partial<Call> = {},
): Promise<DoctorReport> {
  const onProgress = (stage: string) => (done: number, total: number | null) => {
    signal?.throwIfAborted()
    progress?.({ stage, done, total })
  }
  const checks = [
    ...checkProcess(dataDir, now()),
    ...checkDescriptors(),
    ...(quick ? [] : [await checkStore(store, onProgress('store'))]),
    await checkFeeds(store),
    ...checkJoins(store),
  ]
  if (rebuild) checks.push(await rebuildMembers(store, onProgress('rebuild')))
  return report(checks)
}

/** Checks a data directory while no relay runs: reads the database file from outside. @param now Unix ms */
export function examineAtRest(dataDir: string, now: number): DoctorCheck[] {
  return [...checkProcess(dataDir, now), checkFile(join(dataDir, 'db', DATA_FILE))]
}

function checkProcess(dataDir: string, now: number): DoctorCheck[] {
  return [checkNode(), checkClock(now), checkDisk(dataDir)]
}

/** Whether this Node can run a relay. @param version as `process.versions.node` */
export function checkNode(version = process.versions.node): DoctorCheck {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [least, least_minor] = LEAST_NODE
  return major > least || (major === least && minor >= least_minor)
    ? sound('node', version)
    : trouble('node', 'error', version, `install Node ${LEAST_NODE.join('.')} or newer`)
}

/** Whether the clock was ever set. @param now Unix ms */
export function checkClock(now: number): DoctorCheck {
  const shown = new Date(now).toISOString()
  return isClockSet(now)
    ? sound('clock', shown)
    : trouble('clock', 'error', `${shown} is in the past`, 'set the clock, or wait for the network to')
}

function checkDisk(dataDir: string): DoctorCheck {
  let free: number
  try {
    free = freeBytes(dataDir)
  } catch (err) {
    return trouble('disk', 'error', (err as Error).message, 'set the right data directory with --data')
  }
  const shown = `${Math.round(free / MIB)} MiB free`
  return free >= LOW_DISK
    ? sound('disk', shown)
    : trouble('disk', 'error', shown, 'free some space, or new messages will be rejected')
}

/** Without a free file descriptor, the relay closes every new connection. */
export function checkDescriptors(found = fileDescriptors()): DoctorCheck[] {
  if (!found) return []
  const shown = `${found.open} of ${found.limit} file descriptors are in use`
  return found.open < DESCRIPTORS_HIGH * found.limit
    ? [sound('descriptors', shown)]
    : [trouble('descriptors', 'error', shown, 'raise LimitNOFILE of the unit, or ulimit -n, and restart')]
}

function checkFile(path: string): DoctorCheck {
  let damage: string | null
  if (!existsSync(path)) return sound('store', 'no store yet')
  try {
    damage = examineFile(path, true)
  } catch (err) {
    return trouble('store', 'error', (err as Error).message, 'run this as the user that runs the relay')
  }
  return damage
    ? trouble('store', 'error', `${path} is damaged: ${damage}`, RESTORE)
    : sound('store', `all pages of ${path} are valid`)
}

async function checkStore(store: Store, onProgress: OnStoreProgress): Promise<DoctorCheck> {
  const problems = await store.verify(onProgress)
  const { feeds, messages } = store.feeds.totals()
  if (problems.length === 0)
    return sound('store', `sound: ${count(messages, 'message')} of ${count(feeds, 'feed')}`)
  const more = problems.length > 3 ? ` and ${problems.length - 3} more` : ''
  return trouble('store', 'error', `${problems.slice(0, 3).join('; ')}${more}`, RESTORE)
}

/** Forked feeds, including those that the check of the store has just found, and feeds that are being deleted. */
async function checkFeeds({ feeds }: Store): Promise<DoctorCheck> {
  const forks = await feeds.forks()
  const [first] = forks
  if (first) {
    const others = forks.length > 1 ? `, and ${count(forks.length - 1, 'other feed')}` : ''
    return trouble(
      'feeds',
      'warning',
      `${first.feed} is forked at message ${first.sequence}${others}`,
      `ask its owner which app to continue with, then: tidepool members reset '${first.feed}'`,
    )
  }
  const { feeds: deleting, messages } = feeds.deleting()
  return sound(
    'feeds',
    deleting > 0
      ? `none is forked; ${count(messages, 'message')} of ${count(deleting, 'feed')} are being deleted`
      : 'none is forked',
  )
}

/** Makers whose invites have reached today's limit: a code may have leaked. */
function checkJoins({ invites }: Store): DoctorCheck[] {
  return invites.limited().map(({ by, refused }) => {
    const found = `${JOINS_PER_DAY} feeds joined today with invites of ${by}; ${refused} more were rejected`
    const advice = 'see who they are: tidepool members list; revoke the code: tidepool invite revoke'
    return trouble('joins', 'warning', found, advice)
  })
}

async function rebuildMembers(store: Store, onProgress: OnStoreProgress): Promise<DoctorCheck> {
  const { differences, members, blocks, marks } = await store.members.rebuild(onProgress)
  const profiles = await store.profiles.rebuild(onProgress)
  if (differences.length === 0 && marks === 0 && profiles.length === 0)
    return sound(
      'rebuild',
      `no differences from the relay's feed: ${count(members, 'member')}, ${blocks} blocked`,
    )
  // The differences are repaired, but they are caused by a fault that the operator must know of.
  const repairs = [
    ...(marks > 0 ? [`repaired ${count(marks, 'index entry', 'index entries')} of invites`] : []),
    ...(differences.length > 0
      ? [
          `repaired because they differed from the relay's feed, ${count(differences.length, 'row')}: ${differences.join(', ')}`,
        ]
      : []),
    ...(profiles.length > 0
      ? [`repaired ${count(profiles.length, 'profile')} that differed from its feed: ${profiles.join(', ')}`]
      : []),
  ]
  return trouble('rebuild', 'error', repairs.join('; '), 'nothing to do now; please report it')
}
