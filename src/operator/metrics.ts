// SPDX-License-Identifier: AGPL-3.0-or-later
// All metrics of the relay: name, type and source. docs/metrics.md lists them.

import type { Counts } from '../lib/counters.js'
import { DAY } from '../lib/limits.js'
import type { PeerLoad } from '../peer/peer.js'
import type { LoopDelay, Metric, Sample } from './openmetrics-text.js'
import type { FileDescriptors } from './process-facts.js'
import type { RelayStatus } from './protocol.js'

/** The values from which metrics are made. */
export interface MetricFacts {
  status: RelayStatus
  load: PeerLoad
  counts: Counts
  loop: LoopDelay
  descriptors: FileDescriptors | null
  /** free bytes on the disk; null if unknown */
  free: number | null
  /** CPU seconds of this process */
  cpu: number
  /** Unix ms */
  now: number
}

type OwnMetric = Metric<MetricFacts>

const ONION_STATES = [
  ...['disabled', 'starting', 'bootstrapping', 'publishing'],
  ...['published', 'reachable', 'degraded'],
]

const gauge = (help: string, read: (facts: MetricFacts) => number | null): OwnMetric => ({
  ...{ type: 'gauge', help },
  read: (facts) => [read(facts) ?? []].flat(),
})
const bytes = (help: string, read: (facts: MetricFacts) => number | null): OwnMetric => ({
  ...gauge(help, read),
  unit: 'bytes',
})
const counter = (label: string, help: string, read: (facts: MetricFacts) => Sample[]): OwnMetric => ({
  ...{ type: 'counter', label, help, read },
})

/** All metrics by name, without the `_total` of counters. */
export const METRICS: Readonly<Record<string, OwnMetric>> = {
  tidepool_build: {
    ...{ type: 'info', label: 'version', help: 'Version of the relay.' },
    read: ({ status }) => [[status.version, 1]],
  },
  tidepool_uptime_seconds: {
    ...gauge('Time since the start.', ({ status }) => status.uptime_s),
    unit: 'seconds',
  },
  tidepool_warnings: gauge('Warnings that status shows now.', ({ status }) => status.warnings.length),
  tidepool_last_backup_seconds: {
    ...gauge('Unix time of the last backup that was read to its end.', ({ status: { last_backup } }) =>
      last_backup === null ? null : last_backup / 1000,
    ),
    unit: 'seconds',
  },
  tidepool_time_trusted: gauge(
    '1 if the clock is confirmed, by the network or by an hour of agreement.',
    (facts) => (facts.status.time === 'unconfirmed' ? 0 : 1),
  ),
  tidepool_recovering: gauge('1 after a restore, until the relay publishes again.', ({ status }) =>
    Number(status.recovering),
  ),
  tidepool_connections: {
    ...{ type: 'gauge', label: 'class', help: 'SSB connections past the handshake, by class of caller.' },
    read: ({ load }) => Object.entries(load.connections),
  },
  tidepool_sockets: gauge('Open SSB sockets, those in the handshake too.', ({ load }) => load.sockets),
  tidepool_streams: gauge('Streams that SSB callers have open.', ({ load }) => load.streams),
  tidepool_tunnels: gauge('Tunnels open now.', ({ status }) => status.tunnels),
  tidepool_queued_bytes: bytes('Bytes that wait for SSB sockets.', ({ load }) => load.queued),
  tidepool_gathered_bytes: bytes('Memory held for unfinished SSB frames.', ({ load }) => load.gathered),
  tidepool_members: gauge('Feeds that the relay follows.', ({ status }) => status.members),
  tidepool_online: gauge('Feeds in the room now.', ({ status }) => status.online),
  tidepool_feeds: gauge('Feeds stored.', ({ status }) => status.feeds),
  tidepool_messages: gauge('Messages stored.', ({ status }) => status.messages),
  tidepool_message_bytes: bytes('Size of the messages stored.', ({ status }) => status.message_bytes),
  tidepool_message_limit_bytes: bytes(
    'Size that all messages may have (store.max_bytes).',
    ({ status }) => status.max_bytes,
  ),
  tidepool_database_bytes: bytes('Size of the database file.', ({ status }) => status.db_bytes),
  tidepool_disk_free_bytes: bytes('Free space on the disk of the data directory.', ({ free }) => free),
  tidepool_refusals: counter('code', 'Calls, requests and messages refused, by error code.', ({ counts }) => [
    ...counts.refusals,
  ]),
  tidepool_limits_reached: counter('limit', 'How often a limit was reached.', ({ counts }) =>
    [...counts.limits].map(([name, { times }]) => [name, times] as const),
  ),
  tidepool_evictions: counter('limit', 'Connections ended because a limit was reached.', ({ counts }) => [
    ...counts.evictions,
  ]),
  tidepool_event_loop_delay_seconds: {
    ...{ type: 'gauge', unit: 'seconds', label: 'quantile' },
    help: 'Delay of the event loop since metrics were last read.',
    read: ({ loop }) => loop,
  },
  tidepool_onion_state: {
    ...{
      type: 'gauge',
      label: 'state',
      help: '1 for the state that the onion service has, 0 for the others.',
    },
    read: ({ status }) => ONION_STATES.map((state) => [state, Number(status.onion.state === state)] as const),
  },
  tidepool_certificate_days: gauge(
    'Days until the certificate ends; absent without one.',
    ({ status: { https }, now }) => (https.expires === null ? null : (https.expires - now) / DAY),
  ),
  process_resident_memory_bytes: bytes('Resident memory (RSS).', ({ status }) => status.rss_bytes),
  process_cpu_seconds: {
    ...{ type: 'counter', unit: 'seconds', help: 'CPU time used, in user and system mode.' },
    read: ({ cpu }) => [cpu],
  },
  process_open_fds: gauge('File descriptors in use.', ({ descriptors }) => descriptors?.open ?? null),
  process_max_fds: gauge(
    'File descriptors that may be in use.',
    ({ descriptors }) => descriptors?.limit ?? null,
  ),
}
