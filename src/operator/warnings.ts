// SPDX-License-Identifier: AGPL-3.0-or-later
// The warnings of `tidepool status`: sentences about what the operator should fix.

import type { Counts } from '../lib/counters.js'
import { DAY, HOUR, MIB } from '../lib/limits.js'
import { count } from '../lib/text.js'
import { LOW_DISK } from './health-checks.js'
import { DESCRIPTORS_HIGH, type FileDescriptors } from './process-facts.js'
import type { RelayStatus } from './protocol.js'

/** Part of `store.max_bytes` above which the relay warns. */
const STORE_HIGH = 0.9
/** Days before a certificate's end at which the relay warns: renewal was due a month before. */
const CERTIFICATE_DAYS = 10
/** Days after the last backup at which the relay warns. Without any backup it does not: not everybody wants one. */
const BACKUP_DAYS = 14

export interface WarningFacts {
  status: Omit<RelayStatus, 'warnings'>
  counts: Pick<Counts, 'limits'>
  /** Unix ms */
  now: number
  /** monotonic clock in milliseconds */
  uptime: number
  /** free bytes on the disk; null if unknown */
  free: number | null
  descriptors: FileDescriptors | null
  /** why the pages for the local network cannot be opened; null if they are open or off */
  local?: string | null
}

/** One sentence for each problem; empty if there is none. */
export function warningsOf(facts: WarningFacts): string[] {
  return CHECKS.flatMap((check) => check(facts) ?? [])
}

/** What to do about a limit, beside waiting. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  [
    'web_invites',
    '; if these are too many strangers, ask a question (tidepool question) or let them knock (tidepool mode community), else raise invite.per_hour',
  ],
])

const CHECKS: ReadonlyArray<(facts: WarningFacts) => string | string[] | null> = [
  ({ status }) =>
    status.recovering
      ? 'the relay was restored and is recovering: nobody can join until it has finished'
      : null,
  ({ status }) =>
    status.time === 'unconfirmed'
      ? 'the clock is not confirmed: nothing that has expired is deleted, and new invites expire by uptime, not by date'
      : null,
  ({ status: { message_bytes, max_bytes } }) =>
    message_bytes >= STORE_HIGH * max_bytes
      ? `the store is ${percent(message_bytes, max_bytes)} full: at 100 % new messages are rejected (store.max_bytes)`
      : null,
  ({ free }) =>
    free !== null && free < LOW_DISK
      ? `the disk has ${Math.round(free / MIB)} MiB left: without room new messages are rejected`
      : null,
  ({ descriptors }) =>
    descriptors && descriptors.open >= DESCRIPTORS_HIGH * descriptors.limit
      ? `${descriptors.open} of ${descriptors.limit} file descriptors are in use: raise LimitNOFILE or ulimit -n`
      : null,
  ({ local }) => (local ? `there are no pages for the local network (web.local): ${local}` : null),
  ({ status: { https }, now }) => httpsWarning(https, now),
  ({ status: { onion } }) => {
    const reason = typeof onion.reason === 'string' ? onion.reason : null
    return onion.state === 'degraded' || reason ? `the onion is ${onion.state}${because(reason)}` : null
  },
  ({ status: { last_backup }, now }) => {
    const days = last_backup === null ? 0 : Math.floor((now - last_backup) / DAY)
    return days >= BACKUP_DAYS
      ? `the last backup is ${count(days, 'day')} old: see whether its timer runs, or run tidepool backup FILE`
      : null
  },
  ({ status: { ebt_refused } }) =>
    ebt_refused > 0
      ? `the apps of ${count(ebt_refused, 'member')} ask for EBT, which is off: they get no feeds from this relay; turn it on with tidepool setup --ebt on`
      : null,
  ({ counts, uptime }) => {
    const recent = [...counts.limits].filter(([, { at }]) => uptime - at < HOUR)
    return recent.map(
      ([limit, { times }]) =>
        `limit reached in the last hour: ${limit}, ${count(times, 'time')} since the start${ADVICE.get(limit) ?? ''}`,
    )
  },
]

function httpsWarning({ state, expires, reason }: RelayStatus['https'], now: number): string | null {
  if (state === 'proxied')
    return reason === null ? null : `the reverse proxy is misconfigured${because(reason)}`
  if (state === 'expired') return `the certificate has expired${because(reason)}`
  if (state === 'not_yet_valid') return `the certificate is not valid yet by this clock${because(reason)}`
  if (state === 'waiting') return `there is no certificate yet${because(reason)}`
  if (expires !== null && expires - now < CERTIFICATE_DAYS * DAY)
    return `the certificate ends in ${count(Math.max(0, Math.floor((expires - now) / DAY)), 'day')}${because(reason)}`
  return reason
}

function because(reason: string | null): string {
  return reason === null ? '' : `: ${reason}`
}

function percent(part: number, whole: number): string {
  return `${Math.floor((100 * part) / whole)} %`
}
