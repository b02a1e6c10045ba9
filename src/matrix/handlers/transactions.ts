// SPDX-License-Identifier: AGPL-3.0-or-later
// Incoming transactions: up to 50 events, each with its own result. A repeated transaction gets the same answer.

import type { Log } from '../../lib/log.js'
import {
  MATRIX_EDUS,
  MATRIX_PDUS,
  MATRIX_PDUS_PER_SERVER,
  MATRIX_TRANSACTIONS,
} from '../../lib/matrix-limits.js'
import { badJson, limited } from '../errors.js'
import { eventIdOf } from '../event.js'
import type { Asked, Route } from '../http-server.js'
import { isDenied, isRoomId } from '../ids.js'
import type { Incoming } from '../incoming.js'
import { isObject, type Json, type JsonObject } from '../json.js'
import { createRateLimit } from '../rate-limits.js'
import type { RoomData } from '../room-data.js'
import { ROOM_VERSIONS, type RoomVersion } from '../room-version.js'

export interface TransactionParts {
  data: RoomData
  incoming: Incoming
  log: Log
  uptime(): number
}

type Results = Record<string, JsonObject>

export function transactions({ data, incoming, log, uptime }: TransactionParts): Route[] {
  const rate = createRateLimit(MATRIX_PDUS_PER_SERVER, uptime)
  /** by origin and transaction: the answer as text, which takes a tenth of the memory, or the promise of it */
  const answered = new Map<string, Promise<{ pdus: Results }> | string>()

  async function take(origin: string, pdus: readonly Json[]): Promise<{ pdus: Results }> {
    const results: Results = {}
    const byRoom = new Map<string, Array<{ id: string; pdu: Json }>>()
    for (const pdu of pdus) {
      const roomId = isObject(pdu) && isRoomId(pdu.room_id) ? pdu.room_id : null
      const view = roomId === null ? null : data.view(roomId)
      const id = idOf(pdu, view?.version)
      if (id === null) continue
      const acl = view?.state('m.room.server_acl', '')?.content
      if (!view || roomId === null) results[id] = { error: 'Not a room of this server' }
      else if (acl && isDenied(acl, origin)) results[id] = { error: 'Server is banned from the room' }
      else byRoom.set(roomId, [...(byRoom.get(roomId) ?? []), { id, pdu }])
    }
    for (const [roomId, list] of byRoom) {
      const outcomes = await incoming.takeAll(
        list.map(({ pdu }) => pdu),
        roomId,
        origin,
      )
      for (const [i, { id }] of list.entries()) {
        const outcome = outcomes[i]
        if (outcome?.status === 'fulfilled' && outcome.value.is === 'rejected')
          results[id] = { error: outcome.value.why }
        else if (outcome?.status === 'fulfilled') results[id] = {}
        else results[id] = { error: String((outcome?.reason as Error | undefined)?.message ?? 'Not taken') }
        if (outcome?.status === 'rejected')
          log.debug({ err: outcome.reason, origin, event: id }, 'matrix event refused')
      }
    }
    return { pdus: results }
  }

  return [
    {
      method: 'PUT',
      path: '/_matrix/federation/v1/send/*',
      large: true,
      run({ origin, params: [id = ''], body }: Asked) {
        const name = `${origin} ${id}`
        const held = answered.get(name)
        if (held !== undefined) return typeof held === 'string' ? JSON.parse(held) : held
        const { pdus = [], edus = [] } = body
        if (!Array.isArray(pdus) || !Array.isArray(edus)) throw badJson('pdus and edus are lists')
        if (pdus.length > MATRIX_PDUS || edus.length > MATRIX_EDUS)
          throw badJson('Too many events in one transaction')
        if (pdus.length > 0 && !rate.take(origin, pdus.length)) throw limited('matrix_pdus_per_server')
        // EDUs (typing, receipts, presence, device keys) are dropped
        const answer = take(origin, pdus)
        answered.set(name, answer)
        answer.then(
          (results) => answered.has(name) && answered.set(name, JSON.stringify(results)),
          () => answered.delete(name),
        )
        const oldest = answered.keys().next().value
        if (answered.size > MATRIX_TRANSACTIONS && oldest !== undefined) answered.delete(oldest)
        return answer
      },
    },
  ]
}

/** The id by which an event is answered for; null for what has none. */
function idOf(pdu: Json, version: RoomVersion | undefined): string | null {
  const assumed = version ?? ROOM_VERSIONS[11]
  if (!isObject(pdu) || !assumed) return null
  try {
    return eventIdOf(pdu, assumed)
  } catch {
    return null
  }
}
