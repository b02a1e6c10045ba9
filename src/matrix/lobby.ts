// SPDX-License-Identifier: AGPL-3.0-or-later
// The lobby: the public room that the relay hosts. Name, topic and join rule follow the settings.

import type { Log } from '../lib/log.js'
import type { MatrixStore } from '../store/matrix.js'
import type { PrivacyMode, Settings } from '../store/settings.js'
import type { AfterFlush } from '../store/writer.js'
import { domainOf } from './ids.js'
import type { JsonObject } from './json.js'
import type { RoomData, RoomView } from './room-data.js'
import type { RoomGraph } from './room-graph.js'

/** The join rule for each privacy mode. */
export const JOIN_RULES: Record<PrivacyMode, string> = {
  open: 'public',
  community: 'knock',
  restricted: 'invite',
}

export interface LobbyComponents {
  matrix: MatrixStore
  data: RoomData
  graph: RoomGraph
  settings: Settings
  name(): string
  log: Log
}

export interface LobbyOptions {
  server: string
  /** local part of the alias */
  alias: string
  roomVersion: string
  /** the relay's user id */
  relay: string
}

export interface Lobby {
  id(): string
  alias: string
  view(): RoomView
  /** Begins a room for the relay and one other user. */
  beginDirectNow(user: string, afterFlush: AfterFlush): string
  /** Updates name, topic and join rule from the settings. */
  sync(): Promise<void>
  close(): void
}

/** Opens the lobby; creates the room at the first start. */
export async function openLobby(components: LobbyComponents, options: LobbyOptions): Promise<Lobby> {
  const { matrix, data, graph, settings, name, log } = components
  const { server, relay, roomVersion } = options
  const alias = `#${options.alias}:${server}`

  /** The stored lobby, if it belongs to the present server name. */
  const kept = (): string | null =>
    matrix.rooms().find(({ id, kind }) => {
      const create = kind === 'lobby' ? data.view(id)?.state('m.room.create', '') : undefined
      return create !== undefined && domainOf(create.sender) === server
    })?.id ?? null

  const levels = (more: JsonObject): JsonObject => ({
    // the creator's power is unlimited as of version 12, and must not be named
    users: roomVersion === '12' ? {} : { [relay]: 100 },
    ...{ users_default: 0, events_default: 0, state_default: 50, invite: 50, kick: 50, ban: 50, redact: 50 },
    events: {
      'm.room.power_levels': 100,
      'm.room.server_acl': 100,
      'm.room.tombstone': 100,
      'm.room.encryption': 100,
      'm.room.history_visibility': 100,
      'm.room.join_rules': 100,
      'm.room.canonical_alias': 100,
    },
    ...more,
  })

  function changeNow(
    roomId: string,
    type: string,
    content: JsonObject,
    afterFlush: AfterFlush,
    stateKey = '',
  ): void {
    const held = data.view(roomId)?.state(type, stateKey)
    if (held && JSON.stringify(held.content) === JSON.stringify(content)) return
    graph.sayNow(roomId, { sender: relay, type, stateKey, content }, afterFlush)
  }

  function describeNow(roomId: string, afterFlush: AfterFlush): void {
    const { mode, description } = settings.get()
    changeNow(roomId, 'm.room.join_rules', { join_rule: JOIN_RULES[mode] }, afterFlush)
    changeNow(roomId, 'm.room.name', { name: name() }, afterFlush)
    const topic = description || data.view(roomId)?.state('m.room.topic', '')?.content.topic
    if (topic !== undefined) changeNow(roomId, 'm.room.topic', { topic: description }, afterFlush)
  }

  function beginNow(kind: 'lobby' | 'direct', afterFlush: AfterFlush, user?: string): string {
    const opaque = `${kind}${matrix.nextNow('room')}`
    const named = { version: roomVersion, creator: relay, kind, name: opaque, ...(user ? { user } : {}) }
    const id = graph.beginNow(named, afterFlush)
    changeNow(id, 'm.room.power_levels', levels({}), afterFlush)
    changeNow(
      id,
      'm.room.history_visibility',
      { history_visibility: kind === 'lobby' ? 'shared' : 'invited' },
      afterFlush,
    )
    changeNow(id, 'm.room.guest_access', { guest_access: 'forbidden' }, afterFlush)
    return id
  }

  const found = kept()
  const roomId =
    found ??
    (await graph.write((afterFlush) => {
      for (const { id, kind } of matrix.rooms()) if (kind === 'lobby') matrix.removeRoomNow(id)
      const id = beginNow('lobby', afterFlush)
      changeNow(id, 'm.room.canonical_alias', { alias }, afterFlush)
      describeNow(id, afterFlush)
      return id
    }))

  const sync = (): Promise<void> =>
    graph.write((afterFlush) => {
      changeNow(roomId, 'm.room.canonical_alias', { alias }, afterFlush)
      describeNow(roomId, afterFlush)
    })
  const onChange = (): void => void sync().catch((err) => log.error({ err }, 'matrix lobby update failed'))
  const stop = settings.onChange(onChange)
  if (found !== null) await sync()

  return {
    id: () => roomId,
    alias,
    view() {
      const view = data.view(roomId)
      if (!view) throw new Error('the lobby is not in the store')
      return view
    },
    beginDirectNow(user, afterFlush) {
      const id = beginNow('direct', afterFlush, user)
      changeNow(id, 'm.room.join_rules', { join_rule: 'invite' }, afterFlush)
      return id
    },
    sync,
    close: () => void stop(),
  }
}
