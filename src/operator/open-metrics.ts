// SPDX-License-Identifier: AGPL-3.0-or-later
// Serves metrics on the control socket, and over HTTP if metrics.port is set. Unused they take no memory.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { IntervalHistogram } from 'node:perf_hooks'
import type { Clock } from '../lib/clock.js'
import type { Counts } from '../lib/counters.js'
import { MINUTE } from '../lib/limits.js'
import type { Peer } from '../peer/peer.js'
import { type Listener, listen } from '../web/app.js'
import { fileDescriptors, freeOrNull } from './process-facts.js'
import type { RelayStatus } from './protocol.js'

export interface MetricsComponents {
  peer: Pick<Peer, 'load'>
  counts: Counts
  clock: Clock
  status(): RelayStatus
}

export interface OpenedMetrics {
  /** URL over HTTP; null if metrics.port is not set. */
  readonly url: string | null
  /** All metrics in the OpenMetrics text format. */
  text(): Promise<string>
  close(): Promise<void>
}

/** Milliseconds after the last read for which the event loop is measured: longer than a scrape interval. */
const MEASURED_MS = 10 * MINUTE

/**
 * Opens the metrics.
 * @param at the listener; no listener if `port` is null
 * @throws RelayError `address_unusable`
 */
export async function openMetrics(
  { peer, counts, clock, status }: MetricsComponents,
  { dataDir, host, port }: { dataDir: string; host: string; port: string | null },
): Promise<OpenedMetrics> {
  let histogram: IntervalHistogram | null = null
  let stopMeasuring = (): void => {}
  let listener: Listener | null = null

  function release(): void {
    stopMeasuring()
    histogram?.disable()
    histogram = null
  }

  async function text(): Promise<string> {
    const [{ METRICS }, { readLoopDelay, SAMPLE_MS, writeMetrics }] = await Promise.all([
      import('./metrics.js'),
      import('./openmetrics-text.js'),
    ])
    const { monitorEventLoopDelay } = await import('node:perf_hooks')
    const loop = histogram ? readLoopDelay(histogram) : []
    stopMeasuring()
    stopMeasuring = clock.after(MEASURED_MS, release)
    if (!histogram) {
      histogram = monitorEventLoopDelay({ resolution: SAMPLE_MS })
      histogram.enable()
    }
    const { user, system } = process.cpuUsage()
    return writeMetrics(METRICS, {
      ...{ status: status(), load: peer.load(), counts, loop, now: clock.now() },
      ...{ descriptors: fileDescriptors(), free: freeOrNull(dataDir), cpu: (user + system) / 1e6 },
    })
  }

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const isRead = req.method === 'GET' || req.method === 'HEAD'
    const status = req.url?.split('?')[0] !== '/metrics' ? 404 : isRead ? 200 : 405
    const { CONTENT_TYPE } = await import('./openmetrics-text.js')
    const body = status === 200 ? await text() : `${status === 404 ? 'not found' : 'method not allowed'}\n`
    res.writeHead(status, {
      'Content-Type': status === 200 ? CONTENT_TYPE : 'text/plain; charset=utf-8',
      'Content-Length': Buffer.byteLength(body),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...(status === 405 ? { Allow: 'GET, HEAD' } : {}),
    })
    res.end(req.method === 'HEAD' ? undefined : body)
  }

  if (port !== null) listener = await listen(serve, { host, port: Number(port), name: 'metrics' })
  return {
    get url() {
      return listener && `${listener.url}/metrics`
    },
    text,
    async close() {
      release()
      await listener?.close()
    },
  }
}
