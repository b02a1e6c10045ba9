// The web's contract with the rest of the relay: what it is given, what it answers. Types only.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from '../log.js'

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
  onion: string | null
  /** the port an invite carries */
  ssbPort: number
  /** whether the SSB listener answers, so that an invite could be used */
  listening: boolean
}

/** A puzzle as it is drawn: a raster image and what it says. */
export interface DrawnRiddle {
  answer: string
  image: Buffer
  /** media type of the image */
  type: string
}

/** An invite as the person who solved the riddle sees it. */
export interface Issued {
  code: string
  /** Unix ms */
  expires: number
}

export interface WebComponents {
  /** Makes an invite naming this address and answers its code, durable. */
  mintInvite(address: SsbAddress): Promise<Issued>
  /** How we look now. */
  face(): RelayFace
  names(): RelayNames
  /** Draws riddles; a test injects one whose answer it knows. Default: trek-captcha. */
  riddles?: () => Promise<DrawnRiddle>
  log: Log
  /** Unix ms; injected by tests. */
  now?: () => number
}

export interface WebOptions {
  host: string
  port: number
  /** whether an invite costs a riddle */
  captcha: boolean
  /** invites made in an hour, whoever asks */
  perHour: number
  /** days an invite can be used, as told to people */
  expiresDays: number
}

/** By which kind of listener a request came: it decides which names are ours there, and the cookie's `Secure`. */
export type ListenerKind = 'domain' | 'onion' | 'local'

export type Handler = (req: IncomingMessage, res: ServerResponse) => void

export interface Web {
  host: string
  port: number
  url: string
  close(): Promise<void>
  /** Changes what may change while we run. */
  setLimits(limits: { captcha?: boolean; perHour?: number; expiresDays?: number }): void
  /** The same site for another listener (HTTPS, onion), which names its kind. */
  handler(kind: ListenerKind): Handler
}
