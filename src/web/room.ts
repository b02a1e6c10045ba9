// What the web is given of a relay: verbs over the store and the room, for the pages.

import type { Counters } from '../lib/counters.js'
import { DAY } from '../lib/limits.js'
import type { Log } from '../lib/log.js'
import type { SignInBridge } from '../room/sign-in.js'
import type { FeedId } from '../ssb/feed-id.js'
import { formatInviteCode } from '../ssb/invite-code.js'
import type { Store } from '../store/store.js'
import type { RelayNames, WebComponents, WebLobby, WebSetup } from './contract.js'

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
  /** told of every request */
  used: () => void
  /** draws captchas, where a test gives its own */
  riddles: WebComponents['riddles']
}

export interface RoomOptions {
  id: FeedId
  /** the room's name as strangers are told it */
  name(): string
  names(): RelayNames
  /** bytes that messages may take in all */
  maxBytes(): number
  /** days for which an invite made now is good, and a knock left now waits */
  expiresDays(): number
  /** the lobby on Matrix, once it is open; null where it is off */
  lobby: (() => (WebLobby & { divert: NonNullable<WebComponents['divert']> }) | null) | null
}

/** The web's components in a whole relay. */
export function createWebComponents(
  { store, signIn, setup, log, counters, now, online, used, riddles }: RoomComponents,
  { id, name, names, maxBytes, expiresDays, lobby }: RoomOptions,
): WebComponents {
  const expires = (): number => Math.trunc(now() + expiresDays() * DAY)
  const { settings, invites, knocks, aliases, members } = store
  return {
    ...(riddles ? { riddles } : {}),
    ...(lobby ? { lobby, divert: (req, res) => lobby()?.divert(req, res) ?? false } : {}),
    ...{ used, log, counters, now, setup, invites, names },
    room: { store, signIn, online, maxBytes },
    async mintInvite(at) {
      const { invite, seed } = await invites.create({ expires: expires(), by: 'captcha' })
      return { code: formatInviteCode({ ...at, relay: id, seed }), expires: invite.expires }
    },
    knock: (feed, note) => knocks.leave(feed, note, expires()),
    face: () => ({
      id,
      name: name(),
      description: settings.get().description,
      mode: settings.get().mode,
      online: online().length,
      members: members.count(),
    }),
    alias(name) {
      const held = aliases.get(name)
      return held && { ...held, online: online().includes(held.owner) }
    },
  }
}
