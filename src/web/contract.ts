// SPDX-License-Identifier: AGPL-3.0-or-later
// The web's interface to the rest of the relay. Types only.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Counters } from '../lib/counters.js'
import type { Log } from '../lib/log.js'
import type { CallerPlace } from '../lib/platform.js'
import type { Question } from '../lib/question.js'
import type { SignInBridge } from '../room/sign-in.js'
import type { FeedId } from '../ssb/feed-id.js'
import type { Invites } from '../store/invites.js'
import type { PrivacyMode, SettingsRecord } from '../store/settings.js'
import type { Store } from '../store/store.js'
import type { SoundBuffer } from './puzzle/sound-buffers.js'
import type { Words } from './words/en.js'

/** Host and port in an invite code. */
export interface SsbAddress {
  host: string
  port: number
}

/** What strangers may know of the relay. */
export interface RelayFace {
  id: string
  name: string
  description: string
  mode: PrivacyMode
  online: number
  members: number
}

/** The relay's own hostnames and SSB port, as of now. */
export interface RelayHostnames {
  domain: string | null
  /** null while no onion descriptor is published */
  onion: string | null
  /** SSB port in invites; the onion has a fixed one */
  ssbPort: number
  /** whether the SSB listener is up: an invite made now can be used */
  listening: boolean
  /** whether each alias has its own subdomain */
  aliasSubdomains: boolean
  /** other hostnames of the plain listener, lower-case */
  local?: readonly string[]
  /** hostnames of the listener for the local network, lower-case */
  lan?: readonly string[]
  /** where people outside the local network find the pages; null while there is no such address */
  elsewhere?: Elsewhere | null
}

/** A hostname of ours that works everywhere, and the origin of the pages, if they are there. */
export interface Elsewhere {
  host: string
  origin?: string
}

/** Set-up without the token, from the local network. */
export interface LocalClaim {
  /** stands for the token on the local network; null once the time is over */
  key: string | null
  /** milliseconds that are left */
  ms: number
}

/** A drawn captcha: the image and its answer. */
export interface DrawnCaptcha {
  answer: string
  image: Buffer
  /** media type */
  type: string
}

/** Which recordings speak, and 16 random bytes that decide the rest: the same bytes give the same sound. */
export interface Voice {
  readonly language: string
  readonly noise: Buffer
}

/** Speaks the letters of a captcha as a WAV file. Throws RelayError `busy` while too many sounds are being sent. */
export type SpeakLetters = (letters: string, voice: Voice) => Promise<SoundBuffer>

/** What newcomers answer for an invite or to knock. With neither, a press of the button is enough. */
export interface Asked {
  /** in its language; null in the tag if that is unknown */
  question: (Question & { language: string | null }) | null
  /** whether a solved captcha will do */
  picture: boolean
}

/** An invite as shown to the person who solved the captcha. */
export interface Issued {
  code: string
  /** Unix ms */
  expires: number
}

/** The answers of the set-up form. A type alias, so that it is assignable to a plain record. */
export type SetupAnswers = {
  name: string
  description: string
  /** a feed id, or an empty string */
  admin: string
  /** whether members may replicate by EBT */
  ebt: boolean
}

/** The set-up form of the first start. It is answered once, by the holder of the token. */
export interface WebSetup {
  pending(): boolean
  /** Compares the token in constant time. @param isNear the key of `localClaim` is as good */
  knows(token: string, isNear?: boolean): boolean
  /** null where the local network needs the token at any time */
  localClaim?(): LocalClaim | null
  /** @throws RelayError `already_set_up`, `token_wrong`, or the code of an invalid answer */
  claim(token: string, answers: SetupAnswers, isNear?: boolean): Promise<void>
}

/** The public owner of an alias. */
export interface AliasOwner {
  owner: FeedId
  /** the owner's signature over the alias registration */
  signature: string
  online: boolean
}

/** How the relay is, for moderators. */
export interface WebHealth {
  version: string
  /** Unix ms */
  started: number
  /** free bytes on the disk; null if unknown */
  free: number | null
  /** addresses as URLs, and their states as `status` names them */
  https: { url: string | null; state: string; expires: number | null }
  onion: { url: string | null; state: string }
  /** Unix ms; null if there was none */
  last_backup: number | null
  warnings: readonly HealthWarning[]
}

/** A warning of `tidepool status`. Its words are in the catalogues. */
export interface HealthWarning {
  /** stable */
  code: keyof Words['warnings']
  /** figures, in the order of the words' parameters */
  values: Readonly<Record<string, string | number>>
  /** a detail in English, such as an error of tor or the authority */
  reason: string | null
}

/** What the dashboard needs: the store, sign-in and live numbers. */
export interface WebRoom {
  store: Store
  /** connects apps and browsers during sign-in */
  signIn: SignInBridge
  /** attendants now */
  online(): FeedId[]
  /** limit of bytes for messages */
  maxBytes(): number
  health(): WebHealth
}

