// SPDX-License-Identifier: AGPL-3.0-or-later
// English: the relay's warnings, by code.

import { count, html } from '../text.js'

export const warnings = {
  recovering: 'The relay was restored and is recovering. Nobody can join until it has finished.',
  clock_unconfirmed:
    'The clock is not confirmed. Nothing that has expired is deleted, and new invites expire by uptime, not by date.',
  store_high: (percent: number) =>
    html`The store is ${percent} % full. At 100 % new messages are rejected (<code>store.max_bytes</code>).`,
  disk_low: (mib: number) => `The disk has ${mib} MiB left. Without room new messages are rejected.`,
  descriptors_high: (open: number, limit: number) =>
    html`${open} of ${limit} file descriptors are in use: raise <code>LimitNOFILE</code> or <code>ulimit -n</code>.`,
  local_pages_closed: 'There are no pages for the local network.',
  proxy_misconfigured: 'The reverse proxy is misconfigured.',
  certificate_expired: 'The certificate has expired.',
  certificate_not_yet_valid: 'The certificate is not valid yet by this clock.',
  certificate_missing: 'There is no certificate yet.',
  certificate_ends: (days: number) => `The certificate ends in ${count(days, 'day', 'days')}.`,
  https_problem: 'There is a problem with HTTPS.',
  onion_problem: (state: string) => html`There is a problem with the onion address: <code>${state}</code>.`,
  backup_old: (days: number) =>
    html`The last backup is ${count(days, 'day', 'days')} old: see whether its timer runs, or run <code>tidepool backup FILE</code>.`,
  relays_lost: (n: number) =>
    html`${count(n, 'other relay', 'other relays')} not connected for a day, or taking no feeds, so no new messages are kept there: see <code>tidepool peer list</code>.`,
  ebt_off: (members: number) =>
    html`The apps of ${count(members, 'member', 'members')} ask for EBT, which is off. They get no feeds from this relay; an admin can turn EBT on, under “Room”.`,
  web_invites_reached: (times: number) =>
    html`The limit of invites per hour was reached, ${count(times, 'time', 'times')} since the start. If these are too many strangers, ask a question or change the mode, under “Room”; else raise <code>invite.per_hour</code>.`,
  limit_reached: (limit: string, times: number) =>
    html`Limit reached in the last hour: <code>${limit}</code>, ${count(times, 'time', 'times')} since the start.`,
}
