// SPDX-License-Identifier: AGPL-3.0-or-later
// Joins, knocks and leaves of other servers: make the template, take the signed event, countersign and send it to the others.

import { MATRIX_MEMBERS, MATRIX_MEMBERSHIPS_PER_SERVER } from '../../lib/matrix-limits.js'
import { authorise } from '../auth-rules.js'
import { absent, badJson, forbidden, limited, MatrixError, NotAuthorised } from '../errors.js'
import { countersign, type RoomEvent, toKnown } from '../event.js'
import type { History } from '../history.js'
import type { Asked, Route } from '../http-server.js'
import { domainOf, isUserId } from '../ids.js'
import type { Incoming } from '../incoming.js'
import type { Json } from '../json.js'
import { createRateLimit } from '../rate-limits.js'
import type { RoomData, RoomView } from '../room-data.js'
import type { RoomGraph } from '../room-graph.js'
import type { SigningKey } from '../signing.js'
import { strippedState } from '../stripped-state.js'
import type { Visibility } from '../visibility.js'

export interface MembershipParts {
  server: string
  key: SigningKey
  data: RoomData
  graph: RoomGraph
  history: History
  incoming: Incoming
  visibility: Visibility
  uptime(): number
}

type Kind = 'join' | 'knock' | 'leave'

const federation = (version: 'v1' | 'v2'): string => `/_matrix/federation/${version}`

export function memberships(parts: MembershipParts): Route[] {
  const { server, key, data, graph, history, incoming, visibility } = parts
  const rate = createRateLimit(MATRIX_MEMBERSHIPS_PER_SERVER, parts.uptime)

  /** The room, as far as the user may know of it; for leaving it is enough to have knocked. */
  function roomFor(kind: Kind, roomId: string, user: string): RoomView {
    if (kind !== 'leave') return visibility.forUser(roomId, user)
    const view = data.view(roomId)
    const membership = view && data.members(view).get(user)?.membership
    if (!view || !membership || !['join', 'invite', 'knock'].includes(membership)) throw absent()
    return view
  }

  function make(kind: Kind, { origin, params: [roomId = '', user = ''], query }: Asked) {
    if (!isUserId(user) || domainOf(user) !== origin) throw forbidden('The user is of another server')
    const view = roomFor(kind, roomId, user)
    const { version } = view
    const speaks = query.getAll('ver')
    if (kind !== 'leave' && !(speaks.length > 0 ? speaks : ['1']).includes(version.id))
      throw new MatrixError(400, 'M_INCOMPATIBLE_ROOM_VERSION', `The room has version ${version.id}`, {
        room_version: version.id,
      })
    const saying = { sender: user, type: 'm.room.member', stateKey: user, content: { membership: kind } }
    const draft = graph.draft(view, saying)
    // refuse now what the rules would refuse later
    const pdu = { ...draft, hashes: { sha256: '' }, signatures: {} } as unknown as RoomEvent['pdu']
    authorise(toKnown(pdu, '', roomId), view.state, version)
    return { room_version: version.id, event: { ...draft, origin } }
  }

  async function take(kind: Kind, { origin, params: [roomId = '', id = ''], body }: Asked) {
    const user = body.sender
    if (!isUserId(user) || domainOf(user) !== origin) throw forbidden('The user is of another server')
    const view = roomFor(kind, roomId, user)
    const event = await incoming.check(body, view.version, roomId)
    if (event.id !== id) throw badJson('The event has another id')
    if (event.type !== 'm.room.member' || event.stateKey !== user || event.content.membership !== kind)
      throw badJson(`This is no ${kind} of that user`)
    if (!rate.take(origin)) throw limited('matrix_memberships_per_server')
    if (kind === 'join' && joined(view) >= MATRIX_MEMBERS) throw forbidden('The room is full')
    const signed = toKnown(
      countersign(event.pdu, view.version, server, key) as RoomEvent['pdu'],
      event.id,
      roomId,
    )
    return { event: signed, view: await place(kind, roomId, signed, origin) }
  }

  /** Places the event, and answers the room as it was before. */
  function place(kind: Kind, roomId: string, event: RoomEvent, origin: string): Promise<RoomView> {
    return graph
      .write((afterFlush) => {
        // again, as what was seen before the write may have changed: a ban, another mode
        const view = roomFor(kind, roomId, event.sender)
        const why = refusal(view, event)
        if (why) return why
        const outcome = graph.placeNow(roomId, event, origin, afterFlush)
        const kept = data.event(roomId, view.record.n, event.id)
        if (outcome.is === 'gap') return badJson('The event follows others that are not known here')
        if (outcome.is === 'rejected') return new NotAuthorised(outcome.why)
        if (outcome.is === 'soft' || !kept) return new NotAuthorised('The room does not take it any more')
        return data.viewAt(roomId, view.record, kept.before)
      })
      .then((result) => {
        if (result instanceof MatrixError) throw result
        return result
      })
  }

  function refusal(view: RoomView, event: RoomEvent): NotAuthorised | null {
    // a join that was taken already is answered once more
    if (data.event(view.id, view.record.n, event.id)) return null
    try {
      authorise(event, view.state, view.version)
      return null
    } catch (thrown) {
      if (thrown instanceof NotAuthorised) return thrown
      throw thrown
    }
  }

  const joined = (view: RoomView): number =>
    [...data.members(view).values()].filter(({ membership }) => membership === 'join').length

  async function sendJoin(asked: Asked) {
    const { event, view } = await take('join', asked)
    const state = history.stateEvents(view, view.map)
    const pdus = (events: readonly RoomEvent[]): Json[] => events.map(({ pdu }) => pdu)
    return {
      origin: server,
      event: event.pdu,
      state: pdus(state),
      auth_chain: pdus(history.authChain(view, [...state, event])),
      members_omitted: false,
    }
  }

  const sendLeave = async (asked: Asked) => {
    await take('leave', asked)
    return {}
  }

  return [
    { method: 'GET', path: `${federation('v1')}/make_join/*/*`, run: (asked) => make('join', asked) },
    { method: 'GET', path: `${federation('v1')}/make_knock/*/*`, run: (asked) => make('knock', asked) },
    { method: 'GET', path: `${federation('v1')}/make_leave/*/*`, run: (asked) => make('leave', asked) },
    {
      method: 'PUT',
      path: `${federation('v1')}/send_join/*/*`,
      run: async (asked) => [200, await sendJoin(asked)],
    },
    { method: 'PUT', path: `${federation('v2')}/send_join/*/*`, run: sendJoin },
    {
      method: 'PUT',
      path: `${federation('v1')}/send_leave/*/*`,
      run: async (asked) => [200, await sendLeave(asked)],
    },
    { method: 'PUT', path: `${federation('v2')}/send_leave/*/*`, run: sendLeave },
    {
      method: 'PUT',
      path: `${federation('v1')}/send_knock/*/*`,
      async run(asked) {
        const { view } = await take('knock', asked)
        return { knock_room_state: strippedState(view) }
      },
    },
  ]
}
