// SPDX-License-Identifier: AGPL-3.0-or-later
// A resident that lies in its answer to `send_join`: a room is believed only where its state holds.

import t from 'tap'
import type { RoomEvent } from '../../src/matrix/event.js'
import type { JsonObject } from '../../src/matrix/json.js'
import { createAuthority } from '../helpers/certificates.js'
import { startFake } from '../helpers/fake-homeserver.js'
import { bootLobby } from '../helpers/lobby.js'

t.test('a lying state', async (t) => {
  const authority = await createAuthority()
  const [relay, fake] = [await bootLobby(t, authority), await startFake(t, authority)]
  const host = fake.user('host')
  const at = { sender: host, origin_server_ts: Date.now() }
  const create = fake.event({
    ...{ ...at, type: 'm.room.create', state_key: '', content: { room_version: '12' } },
    ...{ depth: 1, prev_events: [], auth_events: [] },
  })
  const room_id = create.roomId
  const next = (
    type: string,
    state_key: string,
    content: JsonObject,
    prev: RoomEvent,
    auth: RoomEvent[],
  ): RoomEvent =>
    fake.event({
      ...{ ...at, room_id, type, state_key, content, depth: prev.pdu.depth + 1 },
      ...{ prev_events: [prev.id], auth_events: auth.map(({ id }) => id) },
    })
  const joined = next('m.room.member', host, { membership: 'join' }, create, [])
  const rules = next('m.room.join_rules', '', { join_rule: 'public' }, joined, [joined])
  const closed = next('m.room.join_rules', '', { join_rule: 'invite' }, rules, [joined])
  const stranger = next('m.room.name', '', { name: 'x' }, rules, [])
  const pdus = (...events: RoomEvent[]): JsonObject[] => events.map(({ pdu }) => pdu)
  const unsigned = { ...create.pdu, signatures: {} }
  const user = `@relay:${relay.server}`
  let state: JsonObject[] = []
  let version = '12'
  let template: JsonObject = {}

  fake.answers.set('GET /_matrix/federation/v1/query/directory', () => ({ room_id, servers: [fake.name] }))
  fake.answers.set('GET /_matrix/federation/v1/make_join', () => ({
    room_version: version,
    event: {
      ...{ type: 'm.room.member', room_id, sender: user, state_key: user, content: { membership: 'join' } },
      ...{ depth: 4, prev_events: [rules.id], auth_events: [joined.id, rules.id], ...template },
    },
  }))
  const sendJoin = (_path: string, body: JsonObject) => ({
    ...{ origin: fake.name, event: body, state, auth_chain: pdus(create, joined, rules) },
  })
  fake.answers.set('PUT /_matrix/federation/v2/send_join', sendJoin)
  let left = 0
  fake.answers.set('GET /_matrix/federation/v1/make_leave', () => ({
    room_version: '12',
    event: {
      ...{ type: 'm.room.member', room_id, sender: user, state_key: user, content: { membership: 'leave' } },
      ...{ depth: 5, prev_events: [rules.id], auth_events: [joined.id] },
    },
  }))
  fake.answers.set('PUT /_matrix/federation/v2/send_leave', (_path, body) => {
    if ((body.content as JsonObject).membership === 'leave' && body.sender === user) left += 1
    return {}
  })
  const join = () => relay.operator.matrixJoin(`#x:${fake.name}`)
  const lies: Array<[string, JsonObject[]]> = [
    ['no state', []],
    ['no create event', pdus(joined, rules)],
    ['a create event that is not signed', [unsigned, ...pdus(joined, rules)]],
    ['a room by invite', pdus(create, joined, closed)],
    ['two events for one piece of state', pdus(create, joined, rules, closed)],
    ['without join rules', pdus(create, joined)],
    ['a room nobody is in', pdus(create)],
  ]
  for (const [what, told] of lies) {
    state = told
    await t.rejects(join(), { code: 'matrix_refused' }, what)
    t.equal(left, 1, 'the server counts us as joined: it is told that we leave')
    left = 0
  }
  state = pdus(create, joined, rules)
  version = '99'
  await t.rejects(join(), { code: 'matrix_refused' }, 'an unknown version')
  version = '11'
  await t.rejects(join(), { code: 'matrix_refused' }, 'another version')
  version = '12'
  template = { auth_events: [`$${'A'.repeat(43)}`] }
  await t.rejects(join(), { code: 'matrix_refused' }, 'auth events nobody has')
  template = {}
  left = 0
  fake.answers.set('PUT /_matrix/federation/v2/send_join', () => ({ status: 403, errcode: 'M_FORBIDDEN' }))
  await t.rejects(join(), { code: 'matrix_refused' })
  t.equal(left, 0, 'a join that was refused needs no leave')
  fake.answers.set('PUT /_matrix/federation/v2/send_join', sendJoin)
  t.same(
    (await relay.operator.matrixRooms()).map(({ kind }) => kind),
    ['lobby'],
    'nothing of it was kept',
  )

  // what in the state is no good is left out, the rest holds
  state = pdus(create, joined, rules, stranger)
  t.same(await join(), { id: room_id })
  t.match(await relay.operator.matrixRooms(), [{ kind: 'lobby' }, { id: room_id, kind: 'joined', name: '' }])
})
