// The web's contract with the rest of the relay: what it is given, what it answers. Types only.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Counters } from '../lib/counters.js'
import type { Log } from '../lib/log.js'
import type { SignInBridge } from '../room/sign-in.js'
import type { FeedId } from '../ssb/feed-id.js'
import type { Invites } from '../store/invites.js'
import type { Store } from '../store/store.js'

/** Where an SSB client is to connect: the first two parts of an invite code. */
export interface SsbAddress {
  host: string
  port: number
}

/** What we show of ourselves to a stranger. */
export interface RelayFace {
  id: string
  name: string
  description: string
  mode: 'open' | 'community' | 'restricted'
  online: number
  members: number
}

/** Our own names, as far as we have them now. */
export interface RelayNames {
  domain: string | null
  /** null while no descriptor of ours is published */
  onion: string | null
  /** the port an invite carries, but for the onion's, which has a fixed one */
  ssbPort: number
  /** whether the SSB listener answers, so that an invite could be used */
  listening: boolean
  /** whether each alias has a host of its own before the domain */
  aliasSubdomains: boolean
  /** names by which the plain listener is reached on its own network, in small letters */
  local?: readonly string[]
}

/** A puzzle as it is drawn: a raster image and what it says. */
export interface DrawnCaptcha {
  answer: string
  image: Buffer
  /** media type of the image */
  type: string
}

/** An invite as the person who solved the captcha sees it. */
export interface Issued {
  code: string
  /** Unix ms */
  expires: number
}

/** What the first run asks, as people wrote it. A type, so that it may pass for any object. */
export type SetupAnswers = {
  name: string
  description: string
  /** a feed id, or nothing */
  admin: string
}

/** The first run's questions, which whoever holds the token answers once. */
export interface WebSetup {
  pending(): boolean
  /** Whether this is the token; compares in constant time. */
  knows(token: string): boolean
  /** @throws RelayError `already_set_up`, `token_wrong`, and what is wrong with the answers */
  claim(token: string, answers: SetupAnswers): Promise<void>
}

/** Who answers to a name, as everybody may know. */
export interface AliasOwner {
  owner: FeedId
  /** the owner's own, over having this name here */
  signature: string
  online: boolean
}

/** What is behind the sign-in: the store itself, as members and moderators deal with all of it. */
export interface WebRoom {
  store: Store
  /** where apps and browsers meet */
  signIn: SignInBridge
  /** attendants now */
  online(): FeedId[]
  /** bytes that messages may take in all */
  maxBytes(): number
}

/** Somebody or something of the lobby on Matrix, as its page shows it. */
export interface LobbyPerson {
  id: string
  name: string
  membership: string
}

/** The lobby on Matrix. Each action asks for the permission of its moment and is noted. */
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
  /** Invites as whoever holds a link sees and uses them. */
  invites: Pick<Invites, 'get' | 'claim'>
  /** Who has a name, or null. */
  alias(name: string): AliasOwner | null
  /** absent where only the pages in front of the sign-in are wanted */
  room?: WebRoom
  /** Makes an invite naming this address and answers its code, durable. */
  mintInvite(address: SsbAddress): Promise<Issued>
  /**
   * Leaves a knock for a feed.
   * @throws RelayError `already_following`, `busy` when too many wait
   */
  knock(feed: FeedId, note: string): Promise<'waiting' | 'joined'>
  setup: WebSetup
  /** How we look now. */
  face(): RelayFace
  names(): RelayNames
  /** Draws riddles; a test injects one whose answer it knows. Default: trek-captcha. */
  riddles?: () => Promise<DrawnCaptcha>
  log: Log
  counters?: Counters
  /** Answers what belongs to another part of the relay, on the domain's listeners alone; false for what is the site's. */
  divert?: (req: IncomingMessage, res: ServerResponse) => boolean
  /** The lobby on Matrix; absent or null where it is off. */
  lobby?: () => WebLobby | null
  /** Told of every request. */
  used?: () => void
  /** Unix ms; injected by tests. */
  now?: () => number
}

/** What may change while we run. */
export interface SiteLimits {
  /** whether an invite costs a captcha */
  captcha?: boolean
  /** invites made, and as many knocks left, in an hour, whoever asks */
  perHour?: number
  /** days an invite can be used and a knock waits, as told to people */
  expiresDays?: number
}

export interface WebOptions extends Required<SiteLimits> {
  host: string
  port: number
  /** address of the reverse proxy that serves HTTPS for us, if there is one */
  proxy?: string | null
}

/** By which kind of listener a request came: it decides which names are ours there, and the cookie's `Secure`. */
export type ListenerKind = 'domain' | 'onion' | 'local'

/** Answers a request; what it returns settles once it has done its work. */
export type Handler = (req: IncomingMessage, res: ServerResponse) => unknown

/** The pages, apart from the listeners they are reached by. */
export interface Site {
  setLimits(limits: SiteLimits): void
  /** The site for a listener (plain, HTTPS, onion), which names its kind. */
  handler(kind: ListenerKind): Handler
  /** What answers on the port that clients ask for a room's address; nothing else of the site is there. */
  whois(kind: ListenerKind): Handler
}

export interface Web extends Site {
  host: string
  port: number
  url: string
  /** What is wrong with the settings of the reverse proxy in front, where there is one. */
  trouble(): string | null
  close(): Promise<void>
}
