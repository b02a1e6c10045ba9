// SPDX-License-Identifier: AGPL-3.0-or-later
// What servers in a room may read: events, states, auth chains and earlier events.

import { MATRIX_BACKFILL, MATRIX_STATE_EVENTS } from '../lib/matrix-limits.js'
import type { RoomEvent } from './event.js'
import type { KeptEvent, RoomData, RoomView } from './room-data.js'
import type { StateMap } from './state-resolution.js'

export interface History {
  /** An event that others may see. */
  event(view: RoomView, id: string): KeptEvent | null
  /** The events of a state. */
  stateEvents(view: RoomView, map: StateMap): RoomEvent[]
  /** All events that authorise some others, without those. */
  authChain(view: RoomView, from: Iterable<RoomEvent>): RoomEvent[]
  /** The state before an event. */
  before(view: RoomView, kept: KeptEvent): StateMap
  /** Events from some on backwards, newest first; those given are among them. */
  backfill(view: RoomView, from: readonly string[], limit: number): RoomEvent[]
  /** Events behind the latest and not behind the earliest, oldest first; those given are not among them. */
  missing(
    view: RoomView,
    latest: readonly string[],
    earliest: readonly string[],
    limit: number,
    minDepth: number,
  ): RoomEvent[]
}

export function createHistory(data: RoomData): History {
  function event({ id: roomId, record: { n } }: RoomView, id: string): KeptEvent | null {
    const kept = data.event(roomId, n, id)
    return kept && kept.rejected === undefined ? kept : null
  }

  /** Walks backwards by depth, so that what is asked for in bits comes without holes. */
  function walk(
    view: RoomView,
    from: readonly string[],
    stop: ReadonlySet<string>,
    limit: number,
  ): RoomEvent[] {
    const found: RoomEvent[] = []
    const seen = new Set<string>(stop)
    const open: KeptEvent[] = []
    const add = (ids: readonly string[]): void => {
      for (const id of ids) {
        if (seen.has(id)) continue
        seen.add(id)
        const kept = event(view, id)
        if (kept && kept.order > 0) open.push(kept)
      }
    }
    add(from)
    while (open.length > 0 && found.length < limit) {
      open.sort((a, b) => a.event.pdu.depth - b.event.pdu.depth)
      const next = open.pop()
      if (!next) break
      if (!next.soft) found.push(next.event)
      add(next.event.pdu.prev_events)
    }
    return found
  }

  return {
    event,
    stateEvents: (view, map) =>
      [...map.values()].flatMap((id) => data.event(view.id, view.record.n, id)?.event ?? []),
    authChain(view, from) {
      const chain = new Map<string, RoomEvent>()
      const open = [...from].flatMap(({ pdu }) => pdu.auth_events)
      for (let id = open.pop(); id !== undefined && chain.size < MATRIX_STATE_EVENTS; id = open.pop()) {
        if (chain.has(id)) continue
        const kept = data.event(view.id, view.record.n, id)
        if (!kept) continue
        chain.set(id, kept.event)
        open.push(...kept.event.pdu.auth_events)
      }
      return [...chain.values()]
    },
    before: (view, kept) => (kept.before === 0 ? new Map() : data.state(view.record.n, kept.before)),
    backfill: (view, from, limit) => walk(view, from, new Set(), Math.min(limit, MATRIX_BACKFILL)),
    missing(view, latest, earliest, limit, minDepth) {
      const start = latest.flatMap((id) => event(view, id)?.event.pdu.prev_events ?? [])
      const found = walk(view, start, new Set([...earliest, ...latest]), Math.min(limit, MATRIX_BACKFILL))
      return found.filter(({ pdu }) => pdu.depth >= minDepth).reverse()
    },
  }
}
