// SPDX-License-Identifier: AGPL-3.0-or-later
// State resolution: version 2 for rooms of version 10 and 11, version 2.1 for those of version 12. Pure.

import { authorise, type StateAt } from './auth-rules.js'
import { type RoomEvent, stateName } from './event.js'
import { powerLevelsOf } from './power-levels.js'
import type { RoomVersion } from './room-version.js'

/** A state: from `stateName` to the event's id. */
export type StateMap = ReadonlyMap<string, string>

/** What resolution reads. */
export interface EventSource {
  get(id: string): RoomEvent | undefined
  isRejected(id: string): boolean
}

/**
 * Resolves states into one.
 * @param states those after each of the events that are being merged
 */
export function resolveState(
  states: readonly StateMap[],
  events: EventSource,
  version: RoomVersion,
): StateMap {
  const [first, ...rest] = [...new Set(states)]
  if (!first) return new Map()
  if (rest.length === 0) return first
  const all = [first, ...rest]
  const { unconflicted, conflicted } = split(all)
  if (conflicted.size === 0) return unconflicted

  const chains = createChains(events)
  const full = new Set([...conflicted, ...authDifference(all, chains)])
  if (version.hashedRoomId) for (const id of subgraph(conflicted, chains)) full.add(id)
  for (const id of full) if (!events.get(id)) full.delete(id)

  const create = createOf(all, events)
  const power = new Set<string>()
  for (const id of full) {
    if (!isPowerEvent(events.get(id))) continue
    // Only by way of events that are in the conflicted set themselves: homeservers walk it so, and all have to agree.
    const open = [id]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (power.has(next)) continue
      power.add(next)
      open.push(...chains.parents(next).filter((parent) => full.has(parent)))
    }
  }
  const ordered = powerOrder(power, events, create, version)
  const resolved = new Map<string, string>(version.hashedRoomId ? [] : unconflicted)
  const check = (ids: readonly string[]): void => applyAllowed(ids, resolved, events, create, version)
  check(ordered)
  const others = [...full].filter((id) => !power.has(id) && events.get(id)?.stateKey !== undefined)
  check(mainlineOrder(others, resolved.get(stateName('m.room.power_levels', '')), events))
  for (const [name, id] of unconflicted) resolved.set(name, id)
  return resolved
}

function split(states: readonly StateMap[]): { unconflicted: Map<string, string>; conflicted: Set<string> } {
  const unconflicted = new Map<string, string>()
  const conflicted = new Set<string>()
  for (const name of new Set(states.flatMap((state) => [...state.keys()]))) {
    const held = new Set(states.map((state) => state.get(name)))
    const [id] = held
    if (held.size === 1 && id !== undefined) unconflicted.set(name, id)
    else for (const each of held) if (each !== undefined) conflicted.add(each)
  }
  return { unconflicted, conflicted }
}

interface Chains {
  /** the auth chain of an event, without itself */
  of(id: string): ReadonlySet<string>
  parents(id: string): readonly string[]
}

function createChains(events: EventSource): Chains {
  const parents = (id: string): readonly string[] => events.get(id)?.pdu.auth_events ?? []
  const known = new Map<string, ReadonlySet<string>>()
  return {
    parents,
    of(id) {
      const held = known.get(id)
      if (held) return held
      const chain = new Set<string>()
      const open = [...parents(id)]
      for (let next = open.pop(); next !== undefined; next = open.pop()) {
        if (chain.has(next)) continue
        chain.add(next)
        open.push(...parents(next))
      }
      known.set(id, chain)
      return chain
    },
  }
}

/** The events that are in the auth chain of some of the states, and not of all. */
function authDifference(states: readonly StateMap[], chains: Chains): Set<string> {
  // A state's own events count as in its chain, as other servers have it: all of a room must come to the same state.
  const full = states.map((state) => new Set([...state.values(), ...reach(state.values(), chains)]))
  const [first = new Set<string>(), ...rest] = full
  const union = new Set(full.flatMap((each) => [...each]))
  for (const id of first) if (rest.every((each) => each.has(id))) union.delete(id)
  return union
}

/** All that some events lead to by `auth_events`. */
function reach(from: Iterable<string>, chains: Chains): Set<string> {
  const seen = new Set<string>()
  const open = [...from].flatMap((id) => chains.parents(id))
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue
    seen.add(next)
    open.push(...chains.parents(next))
  }
  return seen
}

/** v2.1: every event on a path of `auth_events` between two conflicted ones. */
function subgraph(conflicted: ReadonlySet<string>, chains: Chains): Set<string> {
  const below = reach(conflicted, chains)
  for (const id of conflicted) below.add(id)
  const found = new Set<string>()
  for (const id of below) {
    if (conflicted.has(id)) found.add(id)
    else if ([...chains.of(id)].some((other) => conflicted.has(other))) found.add(id)
  }
  return found
}

function createOf(states: readonly StateMap[], events: EventSource): RoomEvent | undefined {
  const id = states
    .map((state) => state.get(stateName('m.room.create', '')))
    .find((each) => each !== undefined)
  return id === undefined ? undefined : events.get(id)
}

