// tidepool status: how the running relay is, and how it is reached.

import type { Command } from 'commander'
import { SECOND } from '../lib/limits.js'
import { count } from '../lib/text.js'
import type { RelayStatus } from '../operator/protocol.js'
import { type CommonOptions, visit, withDataAndJson, withExamples } from './options.js'
import { facts, moment, oneLine, print, printJson, size, span } from './output.js'

/** Turns the empty command into `status`. */
export function define(command: Command): void {
  withDataAndJson(command)
  withExamples(command, [
    ['tidepool status', 'for people'],
    ['tidepool status --json', 'for programs'],
    ['tidepool status --metrics', 'for Prometheus, see docs/metrics.md'],
  ])
  command.option('--metrics', 'print all metrics in the OpenMetrics text format')
  command.action((options: CommonOptions & { metrics?: boolean }) =>
    visit(options, async (operator) => {
      if (options.metrics) return print((await operator.metrics()).trimEnd())
      const status = await operator.status()
      if (options.json) printJson(status)
      else print(describe(status))
    }),
  )
}

function describe(status: RelayStatus): string {
  const { addresses } = status
  const web = [addresses.https, addresses.onion, addresses.web].filter((url) => url !== null)
  return [
    `${status.name || 'tidepool'} runs as process ${status.pid}, version ${status.version}`,
    facts([
      ['identity', status.id],
      ['mode', status.mode],
      ['up', span(status.uptime_s * SECOND)],
      ['ssb', addresses.ssb],
      ['web', web],
      ['whois', addresses.whois ?? '-'],
      ...(status.time === 'unconfirmed' ? [['clock', 'not confirmed by the network yet'] as const] : []),
      ...(status.recovering ? [['feed', 'recovering: nothing is published yet'] as const] : []),
      ['members', `${status.members} (${status.online} online)`],
      ['tunnels', status.tunnels],
      ['store', kept(status)],
      ['memory', size(status.rss_bytes)],
      ['https', https(status.https)],
      ['onion', onionWords(status.onion)],
    ]),
    ...status.warnings.map((warning) => `warning: ${oneLine(warning)}`),
  ].join('\n')
}

/** How much is kept, of how much may be, and what that takes on the card. */
function kept({ messages, feeds, message_bytes, max_bytes, db_bytes }: RelayStatus): string[] {
  return [
    `${count(messages, 'message')} of ${count(feeds, 'feed')}`,
    `${size(message_bytes)} of ${size(max_bytes)}; the file takes ${size(db_bytes)}`,
  ]
}

/** The certificate in a few lines: how it is, until when, what comes next, what is wrong. */
function https({ state, issuer, expires, renews, reason }: RelayStatus['https']): string[] {
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ')
  return [
    state.replaceAll('_', ' '),
    ...(expires === null ? [] : [`by ${issuer}, until ${day(expires)}`]),
    ...(renews === null ? [] : [`asked for next at ${day(renews)}`]),
    ...(reason === null ? [] : [reason]),
  ]
}

/** `published since …`, or what it waits for, or what is wrong with it. */
function onionWords({ state, progress, reason, since }: RelayStatus['onion']): string {
  const how = typeof progress === 'number' ? `${state} ${progress} %` : state
  const long = typeof since === 'number' ? `, ${moment(since)}` : ''
  return `${how}${typeof reason === 'string' ? ` (${reason})` : ''}${long}`
}
