// SPDX-License-Identifier: AGPL-3.0-or-later
// The authorisation rules of room versions 10, 11 and 12: may this event stand beside this state.

import { NotAuthorised } from './errors.js'
import { type RoomEvent, stateName } from './event.js'
import { domainOf, isRoomId, isUserId } from './ids.js'
import { isObject, type JsonObject } from './json.js'
import { assertLevels } from './level-rules.js'
import { creatorsOf, type PowerLevels, powerLevelsOf } from './power-levels.js'
import { type RoomVersion, roomVersion } from './room-version.js'
import { isSignature, signaturesOf, signedBytes } from './signing.js'

/** Looks up a piece of state. */
export type StateAt = (type: string, stateKey: string) => RoomEvent | undefined

const refuse = (reason: string): never => {
  throw new NotAuthorised(reason)
}

/** The state that decides about an event: what its `auth_events` may name, and no more. */
export function authTypes(
  event: Pick<RoomEvent, 'type' | 'sender' | 'stateKey' | 'content'>,
  version: RoomVersion,
): Array<[type: string, stateKey: string]> {
  const { type, sender, stateKey, content } = event
  if (type === 'm.room.create') return []
  const types: Array<[string, string]> = [
    ['m.room.power_levels', ''],
    ['m.room.member', sender],
  ]
  if (!version.hashedRoomId) types.push(['m.room.create', ''])
  if (type !== 'm.room.member' || stateKey === undefined) return types
  if (stateKey !== sender) types.push(['m.room.member', stateKey])
  const { membership } = content
  if (membership === 'join' || membership === 'invite' || membership === 'knock')
    types.push(['m.room.join_rules', ''])
  const invite = content.third_party_invite
  if (membership === 'invite' && isObject(invite) && isObject(invite.signed)) {
    const { token } = invite.signed
    if (typeof token === 'string') types.push(['m.room.third_party_invite', token])
  }
  const via = content.join_authorised_via_users_server
  if (membership === 'join' && isUserId(via) && via !== sender && via !== stateKey)
    types.push(['m.room.member', via])
  return types
}

/** What is known of an event that another names as authorising it. */
export interface AuthEvent {
  event: RoomEvent
  rejected: boolean
}

/**
 * Rule 3 (2 before version 12): the events that an event names as authorising it are fit for that.
 * @throws NotAuthorised
 */
export function assertAuthEvents(event: RoomEvent, named: readonly AuthEvent[], version: RoomVersion): void {
  if (event.type === 'm.room.create') {
    if (named.length > 0) refuse('a create event is authorised by nothing')
    return
  }
  const allowed = new Set(authTypes(event, version).map(([type, key]) => stateName(type, key)))
  const seen = new Set<string>()
  for (const { event: by, rejected } of named) {
    if (by.stateKey === undefined) refuse('an auth event is no state')
    const name = stateName(by.type, by.stateKey ?? '')
    if (seen.has(name)) refuse('two auth events for one piece of state')
    seen.add(name)
    if (!allowed.has(name)) refuse(`${by.type} does not authorise this event`)
    if (rejected) refuse('an auth event was rejected')
    if (by.roomId !== event.roomId) refuse('an auth event of another room')
  }
  if (!version.hashedRoomId && !seen.has(stateName('m.room.create', '')))
    refuse('the create event is not among the auth events')
}

/**
 * Whether an event may stand beside this state.
 * @param state for version 12 it must know the create event too, which events of that version do not name
 * @throws NotAuthorised
 */
export function authorise(event: RoomEvent, state: StateAt, version: RoomVersion): void {
  if (event.type === 'm.room.create') return assertCreate(event, version)
  const create = state('m.room.create', '')
  if (!create) throw new NotAuthorised('no create event')
  // rule 2 of version 12: the room's id is that of its create event
  if (version.hashedRoomId && `!${create.id.slice(1)}` !== event.roomId)
    refuse('not the create event of this room')
  if (create.content['m.federate'] === false && domainOf(event.sender) !== domainOf(create.sender))
    refuse('the room is not open to other servers')
  const levels = powerLevelsOf(create, state('m.room.power_levels', ''), version)
  if (event.type === 'm.room.member') return assertMember(event, state, levels, create, version)
  if (membershipOf(state, event.sender) !== 'join') refuse('the sender is not in the room')
  if (event.type === 'm.room.third_party_invite') {
    if (levels.of(event.sender) < levels.action('invite')) refuse('the sender may not invite')
    return
  }
  if (levels.of(event.sender) < levels.required(event.type, event.stateKey !== undefined))
    refuse(`the sender may not send ${event.type}`)
  if (event.stateKey?.startsWith('@') && event.stateKey !== event.sender) refuse('the state of another user')
  if (event.type === 'm.room.power_levels')
    assertLevels(event, state('m.room.power_levels', ''), levels, creatorsOf(create, version), version)
}

