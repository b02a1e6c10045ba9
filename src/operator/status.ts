// SPDX-License-Identifier: AGPL-3.0-or-later
// Collects the relay's status from its parts.

import type { Clock } from '../lib/clock.js'
import type { Counts } from '../lib/counters.js'
import { SECOND } from '../lib/limits.js'
import type { TimeTrust } from '../lib/time-trust.js'
import type { Peer } from '../peer/peer.js'
import type { Recovery } from '../peer/recovery.js'
import type { Store } from '../store/store.js'
import type { WebHealth } from '../web/contract.js'
import { MATRIX_DISABLED } from './matrix.js'
import { fileDescriptors, freeOrNull } from './process-facts.js'
import type { RelayStatus } from './protocol.js'
import type { Listening, Reach } from './reach.js'
import { sentenceOf, warningsOf } from './warnings.js'

export interface StatusComponents {
  store: Store
  peer: Pick<Peer, 'id' | 'online' | 'tunnels' | 'ebtRefused' | 'exchange'>
  counters: Pick<Counts, 'limits'>
  recovery: Pick<Recovery, 'pending'>
  clock: Clock
  trust: Pick<TimeTrust, 'by'>
  listening: Listening
  reach: Reach
}

export interface StatusOptions {
  version: string
  dataDir: string
  /** current limit for all messages, in bytes */
  maxBytes(): number
}

/** Creates a function that returns the current status. Uptime counts from this call. */
export function createStatus(
  { store, peer, counters, recovery, clock, trust, listening, reach }: StatusComponents,
  { version, dataDir, maxBytes }: StatusOptions,
): () => RelayStatus {
  const started = clock.uptime()
  return () => {
    const { mode, name } = store.settings.get()
    const { bytes, ...counts } = store.feeds.totals()
    const status = {
      id: peer.id,
      pid: process.pid,
      version,
      mode,
      name,
      uptime_s: Math.round((clock.uptime() - started) / 1000),
      recovering: recovery.pending(),
      time: trust.by() ?? ('unconfirmed' as const),
      addresses: reach.addresses(),
      members: store.members.count(),
      online: peer.online().length,
      tunnels: peer.tunnels(),
      peers: peer.exchange.counts(),
      ebt_refused: peer.ebtRefused(),
      ...counts,
      message_bytes: bytes,
      max_bytes: maxBytes(),
      db_bytes: store.bytes(),
      rss_bytes: process.memoryUsage.rss(),
      https: { ...(listening.domain?.status() ?? NO_HTTPS), ...trouble(listening) },
      onion: listening.onion?.status() ?? { state: 'disabled' },
      matrix: listening.matrix?.status() ?? MATRIX_DISABLED,
      last_backup: store.lastBackup(),
    }
    const { limits } = counters
    const system = { free: freeOrNull(dataDir), descriptors: fileDescriptors() }
    const at = { now: clock.now(), uptime: clock.uptime() }
    const local = listening.local?.url === null ? listening.local.problem : null
    const found = warningsOf({ status, counts: { limits }, local, ...at, ...system })
    return { ...status, warnings: found.map(sentenceOf), warning_codes: found }
  }
}

/** The problem with the reverse proxy's settings. */
function trouble({ web }: Listening): Partial<RelayStatus['https']> {
  const reason = web?.trouble() ?? null
  return reason === null ? {} : { reason }
}

/** The status without HTTPS, or before its listener is open. */
export const NO_HTTPS: RelayStatus['https'] = {
  state: 'off',
  source: null,
  issuer: null,
  expires: null,
  renews: null,
  reason: null,
  http_port: null,
}

/** The status as the dashboard shows it. */
export function healthOf(status: RelayStatus, dataDir: string, now: number): WebHealth {
  const { version, uptime_s, addresses, https, onion, last_backup, warning_codes } = status
  return {
    ...{ version, last_backup, warnings: warning_codes },
    started: now - uptime_s * SECOND,
    free: freeOrNull(dataDir),
    https: { url: addresses.https, state: https.state, expires: https.expires },
    onion: { url: addresses.onion, state: onion.state },
  }
}