/** A user of the Matrix lobby, as its page shows them. */
export interface LobbyPerson {
  id: string
  name: string
  membership: string
}

/** The Matrix lobby. Each action checks permissions and writes an audit log entry. */
export interface WebLobby {
  status(): { alias: string | null; joined: number; servers: number }
  members(): LobbyPerson[]
  knocks(): Array<{ id: string; note: string; since: number; expires: number }>
  messages(): Array<{ id: string; at: number; sender: string; name: string; text: string; type: string }>
  as(feed: FeedId): {
    invite(user: string): Promise<void>
    accept(user: string): Promise<void>
    decline(user: string): Promise<void>
    kick(user: string): Promise<void>
    ban(user: string): Promise<void>
    unban(user: string): Promise<void>
    serverBan(glob: string): Promise<void>
    say(text: string): Promise<unknown>
  }
}

export interface WebComponents {
  /** Invites, as the holder of a link sees and uses them. */
  invites: Pick<Invites, 'get' | 'claim'>
  /** The owner of an alias, or null. */
  findAlias(alias: string): AliasOwner | null
  /** absent: no sign-in and no dashboard */
  room?: WebRoom
  /** Creates an invite for this address. Resolves when it is durable. */
  mintInvite(address: SsbAddress): Promise<Issued>
  /**
   * Records a knock.
   * @throws RelayError `already_following`, `busy` when too many are waiting
   */
  knock(feed: FeedId, note: string): Promise<'waiting' | 'joined'>
  setup: WebSetup
  /** The room's questions for newcomers, by language; and whether a solved captcha will do instead. */
  questions?: () => Pick<SettingsRecord, 'questions' | 'picture'>
  /** What strangers see of the relay now. */
  face(): RelayFace
  hostnames(): RelayHostnames
  /** Draws captchas; tests inject one with a known answer. Default: pictures in the styles of `captchaSeed`. */
  drawCaptcha?: () => Promise<DrawnCaptcha>
  /** Secret bytes of the relay that decide how its captchas look and sound. Default: random ones. */
  captchaSeed?: Buffer
  log: Log
  counters?: Counters
  /** Handles requests for another part of the relay (domain listeners only). False: the request is the site's. */
  divert?: (req: IncomingMessage, res: ServerResponse) => boolean
  /** The Matrix lobby; absent or null where it is off. */
  lobby?: () => WebLobby | null
  /** Takes SSB connections over WebSocket; absent or null: upgrade requests are answered as others. */
  acceptSsb?: AcceptSsb | null
  /** Called at every request. */
  used?: () => void
  /** Where a caller is; injected by tests. */
  placeOf?: PlaceOf | undefined
  /** Unix ms; injected by tests. */
  now?: () => number
}

/** Limits that can change at run time. */
export interface SiteLimits {
  /** whether an invite needs a solved captcha, where no question is set */
  captcha?: boolean
  /** the question of the configuration, asked where the room has none of its own */
  question?: Question | null
  /** invites per hour, and knocks per hour, of all visitors together */
  perHour?: number
  /** days until invites and knocks expire, as pages state it */
  expiresDays?: number
}

export interface WebOptions extends Required<SiteLimits> {
  host: string
  port: number
  /** IP address of the reverse proxy that serves HTTPS for the relay; null: none */
  proxy?: string | null
}

/**
 * The kind of listener a request came through: it decides which hostnames are ours, and the cookie's `Secure`. `local` is
 * the plain listener, which a reverse proxy may use; `lan` is the one of `web.local`.
 */
export type ListenerKind = 'domain' | 'onion' | 'local' | 'lan'

/** Tells where the other end of a socket is. */
export type PlaceOf = (socket: Socket) => CallerPlace

/**
 * Answers an upgrade request. It owns the socket.
 * @param head bytes after the request
 * @param release to be called when the socket is no longer the listener's
 */
export type Upgrade = (req: IncomingMessage, socket: Socket, head: Buffer, release: () => void) => void

/** Takes a WebSocket upgrade whose path and host were checked, as an SSB connection. */
export type AcceptSsb = (
  upgrade: { req: IncomingMessage; socket: Socket; head: Buffer },
  kind: ListenerKind,
  release: () => void,
) => void

/** Answers a request. A returned promise settles when the work is done. */
export type Handler = (req: IncomingMessage, res: ServerResponse) => unknown

/** The pages, independent of listeners. */
export interface Site {
  setLimits(limits: SiteLimits): void
  /** The site's request handler for a kind of listener. */
  handler(kind: ListenerKind): Handler
  /** The request handler of the whois port; it serves no other page. */
  whois(kind: ListenerKind): Handler
}

export interface Web extends Site {
  /** What answers upgrades on a kind of listener; undefined where WebSockets are off. */
  upgrade(kind: ListenerKind): Upgrade | undefined
  host: string
  port: number
  url: string
  /** What is wrong with the reverse proxy's settings, or null. */
  trouble(): string | null
  close(): Promise<void>
}
