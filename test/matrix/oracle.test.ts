// SPDX-License-Identifier: AGPL-3.0-or-later
// Authorisation rules and state resolution, event by event, on generated rooms: Synapse's own verdicts are the same.

import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { authorise, authTypes, type StateAt } from '../../src/matrix/auth-rules.js'
import { NotAuthorised } from '../../src/matrix/errors.js'
import { buildEvent, type EventDraft, type RoomEvent, stateName } from '../../src/matrix/event.js'
import { domainOf } from '../../src/matrix/ids.js'
import type { JsonObject } from '../../src/matrix/json.js'
import { type RoomVersion, roomVersion } from '../../src/matrix/room-version.js'
import { signingKeyOf } from '../../src/matrix/signing.js'
import { resolveState, type StateMap } from '../../src/matrix/state-resolution.js'
import { python, withoutSynapse } from '../helpers/synapse.js'

const USERS = ['@creator:a.example', '@ana:a.example', '@bob:b.example', '@eve:c.example']
const KEY = signingKeyOf('1', randomBytes(32))
const MEMBERSHIPS = ['join', 'join', 'leave', 'invite', 'ban', 'knock', 'nonsense']
const RULES = ['public', 'invite', 'knock', 'restricted', 'knock_restricted', 'private']

/** One step of a room: what is tried, by whom, on whom, with which numbers, and on which earlier events. */
const step = fc.record({
  kind: fc.constantFrom(
    'member',
    'member',
    'member',
    'self',
    'self',
    'levels',
    'levels',
    'rules',
    'name',
    'message',
    'other',
    'invite3',
  ),
  by: fc.nat(USERS.length - 1),
  to: fc.nat(USERS.length - 1),
  what: fc.nat(41),
  level: fc.constantFrom(0, 10, 49, 50, 51, 100, 101),
  prev: fc.array(fc.nat(6), { minLength: 1, maxLength: 3 }),
  ts: fc.nat(20),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

interface Check {
  pdu: JsonObject
  state: Array<[string, string]>
  auth: Array<[string, string]>
  why: string | null
}

function contentOf(
  { kind, what, level, to }: Step,
  version: RoomVersion,
): { type: string; stateKey?: string; content: JsonObject } {
  const target = USERS[to] as string
  switch (kind) {
    case 'member': {
      const via =
        what % 5 === 0 ? { join_authorised_via_users_server: USERS[what % USERS.length] as string } : {}
      return {
        type: 'm.room.member',
        stateKey: target,
        content: { membership: MEMBERSHIPS[what % MEMBERSHIPS.length] as string, ...via },
      }
    }
    case 'levels': {
      const users: JsonObject = { [target]: level }
      if (!version.hashedRoomId && what % 4 !== 0) users[USERS[0] as string] = 100
      if (what % 3 === 0) users[USERS[what % USERS.length] as string] = 50
      const more: JsonObject = [
        {},
        { ban: level },
        { invite: level },
        { events: { 'm.room.name': level } },
        { users_default: level },
        { state_default: 'x' },
        { notifications: { room: level } },
      ][what % 7] as JsonObject
      return { type: 'm.room.power_levels', stateKey: '', content: { users, ...more } }
    }
    case 'rules':
      return {
        type: 'm.room.join_rules',
        stateKey: '',
        content: { join_rule: RULES[what % RULES.length] as string },
      }
    case 'name':
      return { type: 'm.room.name', stateKey: '', content: { name: `n${what}` } }
    case 'other':
      return { type: 'x.state', stateKey: what % 2 ? target : `k${what}`, content: {} }
    case 'invite3':
      return {
        type: 'm.room.third_party_invite',
        stateKey: `t${what}`,
        content: { display_name: 'x', key_validity_url: '', public_key: '' },
      }
    default:
      return { type: 'm.room.message', content: { body: 'x' } }
  }
}

/** Builds a room by the steps that are allowed, and notes every verdict and every merge. */
function buildRoom(id: string, steps: readonly Step[]) {
  const version = roomVersion(id) as RoomVersion
  const events = new Map<string, RoomEvent>()
  const after = new Map<string, StateMap>()
  const order: string[] = []
  const checks: Check[] = []
  const merges: Array<{ states: Array<Array<[string, string]>>; result: Array<[string, string]> }> = []
  const source = { get: (each: string) => events.get(each), isRejected: () => false }
  const creator = USERS[0] as string

  function keep(event: RoomEvent, before: StateMap): void {
    events.set(event.id, event)
    order.push(event.id)
    after.set(
      event.id,
      event.stateKey === undefined
        ? before
        : new Map([...before, [stateName(event.type, event.stateKey), event.id]]),
    )
  }
  const sign = (draft: EventDraft): RoomEvent =>
    buildEvent(draft, version, domainOf(String(draft.sender)), KEY)
  const additional =
    version.hashedRoomId && steps.length % 2 ? { additional_creators: [USERS[1] as string] } : {}
  const create = sign({
    ...{
      type: 'm.room.create',
      sender: creator,
      state_key: '',
      depth: 1,
      prev_events: [],
      auth_events: [],
      origin_server_ts: 1,
    },
    ...(version.hashedRoomId ? {} : { room_id: '!room:a.example' }),
    content: { room_version: id, ...(version.newRedactions ? {} : { creator }), ...additional },
  })
  keep(create, new Map())

  function attempt(
    sender: string,
    { type, stateKey, content }: ReturnType<typeof contentOf>,
    prev: string[],
    ts: number,
  ): void {
    const states = prev.map((each) => after.get(each) as StateMap)
    const before = resolveState(states, source, version)
    if (new Set(states).size > 1)
      merges.push({ states: states.map((state) => [...state]), result: [...before] })
    const auth = authTypes({ type, sender, stateKey, content }, version).flatMap(
      ([kind, key]): Array<[string, string]> => {
        const name = stateName(kind, key)
        const held = before.get(name)
        return held === undefined ? [] : [[name, held]]
      },
    )
    const event = sign({
      ...{
        type,
        sender,
        content,
        room_id: create.roomId,
        prev_events: prev,
        auth_events: auth.map(([, each]) => each),
      },
      ...(stateKey === undefined ? {} : { state_key: stateKey }),
      depth: order.length + 1,
      origin_server_ts: ts,
    })
    const state: StateAt = (kind, key) => {
      const held = before.get(stateName(kind, key))
      return held === undefined ? undefined : events.get(held)
    }
    let why: string | null = null
    try {
      authorise(event, state, version)
    } catch (thrown) {
      if (!(thrown instanceof NotAuthorised)) throw thrown
      why = thrown.message
    }
    checks.push({ pdu: event.pdu, state: [...before], auth, why })
    if (why === null && !events.has(event.id)) keep(event, before)
  }

  const last = (): string => order.at(-1) as string
  attempt(
    creator,
    { type: 'm.room.member', stateKey: creator, content: { membership: 'join' } },
    [create.id],
    2,
  )
  attempt(creator, { type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'public' } }, [last()], 3)
  if (steps.length % 3)
    attempt(
      creator,
      {
        type: 'm.room.power_levels',
        stateKey: '',
        content: { users: version.hashedRoomId ? {} : { [creator]: 100 } },
      },
      [last()],
      4,
    )
  for (const one of steps) {
    const recent = order.slice(-7)
    const prev = [...new Set(one.prev.map((at) => recent[at % recent.length] as string))]
    const sender = USERS[one.by] as string
    const made =
      one.kind === 'self'
        ? {
            type: 'm.room.member',
            stateKey: sender,
            content: { membership: MEMBERSHIPS[one.what % 3] as string },
          }
        : contentOf(one, version)
    attempt(sender, made, prev, one.ts)
  }
  return {
    version: id,
    events: order.map((each) => ({ id: each, pdu: (events.get(each) as RoomEvent).pdu })),
    checks,
    merges,
  }
}

t.test('rules and resolution, beside Synapse', { skip: withoutSynapse(), timeout: 300_000 }, async (t) => {
  const rooms = ['10', '11', '12'].flatMap((version, i) =>
    fc
      .sample(fc.array(step, { minLength: 10, maxLength: 60 }), { numRuns: 120, seed: 20_000 + i })
      .map((steps) => buildRoom(version, steps)),
  )
  const { differences, counts } = JSON.parse(
    python(readFileSync(new URL('./oracle.py', import.meta.url), 'utf8'), JSON.stringify(rooms)),
  )
  t.comment(JSON.stringify({ rooms: rooms.length, ...counts }))
  t.ok(counts.allowed > 1000 && counts.refused > 1000 && counts.merges > 1000, 'there was enough to compare')
  t.same(
    differences.slice(0, 10).map((each: unknown) => JSON.stringify(each)),
    [],
  )
})

t.test('resolution does not depend on the order of the states', async (t) => {
  fc.assert(
    fc.property(
      fc.constantFrom('10', '11', '12'),
      fc.array(step, { minLength: 5, maxLength: 40 }),
      (version, steps) => {
        const room = buildRoom(version, steps)
        const events = new Map(room.events.map(({ id, pdu }) => [id, buildEventAgain(pdu, id, version)]))
        const source = { get: (id: string) => events.get(id), isRejected: () => false }
        for (const { states, result } of room.merges) {
          const maps = states.map((state) => new Map(state))
          const turned = resolveState([...maps].reverse(), source, roomVersion(version) as RoomVersion)
          if (JSON.stringify([...turned].sort()) !== JSON.stringify([...result].sort()))
            throw new Error('the order matters')
        }
      },
    ),
    { numRuns: 40 },
  )
  t.pass()
})

function buildEventAgain(pdu: JsonObject, id: string, version: string): RoomEvent {
  const {
    type,
    sender,
    content,
    state_key: stateKey,
  } = pdu as unknown as { type: string; sender: string; content: JsonObject; state_key?: string }
  const roomId = version === '12' && type === 'm.room.create' ? `!${id.slice(1)}` : String(pdu.room_id)
  return { id, roomId, pdu: pdu as RoomEvent['pdu'], type, sender, content, stateKey }
}
