// SPDX-License-Identifier: AGPL-3.0-or-later
// A state that another server tells: events that authorise themselves in a circle, or stand in another room, are left out.

import t from 'tap'
import { assertAuthEvents } from '../../src/matrix/auth-rules.js'
import { type RoomEvent, toKnown } from '../../src/matrix/event.js'
import type { JsonObject } from '../../src/matrix/json.js'
import { type RoomVersion, roomVersion } from '../../src/matrix/room-version.js'
import { verifyStateEvents } from '../../src/matrix/state-check.js'

const V11 = roomVersion('11') as RoomVersion
const ROOM = '!r:a.example'
const ANA = '@ana:a.example'

function event(
  id: string,
  type: string,
  key: string,
  content: JsonObject,
  auth: string[],
  room = ROOM,
): RoomEvent {
  const pdu = {
    ...{ type, sender: ANA, state_key: key, content, room_id: room, depth: 1, origin_server_ts: 1 },
    ...{
      prev_events: auth.length > 0 ? ['$create'] : [],
      auth_events: auth,
      hashes: { sha256: '' },
      signatures: {},
    },
  }
  return toKnown(pdu, id, room)
}

const create = event('$create', 'm.room.create', '', { room_version: '11' }, [])
const joined = event('$joined', 'm.room.member', ANA, { membership: 'join' }, ['$create'])

function good(...events: RoomEvent[]): string[] {
  const all = new Map(events.map((each) => [each.id, each]))
  return [...verifyStateEvents(events, (id) => all.get(id), V11, create).keys()].sort()
}

t.test('circles, and chains that end nowhere', async (t) => {
  const name = (id: string, auth: string[]) =>
    event(id, 'm.room.name', '', { name: id }, ['$create', '$joined', ...auth])
  const levels = (id: string, auth: string[]) =>
    event(id, 'm.room.power_levels', '', { users: { [ANA]: 100 } }, ['$create', '$joined', ...auth])
  t.same(good(create, joined, name('$n', [])), ['$create', '$joined', '$n'])
  t.same(
    good(create, joined, levels('$a', ['$b']), levels('$b', ['$a'])),
    ['$create', '$joined'],
    'a circle of two',
  )
  t.same(good(create, joined, levels('$a', ['$a'])), ['$create', '$joined'], 'of one')
  t.same(good(create, joined, name('$n', ['$nowhere'])), ['$create', '$joined'])
  // as long a chain as a state may have: no recursion runs out of stack
  const long = Array.from({ length: 20_000 }, (_, i) => levels(`$l${i}`, i === 0 ? [] : [`$l${i - 1}`]))
  t.equal(good(create, joined, ...long).length, 20_002)
  t.equal(good(create, joined, ...long.slice(1)).length, 2)
})

t.test('auth events of another room, rejected ones, and what authorises nothing', async (t) => {
  const said = event('$n', 'm.room.name', '', { name: 'x' }, ['$create', '$joined'])
  const known = (each: RoomEvent, rejected = false) => ({ event: each, rejected })
  t.doesNotThrow(() => assertAuthEvents(said, [known(create), known(joined)], V11))
  const other = event(
    '$joined',
    'm.room.member',
    ANA,
    { membership: 'join' },
    ['$create'],
    '!other:a.example',
  )
  const topic = event('$topic', 'm.room.topic', '', { topic: 'x' }, ['$create'])
  const wrong: Array<[string, Parameters<typeof assertAuthEvents>[1]]> = [
    ['of another room', [known(create), known(other)]],
    ['rejected', [known(create), known(joined, true)]],
    ['twice', [known(create), known(joined), known(joined)]],
    ['of a kind that decides nothing', [known(create), known(joined), known(topic)]],
    ['without the create event', [known(joined)]],
  ]
  for (const [what, named] of wrong)
    t.throws(() => assertAuthEvents(said, named, V11), { name: 'NotAuthorised' }, what)
})
