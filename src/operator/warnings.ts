// SPDX-License-Identifier: AGPL-3.0-or-later
// The warnings of `tidepool status`: what the operator should fix, as stable codes and as sentences in English.

import type { Counts } from '../lib/counters.js'
import { DAY, HOUR, MIB } from '../lib/limits.js'
import { count } from '../lib/text.js'
import type { HealthWarning } from '../web/contract.js'
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
  status: Omit<RelayStatus, 'warnings' | 'warning_codes'>
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

type Values = HealthWarning['values']

/** One warning for each problem; empty if there is none. */
export function warningsOf(facts: WarningFacts): HealthWarning[] {
  return CHECKS.flatMap((check) => check(facts) ?? [])
}

/** @param values in the order of the words' parameters */
function warning(
  code: HealthWarning['code'],
  values: Values = {},
  reason: string | null = null,
): HealthWarning {
  return { code, values, reason }
}

const CHECKS: ReadonlyArray<(facts: WarningFacts) => HealthWarning | HealthWarning[] | null> = [
  ({ status }) => (status.recovering ? warning('recovering') : null),
  ({ status }) => (status.time === 'unconfirmed' ? warning('clock_unconfirmed') : null),
  ({ status: { message_bytes, max_bytes } }) =>
    message_bytes >= STORE_HIGH * max_bytes
      ? warning('store_high', { percent: Math.floor((100 * message_bytes) / max_bytes) })
      : null,
  ({ free }) =>
    free !== null && free < LOW_DISK ? warning('disk_low', { free_mib: Math.round(free / MIB) }) : null,
  ({ descriptors }) =>
    descriptors && descriptors.open >= DESCRIPTORS_HIGH * descriptors.limit
      ? warning('descriptors_high', { open: descriptors.open, limit: descriptors.limit })
      : null,
  ({ local }) => (local ? warning('local_pages_closed', {}, local) : null),
  ({ status: { https }, now }) => httpsWarning(https, now),
  ({ status: { onion } }) => {
    const reason = typeof onion.reason === 'string' ? onion.reason : null
    return onion.state === 'degraded' || reason
      ? warning('onion_problem', { state: onion.state }, reason)
      : null
  },
  ({ status: { last_backup }, now }) => {
    const days = last_backup === null ? 0 : Math.floor((now - last_backup) / DAY)
    return days >= BACKUP_DAYS ? warning('backup_old', { days }) : null
  },
  ({ status: { peers } }) => (peers.lost > 0 ? warning('relays_lost', { relays: peers.lost }) : null),
  ({ status: { ebt_refused } }) => (ebt_refused > 0 ? warning('ebt_off', { members: ebt_refused }) : null),
  ({ counts, uptime }) => {
    const recent = [...counts.limits].filter(([, { at }]) => uptime - at < HOUR)
    return recent.map(([limit, { times }]) =>
      limit === 'web_invites'
        ? warning('web_invites_reached', { times })
        : warning('limit_reached', { limit, times }),
    )
  },
]

function httpsWarning({ state, expires, reason }: RelayStatus['https'], now: number): HealthWarning | null {
  if (state === 'proxied') return reason === null ? null : warning('proxy_misconfigured', {}, reason)
  if (state === 'expired') return warning('certificate_expired', {}, reason)
  if (state === 'not_yet_valid') return warning('certificate_not_yet_valid', {}, reason)
  if (state === 'waiting') return warning('certificate_missing', {}, reason)
  if (expires !== null && expires - now < CERTIFICATE_DAYS * DAY)
    return warning('certificate_ends', { days: Math.max(0, Math.floor((expires - now) / DAY)) }, reason)
  return reason === null ? null : warning('https_problem', {}, reason)
}

/** What commands print: English, one sentence. */
const SENTENCES: Record<HealthWarning['code'], (values: Values) => string> = {
  recovering: () => 'the relay was restored and is recovering: nobody can join until it has finished',
  clock_unconfirmed: () =>
    'the clock is not confirmed: nothing that has expired is deleted, and new invites expire by uptime, not by date',
  store_high: ({ percent }) =>
    `the store is ${percent} % full: at 100 % new messages are rejected (store.max_bytes)`,
  disk_low: ({ free_mib }) => `the disk has ${free_mib} MiB left: without room new messages are rejected`,
  descriptors_high: ({ open, limit }) =>
    `${open} of ${limit} file descriptors are in use: raise LimitNOFILE or ulimit -n`,
  local_pages_closed: () => 'there are no pages for the local network (web.local)',
  proxy_misconfigured: () => 'the reverse proxy is misconfigured',
  certificate_expired: () => 'the certificate has expired',
  certificate_not_yet_valid: () => 'the certificate is not valid yet by this clock',
  certificate_missing: () => 'there is no certificate yet',
  certificate_ends: ({ days }) => `the certificate ends in ${count(Number(days), 'day')}`,
  https_problem: () => '',
  onion_problem: ({ state }) => `the onion is ${state}`,
  backup_old: ({ days }) =>
    `the last backup is ${count(Number(days), 'day')} old: see whether its timer runs, or run tidepool backup FILE`,
  relays_lost: ({ relays }) =>
    `${count(Number(relays), 'other relay')} not connected for a day, or taking no feeds, so no new messages are kept there: see tidepool peer list`,
  ebt_off: ({ members }) =>
    `the apps of ${count(Number(members), 'member')} ask for EBT, which is off: they get no feeds from this relay; turn it on with tidepool setup --ebt on`,
  web_invites_reached: ({ times }) =>
    `${reached('web_invites', times)}; if these are too many strangers, ask a question (tidepool question) or let them knock (tidepool mode community), else raise invite.per_hour`,
  limit_reached: ({ limit, times }) => reached(limit, times),
}

function reached(limit: unknown, times: unknown): string {
  return `limit reached in the last hour: ${limit}, ${count(Number(times), 'time')} since the start`
}

/** A warning as commands print it. */
export function sentenceOf({ code, values, reason }: HealthWarning): string {
  return [SENTENCES[code](values), reason].filter(Boolean).join(': ')
}
