// SPDX-License-Identifier: AGPL-3.0-or-later
// Builds the web's components from the store, the room and the sign-in bridge.

import type { Counters } from '../lib/counters.js'
import { DAY } from '../lib/limits.js'
import type { Log } from '../lib/log.js'
import type { SignInBridge } from '../room/sign-in.js'
import type { FeedId } from '../ssb/feed-id.js'
import { formatInviteCode } from '../ssb/invite-code.js'
import type { Store } from '../store/store.js'
import type { RelayHostnames, WebComponents, WebLobby, WebRoom, WebSetup } from './contract.js'

export interface RoomComponents {
  store: Store
  signIn: SignInBridge
  setup: WebSetup
  log: Log
  counters: Counters
  /** Unix ms */
  now: () => number
  /** attendants now */
  online(): FeedId[]
  /** called at every request */
  used: () => void
  /** tests inject captchas with known answers */
  drawCaptcha: WebComponents['drawCaptcha']
  /** tests inject where callers are */
  placeOf: WebComponents['placeOf']
  /** secret; decides how captchas look and sound */
  captchaSeed: Buffer
}

export interface RoomOptions {
  id: FeedId
  /** the room's display name */
  roomName(): string
  hostnames(): RelayHostnames
  /** limit of bytes for messages */
  maxBytes(): number
  health: WebRoom['health']
  /** days until new invites and knocks expire */
  expiresDays(): number
  /** takes SSB over WebSocket; null where it is off */
  acceptSsb: NonNullable<WebComponents['acceptSsb']> | null
  /** the Matrix lobby; null before it is open, and where it is off */
  lobby: (() => (WebLobby & { divert: NonNullable<WebComponents['divert']> }) | null) | null
}

/** Creates the web's components for a whole relay. */
export function createWebComponents(
  { store, signIn, online, drawCaptcha, ...others }: RoomComponents,
  { id, roomName, hostnames, maxBytes, health, expiresDays, lobby, acceptSsb }: RoomOptions,
): WebComponents {
  const expires = (): number => Math.trunc(others.now() + expiresDays() * DAY)
  const { settings, invites, knocks, aliases, members } = store
  return {
    ...(drawCaptcha ? { drawCaptcha } : {}),
    ...(lobby ? { lobby, divert: (req, res) => lobby()?.divert(req, res) ?? false } : {}),
    ...{ ...others, acceptSsb, invites, hostnames },
    room: { store, signIn, online, maxBytes, health },
    async mintInvite(at) {
      const { invite, seed } = await invites.create({ expires: expires(), by: 'captcha' })
      return { code: formatInviteCode({ ...at, relay: id, seed }), expires: invite.expires }
    },
    questions: settings.get,
    knock: (feed, note) => knocks.leave(feed, note, expires()),
    face: () => ({
      id,
      name: roomName(),
      description: settings.get().description,
      mode: settings.get().mode,
      online: online().length,
      members: members.count(),
    }),
    findAlias(alias) {
      const held = aliases.get(alias)
      return held && { ...held, online: online().includes(held.owner) }
    },
  }
}