function isPowerEvent(event: RoomEvent | undefined): boolean {
  if (event?.stateKey === undefined) return false
  if (event.type === 'm.room.power_levels' || event.type === 'm.room.join_rules') return event.stateKey === ''
  if (event.type !== 'm.room.member' || event.sender === event.stateKey) return false
  return event.content.membership === 'leave' || event.content.membership === 'ban'
}

const earlier = (a: RoomEvent, b: RoomEvent): number =>
  a.pdu.origin_server_ts - b.pdu.origin_server_ts || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

/** Reverse topological power ordering: Kahn's algorithm, taking the most powerful and earliest of those that are free. */
function powerOrder(
  ids: ReadonlySet<string>,
  events: EventSource,
  create: RoomEvent | undefined,
  version: RoomVersion,
): string[] {
  const nodes = new Map<string, { event: RoomEvent; power: number; waits: number; children: string[] }>()
  for (const id of ids) {
    const event = events.get(id)
    if (event)
      nodes.set(id, { event, power: senderPower(event, events, create, version), waits: 0, children: [] })
  }
  for (const [id, node] of nodes) {
    for (const parent of new Set(node.event.pdu.auth_events)) {
      const above = nodes.get(parent)
      if (!above) continue
      above.children.push(id)
      node.waits += 1
    }
  }
  const free = [...nodes.values()].filter(({ waits }) => waits === 0)
  const ordered: string[] = []
  while (free.length > 0) {
    let best = 0
    for (let i = 1; i < free.length; i++) {
      const [a, b] = [free[i], free[best]]
      if (a && b && (a.power > b.power || (a.power === b.power && earlier(a.event, b.event) < 0))) best = i
    }
    const [node] = free.splice(best, 1)
    if (!node) break
    ordered.push(node.event.id)
    for (const id of node.children) {
      const child = nodes.get(id)
      if (!child) continue
      child.waits -= 1
      if (child.waits === 0) free.push(child)
    }
  }
  return ordered
}

/** The power of an event's sender by the event's own auth events. */
function senderPower(
  event: RoomEvent,
  events: EventSource,
  create: RoomEvent | undefined,
  version: RoomVersion,
): number {
  const named = event.pdu.auth_events.map((id) => events.get(id))
  const levels = named.find((each) => each?.type === 'm.room.power_levels' && each.stateKey === '')
  const first = named.find((each) => each?.type === 'm.room.create') ?? create
  return powerLevelsOf(first, levels, version).of(event.sender)
}

/** The iterative auth checks: each event that the state so far allows becomes part of it. */
function applyAllowed(
  ids: readonly string[],
  resolved: Map<string, string>,
  events: EventSource,
  create: RoomEvent | undefined,
  version: RoomVersion,
): void {
  for (const id of ids) {
    const event = events.get(id)
    if (event?.stateKey === undefined) continue
    const own = new Map<string, RoomEvent>()
    for (const each of event.pdu.auth_events) {
      const named = events.get(each)
      if (named?.stateKey !== undefined && !events.isRejected(each))
        own.set(stateName(named.type, named.stateKey), named)
    }
    const state: StateAt = (type, key) => {
      const name = stateName(type, key)
      const held = resolved.get(name)
      if (held !== undefined) return events.get(held)
      if (type === 'm.room.create' && version.hashedRoomId) return create
      return own.get(name)
    }
    try {
      authorise(event, state, version)
      resolved.set(stateName(event.type, event.stateKey), id)
    } catch {
      // not allowed: the state stays as it was
    }
  }
}

/** Mainline ordering: by the power levels under which an event was sent, then by date. */
function mainlineOrder(ids: readonly string[], levels: string | undefined, events: EventSource): string[] {
  const mainline = new Map<string, number>()
  for (let at = levels; at !== undefined && !mainline.has(at); at = levelsBefore(at, events))
    mainline.set(at, mainline.size)
  const position = (id: string): number => {
    const seen = new Set<string>()
    for (let at: string | undefined = id; at !== undefined && !seen.has(at); at = levelsBefore(at, events)) {
      const found = mainline.get(at)
      if (found !== undefined) return found
      seen.add(at)
    }
    return Number.POSITIVE_INFINITY
  }
  return ids
    .flatMap((id) => {
      const event = events.get(id)
      return event ? [{ id, event, at: position(id) }] : []
    })
    .sort((a, b) => (a.at === b.at ? earlier(a.event, b.event) : b.at > a.at ? 1 : -1))
    .map(({ id }) => id)
}

function levelsBefore(id: string, events: EventSource): string | undefined {
  return events.get(id)?.pdu.auth_events.find((each) => {
    const event = events.get(each)
    return event?.type === 'm.room.power_levels' && event.stateKey === ''
  })
}

/** Whether two states are alike. */
export function sameState(a: StateMap | undefined, b: StateMap): boolean {
  if (a?.size !== b.size) return false
  for (const [name, id] of b) if (a.get(name) !== id) return false
  return true
}
