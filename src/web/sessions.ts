// Sessions: who was shown which riddle, may knock, and was given which code. In memory only, capped, expiring.

import { randomBytes } from 'node:crypto'
import { SESSION_MS, SESSIONS } from '../limits.js'
import type { Issued } from './components.js'

/** The puzzle a session was last shown. */
export interface Riddle {
  /** null where no answer is asked for (`invite.captcha=false`): the page is still good for one invite only */
  readonly answer: string | null
  /** null once it had to make room for others; it is then drawn anew when fetched */
  image: { body: Buffer; type: string } | null
  /** Unix ms */
  readonly expires: number
}

export interface Session {
  /** 256 random bits: knowing it is being it */
  readonly id: string
  /** Unix ms */
  seen: number
  /** the one riddle that waits for an answer */
  riddle: Riddle | null
  /** codes made for this session, newest last: what it may be shown again */
  issued: Issued[]
  /** a riddle was answered well where that is worth one knock */
  mayKnock: boolean
  /** the server's challenge of the sign-in that this browser has begun */
  challenge: string | null
}

/** Codes a session can be shown again; a person needs one, a family's phone perhaps a few. */
const ISSUED_PER_SESSION = 8

/**
 * All sessions, in two groups of SESSIONS each: newcomers, and those that have come back with their cookie, as a browser
 * does at once for the picture. So whoever asks for thousands of pages drives out other newcomers, and nobody who is
 * looking at a riddle.
 */
export class Sessions {
  // Maps keep insertion order, least recently seen first, and a key from the network cannot reach a prototype.
  readonly #newcomers = new Map<string, Session>()
  readonly #known = new Map<string, Session>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  get size(): number {
    return this.#newcomers.size + this.#known.size
  }

  /** The session of an id that we gave out and that has not expired; it counts as seen. */
  get(id: string): Session | undefined {
    this.#dropExpired()
    const session = this.#known.get(id) ?? this.#newcomers.get(id)
    if (!session) return undefined
    session.seen = this.#now()
    this.#newcomers.delete(id)
    this.#known.delete(id)
    return this.#add(this.#known, session)
  }

  /** A new session. Its id is always ours, never one that a caller proposed. */
  create(): Session {
    this.#dropExpired()
    const id = randomBytes(32).toString('base64url')
    const session: Session = {
      ...{ id, seen: this.#now(), riddle: null, issued: [], mayKnock: false },
      challenge: null,
    }
    return this.#add(this.#newcomers, session)
  }

  #add(group: Map<string, Session>, session: Session): Session {
    const [oldest] = group.keys()
    if (oldest !== undefined && group.size >= SESSIONS) group.delete(oldest)
    group.set(session.id, session)
    return session
  }

  // each group is in the order of last sight, so the expired ones are in front and no timer is needed
  #dropExpired(): void {
    const limit = this.#now() - SESSION_MS
    for (const group of [this.#newcomers, this.#known]) {
      for (const [id, session] of group) {
        if (session.seen > limit) break
        group.delete(id)
      }
    }
  }
}

/** Remembers a code as given to this session. */
export function remember(session: Session, issued: Issued): void {
  session.issued.push(issued)
  if (session.issued.length > ISSUED_PER_SESSION) session.issued.shift()
}
