// SPDX-License-Identifier: AGPL-3.0-or-later
// Prunes old events. A room keeps its latest messages, and the state and auth chains that these and the room need.

import { setImmediate } from 'node:timers/promises'
import { DAY } from '../lib/limits.js'
import type { Log } from '../lib/log.js'
import { MATRIX_PRUNED, MATRIX_STATE_PRUNE, MATRIX_TRIM } from '../lib/matrix-limits.js'
import type { MatrixEventRecord, MatrixStore } from '../store/matrix.js'
import type { RoomData } from './room-data.js'
import type { RoomGraph } from './room-graph.js'

export interface PruneOptions {
  keepMessages: number
  keepDays: number
}

export interface PruneParts {
  matrix: MatrixStore
  data: RoomData
  graph: RoomGraph
}

export interface Pruner {
  /** Prunes every room by age and count. */
  sweep(): Promise<void>
  close(): void
}

/** Rows read before other work has its turn. */
const TURN = 256

/**
 * Prunes rooms while they grow, so that neither the database nor the memory it is mapped into follows a flood until the
 * next hourly sweep.
 */
export function createPruner(
  parts: PruneParts & { log: Log; now: () => number },
  options: PruneOptions,
): Pruner {
  const { matrix, data, graph, log, now } = parts
  const grown = new Map<string, { events: number; states: number }>()
  /** rooms being pruned: a second run would read the same rows */
  const busy = new Set<string>()
  /** by room, the order up to which nothing is left to trim */
  const trimmed = new Map<string, number>()
  let closed = false

  async function prune(roomId: string, run: () => Promise<unknown>): Promise<void> {
    if (closed || busy.has(roomId)) return
    busy.add(roomId)
    try {
      await run()
    } finally {
      busy.delete(roomId)
    }
    // what came meanwhile may already be enough for the next run
    pruneGrown(roomId)
  }

  function pruneGrown(roomId: string): void {
    const count = grown.get(roomId)
    const isFull = (count?.states ?? 0) >= MATRIX_STATE_PRUNE
    if (!count || busy.has(roomId) || (!isFull && count.events < MATRIX_TRIM)) return
    Object.assign(count, isFull ? { events: 0, states: 0 } : { events: 0 })
    const run = (): Promise<unknown> => (isFull ? pruneRoom(parts, roomId, options, now()) : trim(roomId))
    prune(roomId, run).catch((err) => closed || log.error({ err, room: roomId }, 'matrix prune failed'))
  }

  /**
   * Removes the oldest messages beyond `keepMessages`. State events stay for `pruneRoom`, which finds out whether they
   * are still needed.
   */
  async function trim(roomId: string): Promise<void> {
    const { n } = matrix.room(roomId) ?? {}
    if (n === undefined) return
    const limit = orderOf(matrix, n, options.keepMessages)
    for (let at = trimmed.get(roomId) ?? 0; at < limit && !closed; trimmed.set(roomId, at)) {
      const rows = matrix.oldest(n, at, MATRIX_PRUNED).filter(({ order }) => order < limit)
      await graph.write(() => {
        const { ends = [] } = matrix.room(roomId) ?? {}
        for (const { order, id } of rows) {
          const kept = ends.includes(id) ? undefined : matrix.event(n, id)
          if (kept && kept.pdu.state_key === undefined) data.removeEventNow(n, id, order)
        }
      })
      at = rows.at(-1)?.order ?? limit
    }
  }

  const stop = graph.onKept((roomId, isState) => {
    const count = grown.get(roomId) ?? { events: 0, states: 0 }
    grown.set(roomId, count)
    count.events += 1
    if (isState) count.states += 1
    pruneGrown(roomId)
  })

  return {
    async sweep() {
      const rooms = matrix.rooms().map(({ id }) => id)
      for (const map of [grown, trimmed]) for (const id of map.keys()) if (!rooms.includes(id)) map.delete(id)
      for (const id of rooms) await prune(id, () => pruneRoom(parts, id, options, now()))
    },
    close() {
      closed = true
      stop()
    },
  }
}

