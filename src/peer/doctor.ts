// What the relay can find out about its own health: each check says what it saw and, where that is bad, what to do.

import { statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { MIB, PLAUSIBLE_NOW } from '../limits.js'
import type { Store } from '../store/store.js'
import type { DoctorCheck, DoctorReport } from './operator.js'

export interface DoctorOptions {
  dataDir: string
  /** also fold the relay's own feed into the members table anew */
  rebuild: boolean
}

/** Free bytes under which a relay will soon refuse messages. */
const LOW_DISK = 200 * MIB

/** Runs every check there is; the relay goes on serving meanwhile. */
export async function examine(
  { store, now }: { store: Store; now: () => number },
  { dataDir, rebuild }: DoctorOptions,
): Promise<DoctorReport> {
  const checks = [
    checkNode(),
    checkClock(now()),
    checkDisk(dataDir),
    checkSecret(dataDir),
    await checkStore(store),
  ]
  if (rebuild) checks.push(await rebuildMembers(store))
  return { ok: checks.every(({ ok }) => ok), checks }
}

function checkNode(): DoctorCheck {
  const [major = 0] = process.versions.node.split('.').map(Number)
  const ok = major >= 20
  return { name: 'node', ok, detail: ok ? process.version : `${process.version}: install Node 20 or newer` }
}

function checkClock(now: number): DoctorCheck {
  const ok = now >= PLAUSIBLE_NOW
  const shown = new Date(now).toISOString()
  return {
    name: 'clock',
    ok,
    detail: ok ? shown : `${shown} is in the past: set the clock or wait for network time`,
  }
}

function checkDisk(dataDir: string): DoctorCheck {
  const { bavail, bsize } = statfsSync(dataDir)
  const free = bavail * bsize
  const shown = `${Math.round(free / MIB)} MiB free`
  const ok = free >= LOW_DISK
  return { name: 'disk', ok, detail: ok ? shown : `${shown}: make room, or new messages will be refused` }
}

function checkSecret(dataDir: string): DoctorCheck {
  const path = join(dataDir, 'secret')
  const mode = statSync(path).mode & 0o777
  const ok = (mode & 0o077) === 0
  const shown = `${path} has mode 0${mode.toString(8)}`
  return {
    name: 'secret',
    ok,
    detail: ok ? shown : `${shown}: run chmod 600 on it, others can read the identity`,
  }
}

async function checkStore(store: Store): Promise<DoctorCheck> {
  const problems = await store.verify()
  const { feeds, messages } = store.feeds.totals()
  const more = problems.length > 3 ? ` and ${problems.length - 3} more` : ''
  const detail =
    problems.length === 0
      ? `${messages} messages of ${feeds} feeds are sound`
      : `${problems.slice(0, 3).join('; ')}${more}: restore a backup`
  return { name: 'store', ok: problems.length === 0, detail }
}

async function rebuildMembers(store: Store): Promise<DoctorCheck> {
  const { differences, members, blocks } = await store.members.rebuild()
  const detail =
    differences.length === 0
      ? `the relay's feed says the same: ${members} members, ${blocks} blocked`
      : `${differences.length} rows differed from the relay's feed and were mended: ${differences.join(', ')}`
  // A difference found is mended, so the store is sound now; that there was one is what the operator must learn.
  return { name: 'rebuild', ok: differences.length === 0, detail }
}
