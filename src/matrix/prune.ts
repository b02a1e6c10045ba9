// Old events go: what is kept of a room is its latest messages, and the state and auth chains that these and the room need.

import { setImmediate } from 'node:timers/promises'
import { DAY } from '../lib/limits.js'
import { MATRIX_PRUNED } from '../lib/matrix-limits.js'
import type { MatrixStore } from '../store/matrix.js'
import type { RoomData } from './room-data.js'
import type { RoomGraph } from './room-graph.js'

export interface PruneOptions {
  keepMessages: number
  keepDays: number
}

/** Rows read before others have their turn. */
const TURN = 256

/** Removes from a room what nobody needs any more; answers how many events that were. */
export async function pruneRoom(
  { matrix, data, graph }: { matrix: MatrixStore; data: RoomData; graph: RoomGraph },
  roomId: string,
  { keepMessages, keepDays }: PruneOptions,
  now: number,
): Promise<number> {
  const view = data.view(roomId)
  if (!view) return 0
  const { n } = view.record
  let steps = 0
  const pause = async (): Promise<void> => {
    steps += 1
    if (steps % TURN === 0) await setImmediate()
  }

  const kept = new Set<string>(view.record.ends)
  const states = new Set<number>([view.record.state])
  let count = 0
  for (const { id } of [...matrix.newest(n)]) {
    await pause()
    count += 1
    const record = matrix.event(n, id)
    const fresh = count <= keepMessages && record !== undefined && record.at > now - keepDays * DAY
    if (!record || (!fresh && !kept.has(id))) continue
    kept.add(id)
    for (const number of [record.before, record.after]) states.add(number)
  }

  // the states that those kept are made of, the events in them, and what authorises all these
  const open = [...kept]
  for (const number of states) {
    await pause()
    const record = matrix.state(n, number)
    if (!record) continue
    if (record.base !== 0) states.add(record.base)
    open.push(...Object.values(record.set))
  }
  const needed = new Set<string>()
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (needed.has(id)) continue
    needed.add(id)
    await pause()
    const { auth_events: auth } = matrix.event(n, id)?.pdu ?? {}
    if (Array.isArray(auth)) open.push(...auth)
  }

  const dead: string[] = []
  for (const id of [...matrix.eventIds(n)]) {
    await pause()
    if (!needed.has(id)) dead.push(id)
  }
  // what came meanwhile has been placed on what was kept; its states have higher numbers
  const newest = Math.max(0, ...states)
  const unused = matrix.stateNumbers(n).filter((number) => number <= newest && !states.has(number))
  for (let at = 0; at < Math.max(dead.length, unused.length); at += MATRIX_PRUNED) {
    await graph.write(() => {
      for (const id of dead.slice(at, at + MATRIX_PRUNED)) {
        const record = matrix.event(n, id)
        if (record && record.at < now) matrix.removeEventNow(n, id, record.order)
      }
      for (const number of unused.slice(at, at + MATRIX_PRUNED)) matrix.removeStateNow(n, number)
    })
  }
  if (dead.length > 0) data.clear()
  return dead.length
}