/** The order of arrival of the event that is so many from the newest; 0 where there are fewer. */
function orderOf(matrix: MatrixStore, n: number, count: number): number {
  let left = count
  for (const { order } of matrix.newest(n)) {
    left -= 1
    if (left <= 0) return order
  }
  return 0
}

/** What is still needed of a room. */
interface Needed {
  events: Set<string>
  states: Set<number>
}

/**
 * Adds what some events and states need: the states before and after the events, the events in all these states, and
 * what authorises them. Yields after each row, so that the caller can let other work run.
 */
function* addNeeds(
  matrix: MatrixStore,
  n: number,
  needed: Needed,
  { events, states }: { events: Iterable<string>; states: Iterable<number> },
): Generator<void> {
  const open: string[] = []
  const numbers = [...states]
  const add = (id: string): MatrixEventRecord | undefined => {
    needed.events.add(id)
    const record = matrix.event(n, id)
    const { auth_events: auth } = record?.pdu ?? {}
    if (Array.isArray(auth)) open.push(...auth)
    return record
  }
  for (const id of events) {
    const record = add(id)
    if (record) numbers.push(record.before, record.after)
    yield
  }
  while (numbers.length > 0 || open.length > 0) {
    const number = numbers.pop()
    if (number !== undefined) {
      if (number === 0 || needed.states.has(number)) continue
      needed.states.add(number)
      const state = matrix.state(n, number)
      if (state) {
        numbers.push(state.base)
        open.push(...Object.values(state.set))
      }
      yield
      continue
    }
    const id = open.pop()
    if (id === undefined || needed.events.has(id)) continue
    add(id)
    yield
  }
}

/** Removes from a room what is no longer needed; answers how many events that were. */
export async function pruneRoom(
  { matrix, data, graph }: PruneParts,
  roomId: string,
  { keepMessages, keepDays }: PruneOptions,
  now: number,
): Promise<number> {
  const record = matrix.room(roomId)
  if (!record) return 0
  const { n } = record
  let steps = 0
  const pause = async (): Promise<void> => {
    steps += 1
    if (steps % TURN === 0) await setImmediate()
  }

  const needed: Needed = { events: new Set(), states: new Set() }
  const kept = new Set(record.ends)
  const ordered = [...matrix.newest(n)]
  let newest = ordered[0]?.order ?? 0
  for (const { id } of ordered.slice(0, keepMessages)) {
    await pause()
    if ((matrix.event(n, id)?.at ?? 0) > now - keepDays * DAY) kept.add(id)
  }
  for (const _ of addNeeds(matrix, n, needed, { events: kept, states: [record.state] })) await pause()

  const dead: string[] = []
  for (const id of [...matrix.eventIds(n)]) {
    await pause()
    if (!needed.events.has(id)) dead.push(id)
  }
  const unused = matrix.stateNumbers(n).filter((number) => !needed.states.has(number))
  let removed = 0
  for (let at = 0; at < Math.max(dead.length, unused.length); at += MATRIX_PRUNED) {
    await graph.write(() => {
      // Events that came meanwhile may stand on a state, or name an event, that nothing else needed.
      const current = matrix.room(roomId)
      if (!current) return
      const fresh: string[] = [...current.ends]
      let latest = newest
      for (const { id, order } of matrix.newest(n)) {
        if (order <= newest) break
        latest = Math.max(latest, order)
        fresh.push(id)
      }
      newest = latest
      const adding = addNeeds(matrix, n, needed, { events: fresh, states: [current.state] })
      while (!adding.next().done);
      for (const id of dead.slice(at, at + MATRIX_PRUNED)) {
        const event = matrix.event(n, id)
        if (!event || event.at >= now || needed.events.has(id)) continue
        data.removeEventNow(n, id, event.order)
        removed += 1
      }
      for (const number of unused.slice(at, at + MATRIX_PRUNED))
        if (!needed.states.has(number)) matrix.removeStateNow(n, number)
    })
  }
  return removed
}