function assertCreate(event: RoomEvent, version: RoomVersion): void {
  const { pdu, content, roomId, sender } = event
  if (pdu.prev_events.length > 0) refuse('a create event is the first')
  if (event.stateKey !== '') refuse('a create event has an empty state key')
  if (version.hashedRoomId) {
    if (pdu.room_id !== undefined) refuse('a create event has no room_id')
  } else if (!isRoomId(roomId) || domainOf(roomId) !== domainOf(sender)) refuse('a room of another server')
  if (content.room_version !== undefined && !roomVersion(content.room_version))
    refuse('an unknown room version')
  if (!version.newRedactions && content.creator === undefined) refuse('a create event names its creator')
  const more = content.additional_creators
  if (version.hashedRoomId && more !== undefined && !(Array.isArray(more) && more.every(isUserId)))
    refuse('additional_creators are user ids')
}

/** What a user is to the room; `leave` for one that was never there. */
export function membershipOf(state: StateAt, user: string): string {
  const { membership } = state('m.room.member', user)?.content ?? {}
  return typeof membership === 'string' ? membership : 'leave'
}

function assertMember(
  event: RoomEvent,
  state: StateAt,
  levels: PowerLevels,
  create: RoomEvent,
  version: RoomVersion,
): void {
  const { sender, stateKey: target, content, pdu } = event
  if (target === undefined || !isUserId(target)) throw new NotAuthorised('a membership is that of a user')
  const [now, senders] = [membershipOf(state, target), membershipOf(state, sender)]
  const own = levels.of(sender)
  const above = levels.of(target) < own
  switch (content.membership) {
    case 'join': {
      const [only, ...rest] = pdu.prev_events
      const first = only === create.id && rest.length === 0
      const creator = version.newRedactions ? create.sender : create.content.creator
      if (first && target === creator) return
      if (sender !== target) refuse('nobody joins for another user')
      if (now === 'ban') refuse('the user is banned')
      return assertJoin(state, now, content, levels)
    }
    case 'invite': {
      if (content.third_party_invite !== undefined)
        return assertThirdParty(event, content.third_party_invite, state, now)
      if (senders !== 'join') refuse('the sender is not in the room')
      if (now === 'join' || now === 'ban') refuse(`the user cannot be invited: ${now}`)
      if (own < levels.action('invite')) refuse('the sender may not invite')
      return
    }
    case 'leave':
      if (sender === target) {
        if (!['invite', 'join', 'knock'].includes(now)) refuse('the user is not there')
        return
      }
      if (senders !== 'join') refuse('the sender is not in the room')
      if (now === 'ban' && own < levels.action('ban')) refuse('the sender may not lift bans')
      if (own < levels.action('kick') || !above) refuse('the sender may not remove the user')
      return
    case 'ban':
      if (senders !== 'join') refuse('the sender is not in the room')
      if (own < levels.action('ban') || !above) refuse('the sender may not ban the user')
      return
    case 'knock':
      if (!['knock', 'knock_restricted'].includes(joinRule(state))) refuse('the room takes no knocks')
      if (sender !== target) refuse('nobody knocks for another user')
      if (['ban', 'invite', 'join'].includes(now)) refuse(`no knock is needed or heard: ${now}`)
      return
    default:
      refuse('an unknown membership')
  }
}

/** The room's join rule; without one it is `invite`. */
export function joinRule(state: StateAt): string {
  const { join_rule: rule } = state('m.room.join_rules', '')?.content ?? {}
  return typeof rule === 'string' ? rule : 'invite'
}

function assertJoin(state: StateAt, now: string, content: JsonObject, levels: PowerLevels): void {
  const expected = now === 'invite' || now === 'join'
  switch (joinRule(state)) {
    case 'public':
      return
    case 'invite':
    case 'knock':
      if (!expected) refuse('the room is by invite')
      return
    case 'restricted':
    case 'knock_restricted': {
      if (expected) return
      const via = content.join_authorised_via_users_server
      if (typeof via !== 'string' || membershipOf(state, via) !== 'join')
        return refuse('nobody vouches for the join')
      if (levels.of(via) < levels.action('invite')) refuse('who vouches for the join may not invite')
      return
    }
    default:
      refuse('the room takes no joins')
  }
}

/** An invite that was sent to an e-mail address and has been claimed. */
function assertThirdParty(event: RoomEvent, invite: unknown, state: StateAt, now: string): void {
  if (now === 'ban') refuse('the user is banned')
  const signed = isObject(invite) ? invite.signed : undefined
  if (!isObject(signed)) throw new NotAuthorised('the invite is not signed')
  const { mxid, token } = signed
  if (typeof mxid !== 'string' || typeof token !== 'string')
    throw new NotAuthorised('the invite lacks a user or a token')
  if (mxid !== event.stateKey) refuse('the invite is for another user')
  const offer = state('m.room.third_party_invite', token)
  if (!offer) throw new NotAuthorised('no such invite')
  if (offer.sender !== event.sender) refuse('the invite is by another user')
  const more = Array.isArray(offer.content.public_keys) ? offer.content.public_keys : []
  const keys = [offer.content.public_key, ...more.map((each) => isObject(each) && each.public_key)]
  const bytes = signedBytes(signed)
  const signatures = Object.keys(isObject(signed.signatures) ? signed.signatures : {}).flatMap((server) =>
    signaturesOf(signed, server),
  )
  const good = signatures.some(([, signature]) =>
    keys.some((key) => typeof key === 'string' && isSignature(bytes, signature, key)),
  )
  if (!good) refuse('the invite is not signed by its key')
}
