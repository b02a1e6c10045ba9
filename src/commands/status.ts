// SPDX-License-Identifier: AGPL-3.0-or-later
// tidepool status: shows the relay's status and addresses.

import { type Command, Option } from 'commander'
import { SECOND } from '../lib/limits.js'
import { count } from '../lib/text.js'
import type { RelayStatus } from '../operator/protocol.js'
import { type CommonOptions, visit, withDataAndJson, withExamples } from './options.js'
import { facts, moment, print, printJson, size, span } from './output.js'
import { printQr } from './qr.js'
import { oneLine } from './text-layout.js'

/** Adds options, help and action to the empty command `status`. */
export function define(command: Command): void {
  withDataAndJson(command)
  withExamples(command, [
    ['tidepool status', 'show the status as text'],
    ['tidepool status --json', 'print the status for programs'],
    ['tidepool status --qr', 'draw the address for apps as a QR code'],
    ['tidepool status --metrics', 'print metrics for Prometheus, see docs/metrics.md'],
  ])
  command.option('--metrics', 'print all metrics in the OpenMetrics text format')
  command.addOption(
    new Option('--qr', 'print the address for apps alone, with a QR code on a terminal').conflicts([
      'json',
      'metrics',
    ]),
  )
  command.action((options: CommonOptions & { metrics?: boolean; qr?: boolean }) =>
    visit(options, async (operator) => {
      if (options.metrics) return print((await operator.metrics()).trimEnd())
      const status = await operator.status()
      if (options.qr) return printQr(status.addresses.ssb[0] ?? '')
      if (options.json) printJson(status)
      else print(describe(status))
    }),
  )
}

function describe(status: RelayStatus): string {
  const { addresses } = status
  const web = [addresses.https, addresses.onion, addresses.web].filter((url) => url !== null)
  return [
    `${status.name || 'tidepool'} is running: process ${status.pid}, version ${status.version}`,
    facts([
      ['identity', status.id],
      ['mode', status.mode],
      ['up', span(status.uptime_s * SECOND)],
      ['ssb', addresses.ssb],
      ['web', web],
      ...(addresses.local === null ? [] : [['local', addresses.local] as const]),
      ['whois', addresses.whois ?? '-'],
      ...(status.time === 'unconfirmed' ? [['clock', 'not confirmed by the network yet'] as const] : []),
      ...(status.recovering ? [['feed', 'recovering: the relay publishes nothing yet'] as const] : []),
      ['members', `${status.members} (${status.online} online)`],
      ['tunnels', status.tunnels],
      ...(status.peers.known > 0
        ? [['relays', `${status.peers.connected} of ${status.peers.known} connected`] as const]
        : []),
      ['store', describeStore(status)],
      ['memory', size(status.rss_bytes)],
      ['backup', status.last_backup === null ? 'none yet' : moment(status.last_backup)],
      ['https', describeHttps(status.https)],
      ['onion', describeOnion(status.onion)],
    ]),
    ...status.warnings.map((warning) => `warning: ${oneLine(warning)}`),
  ].join('\n')
}

function describeStore({ messages, feeds, message_bytes, max_bytes, db_bytes }: RelayStatus): string[] {
  return [
    `${count(messages, 'message')} of ${count(feeds, 'feed')}`,
    `${size(message_bytes)} of ${size(max_bytes)}; the database file has ${size(db_bytes)}`,
  ]
}

function describeHttps({ state, issuer, expires, renews, reason }: RelayStatus['https']): string[] {
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ')
  return [
    state.replaceAll('_', ' '),
    ...(expires === null ? [] : [`issued by ${issuer}, expires ${day(expires)}`]),
    ...(renews === null ? [] : [`next renewal ${day(renews)}`]),
    ...(reason === null ? [] : [`problem: ${reason}`]),
  ]
}

/** What each state of the onion service means for clients. */
const ONION_STATES: Readonly<Record<string, string>> = {
  disabled: 'disabled; to enable it, set onion.enabled = true',
  starting: 'not up yet: waiting for tor to start',
  bootstrapping: 'not up yet: tor is connecting to its network',
  publishing: 'not up yet: tor is publishing the address',
  published: 'published: clients can find the address',
  reachable: 'reachable',
  degraded: 'not reachable',
}

/** The state of the onion service, its address, and the reason if it is not up. */
export function describeOnion({ state, progress, reason, since, address }: RelayStatus['onion']): string[] {
  const percent = state === 'bootstrapping' && typeof progress === 'number' ? `, ${progress} %` : ''
  const started = typeof since === 'number' && state !== 'disabled' ? ` (since ${moment(since)})` : ''
  return [
    `${ONION_STATES[state] ?? state}${percent}${started}`,
    ...(typeof address === 'string' ? [`http://${address}/`] : []),
    ...(typeof reason === 'string' ? [`problem: ${reason}`] : []),
  ]
}
