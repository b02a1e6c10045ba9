// SPDX-License-Identifier: AGPL-3.0-or-later
// State resolution against the published cases of ruma-state-res, two of which are those of MSC4297.
// `published-states.jsonl` names their source. No project publishes the authorisation rules as data: they are
// compared with Synapse's verdicts in `oracle.test.ts`.

import { readFileSync } from 'node:fs'
import t from 'tap'
import { type RoomEvent, stateName } from '../../src/matrix/event.js'
import type { JsonObject } from '../../src/matrix/json.js'
import { type RoomVersion, roomVersion } from '../../src/matrix/room-version.js'
import { resolveState, type StateMap } from '../../src/matrix/state-resolution.js'

type Row = [
  id: string,
  sender: string,
  type: string,
  stateKey: string,
  content: JsonObject,
  ts: number,
  prev: string[],
  auth: string[],
]

interface Case {
  case: string
  batches: string[]
  /** states to resolve, as event ids; without it the states follow from the events */
  states?: string[][]
  /** event ids of the resolved state */
  expected: string[]
}

const lines = readFileSync(new URL('./published-states.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line))
const cases: Case[] = lines.filter((line) => 'case' in line)

function eventsOf(batches: readonly string[]): Map<string, RoomEvent> {
  const rows: Array<{ batch: string; event: Row; room?: string }> = lines.filter((line) => 'event' in line)
  const inBatches = batches.flatMap((name) => rows.filter(({ batch }) => batch === name))
  return new Map(
    inBatches.map(({ event: [id, sender, type, stateKey, content, ts, prev, auth], room }) => {
      const pdu = { ...(room ? { room_id: room } : {}), type, sender, state_key: stateKey, content }
      const placed = { ...pdu, depth: 1, origin_server_ts: ts, prev_events: prev, auth_events: auth }
      const roomId = room ?? `!${id.slice(1)}`
      return [id, { id, roomId, type, sender, stateKey, content, pdu: placed as unknown as RoomEvent['pdu'] }]
    }),
  )
}

for (const { case: name, batches, states, expected } of cases)
  t.test(name, async (t) => {
    const events = eventsOf(batches)
    const [create] = events.values()
    const version = roomVersion(create?.content.room_version) as RoomVersion
    const source = { get: (id: string) => events.get(id), isRejected: () => false }
    const stateOf = (ids: readonly string[]): StateMap =>
      new Map(
        ids.map((id) => [stateName(events.get(id)?.type ?? '', events.get(id)?.stateKey ?? ''), id] as const),
      )
    const resolved = (maps: readonly StateMap[]): string[] =>
      [...resolveState(maps, source, version).values()].sort()
    const wanted = [...expected].sort()
    if (states) {
      t.same(resolved(states.map(stateOf)), wanted)
      t.same(resolved(states.map(stateOf).reverse()), wanted, 'in the other order')
      return
    }

    const each = [...events.keys()].map((id) => stateOf([id]))
    t.same(resolved(each), wanted, 'every event as a state of its own')

    const after = new Map<string, StateMap>()
    for (const [id, event] of events) {
      const before = event.pdu.prev_events.map((prev) => after.get(prev) ?? new Map())
      const map = new Map(resolveState(before, source, version))
      after.set(id, map.set(stateName(event.type, event.stateKey ?? ''), id))
    }
    const named = new Set([...events.values()].flatMap(({ pdu }) => pdu.prev_events))
    const ends = [...after].filter(([id]) => !named.has(id)).map(([, map]) => map)
    t.same(resolved(ends), wanted, 'along the event graph')
  })
