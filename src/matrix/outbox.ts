// SPDX-License-Identifier: AGPL-3.0-or-later
// Sends queued events in transactions, one at a time per server, with exponential back-off.

import type { Clock } from '../lib/clock.js'
import type { Log } from '../lib/log.js'
import { MATRIX_BACKOFF_MS, MATRIX_PDUS } from '../lib/matrix-limits.js'
import type { MatrixStore } from '../store/matrix.js'
import { apiPath, type FederationClient, RemoteRefusal } from './client.js'
import type { JsonObject } from './json.js'

export interface Outbox {
  /** Sends what is queued for a server, unless its back-off is running. */
  wake(server: string): void
  /** Ends the back-off of a server that called us. */
  heard(server: string): void
  waiting(): number
  close(): void
}

interface Route {
  busy: boolean
  failures: number
  /** cancels the next attempt */
  cancel: (() => void) | null
  /** that server asked us to wait: its calls do not end the pause */
  limited: boolean
}

export function createOutbox(
  { store, client, clock, log }: { store: MatrixStore; client: FederationClient; clock: Clock; log: Log },
  origin: string,
): Outbox {
  const routes = new Map<string, Route>()
  let transaction = 0
  let closed = false
  const epoch = clock.now().toString(36)

  function route(server: string): Route {
    const held = routes.get(server) ?? { busy: false, failures: 0, cancel: null, limited: false }
    routes.set(server, held)
    return held
  }

  async function drain(server: string, at: Route): Promise<void> {
    for (;;) {
      const batch = store.waiting(server, MATRIX_PDUS)
      if (batch.length === 0 || closed) return
      const pdus = batch.flatMap(({ room, event }) => {
        const held = store.room(room)
        const record = held && store.event(held.n, event)
        return record ? [record.pdu as JsonObject] : []
      })
      if (pdus.length > 0) {
        transaction += 1
        const content = { origin, origin_server_ts: clock.now(), pdus, edus: [] }
        await client.request(server, 'PUT', apiPath('v1', 'send', `${epoch}-${transaction}`), { content })
      }
      at.failures = 0
      await store.write(() => store.sentNow(batch.map(({ key }) => key)))
    }
  }

  function wake(server: string): void {
    const at = route(server)
    if (at.busy || at.cancel || closed) return
    at.busy = true
    drain(server, at)
      .then(
        () => 0,
        (err) => {
          if (closed) return 0
          log.debug({ err, server }, 'matrix send failed')
          at.failures += 1
          const [least, most] = MATRIX_BACKOFF_MS
          const asked = err instanceof RemoteRefusal && err.status === 429 ? err.retryMs : null
          at.limited = asked !== null
          const ms = asked ?? least * 2 ** Math.min(at.failures - 1, 20)
          return Math.min(Math.max(ms, least), most)
        },
      )
      .then((ms) => {
        at.busy = false
        if (closed) return
        if (ms > 0)
          at.cancel = clock.after(ms, () => {
            at.cancel = null
            wake(server)
          })
        else if (store.waiting(server, 1).length > 0) wake(server)
        else routes.delete(server)
      })
      .catch((err) => log.error({ err, server }, 'matrix queue failed'))
  }

  return {
    wake,
    heard(server) {
      const at = routes.get(server)
      if (!at?.cancel || at.limited) return
      at.cancel()
      at.cancel = null
      at.failures = 0
      wake(server)
    },
    waiting: () => store.waitingCount(),
    close() {
      closed = true
      for (const { cancel } of routes.values()) cancel?.()
    },
  }
}
