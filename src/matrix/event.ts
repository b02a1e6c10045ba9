// SPDX-License-Identifier: AGPL-3.0-or-later
// One event of a room: its form checked, its hashes, its id, its signatures.

import { createHash } from 'node:crypto'
import {
  MATRIX_AUTH_EVENTS,
  MATRIX_EVENT_BYTES,
  MATRIX_ID_BYTES,
  MATRIX_PREV_EVENTS,
} from '../lib/matrix-limits.js'
import { badJson } from './errors.js'
import { domainOf, isEventId, isRoomId, isUserId } from './ids.js'
import { canonicalJson, isObject, isWellFormed, type JsonObject } from './json.js'
import { type RoomVersion, redact } from './room-version.js'
import { base64, type SigningKey, signedBytes, signJson } from './signing.js'

/** What an event needs before it is hashed and signed. */
export interface EventDraft extends JsonObject {
  type: string
  sender: string
  content: JsonObject
  depth: number
  prev_events: string[]
  auth_events: string[]
  origin_server_ts: number
}

/** An event as servers send it to each other, its form checked. */
export interface Pdu extends EventDraft {
  hashes: { sha256: string }
  signatures: JsonObject
}

/** An event with what follows from it. */
export interface RoomEvent {
  id: string
  roomId: string
  pdu: Pdu
  type: string
  sender: string
  /** undefined for an event that is no state */
  stateKey: string | undefined
  content: JsonObject
}

const isText = (value: unknown): value is string => typeof value === 'string'
const isId = (value: unknown): value is string =>
  isText(value) && Buffer.byteLength(value) <= MATRIX_ID_BYTES && isWellFormed(value)
const ids = (value: unknown, most: number): boolean =>
  Array.isArray(value) && value.length <= most && value.every(isEventId)

/**
 * Checks an event's form and size, and answers it with its id.
 * @param roomId the room it came for; an event of another room is refused
 * @throws MatrixError `M_BAD_JSON`
 */
export function toEvent(raw: unknown, version: RoomVersion, roomId?: string): RoomEvent {
  if (!isObject(raw)) throw badJson('an event is an object')
  const { event_id: _, unsigned: __, ...pdu } = raw
  const size = Buffer.byteLength(canonicalJson(pdu))
  if (size > MATRIX_EVENT_BYTES) throw badJson(`an event has at most ${MATRIX_EVENT_BYTES} bytes`)
  if (!isId(pdu.type)) throw badJson('type is text')
  if (!isUserId(pdu.sender)) throw badJson('sender is a user id')
  if (pdu.state_key !== undefined && !isId(pdu.state_key)) throw badJson('state_key is text')
  if (!isObject(pdu.content)) throw badJson('content is an object')
  if (!Number.isSafeInteger(pdu.depth) || (pdu.depth as number) < 0) throw badJson('depth is a number')
  if (!Number.isSafeInteger(pdu.origin_server_ts) || (pdu.origin_server_ts as number) < 0)
    throw badJson('origin_server_ts is a number')
  if (!ids(pdu.prev_events, MATRIX_PREV_EVENTS)) throw badJson('prev_events are a few event ids')
  if (!ids(pdu.auth_events, MATRIX_AUTH_EVENTS)) throw badJson('auth_events are a few event ids')
  if (!isObject(pdu.hashes) || !isText(pdu.hashes.sha256)) throw badJson('hashes.sha256 is missing')
  if (!isObject(pdu.signatures)) throw badJson('signatures are missing')
  const isCreate = pdu.type === 'm.room.create' && pdu.state_key === ''
  const id = eventIdOf(pdu, version)
  const nameless = version.hashedRoomId && isCreate
  if (nameless && pdu.room_id !== undefined) throw badJson('a create event has no room_id in this version')
  if (!nameless && !isRoomId(pdu.room_id)) throw badJson('room_id is a room id')
  const room = nameless ? `!${id.slice(1)}` : (pdu.room_id as string)
  if (roomId !== undefined && room !== roomId) throw badJson('an event of another room')
  return toKnown(pdu as Pdu, id, room)
}

/** An event whose form was checked before, with the id under which it is kept. */
export function toKnown(pdu: Pdu, id: string, roomId: string): RoomEvent {
  const { type, sender, content } = pdu
  return { id, roomId, pdu, type, sender, content, stateKey: pdu.state_key as string | undefined }
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

/** The hash over all that an event says, which tells whether somebody has changed its content. */
export function contentHash({ hashes: _, signatures: __, unsigned: ___, ...rest }: JsonObject): string {
  return base64(sha256(canonicalJson(rest)))
}

/** The event's id: the hash of what cannot be redacted. */
export function eventIdOf(pdu: JsonObject, version: RoomVersion): string {
  const { signatures: _, age_ts: __, unsigned: ___, ...rest } = redact(pdu, version)
  return `$${sha256(canonicalJson(rest)).toString('base64url')}`
}

/** What a server signs of an event. */
export const signedPart = (pdu: JsonObject, version: RoomVersion): string => signedBytes(redact(pdu, version))

/** Whether the content is what the sender hashed. */
export const hashFits = (pdu: Pdu): boolean => contentHash(pdu) === pdu.hashes.sha256.replace(/=+$/, '')

/**
 * An event whose content was changed on the way stands as if it were redacted: the signature covers no more than that.
 */
export function withoutFalseContent(event: RoomEvent, version: RoomVersion): RoomEvent {
  return hashFits(event.pdu) ? event : toKnown(redact(event.pdu, version) as Pdu, event.id, event.roomId)
}

/** Hashes and signs an event of ours. */
export function buildEvent(
  draft: EventDraft,
  version: RoomVersion,
  server: string,
  key: SigningKey,
): RoomEvent {
  const hashed = { ...draft, hashes: { sha256: contentHash(draft) }, signatures: {} }
  return toEvent(countersign(hashed, version, server, key), version)
}

/** The event with our signature beside those it has. */
export function countersign(
  pdu: JsonObject,
  version: RoomVersion,
  server: string,
  key: SigningKey,
): JsonObject {
  const { signatures = {} } = signJson(redact(pdu, version), server, key)
  return { ...pdu, signatures }
}

/** The servers whose signatures an event needs: its sender's, and that which let somebody in by a restricted rule. */
export function signersOf({ type, sender, content }: RoomEvent): string[] {
  const via = type === 'm.room.member' ? content.join_authorised_via_users_server : undefined
  return [...new Set([domainOf(sender), ...(isUserId(via) ? [domainOf(via)] : [])])]
}

/** The one key under which a piece of state is kept. */
export const stateName = (type: string, stateKey: string): string => `${type}\0${stateKey}`
