// Sessions: who was shown which captcha, may knock, and was given which code. In memory only, capped, expiring.

import { randomBytes } from 'node:crypto'
import { SESSION_MS, SESSIONS } from '../lib/limits.js'
import { TwoTierCache } from '../lib/two-tier-cache.js'
import type { Issued } from './contract.js'

/** The puzzle a session was last shown. */
export interface Captcha {
  /** null where no answer is asked for (`invite.captcha=false`): the page is still good for one invite only */
  readonly answer: string | null
  /** null once it had to make room for others; it is then drawn anew when fetched */
  image: { body: Buffer; type: string } | null
  /** Unix ms */
  readonly expires: number
}

export interface WebSession {
  /** 256 random bits: knowing it is being it */
  readonly id: string
  /** Unix ms */
  seen: number
  /** the one captcha that waits for an answer */
  captcha: Captcha | null
  /** codes made for this session, newest last: what it may be shown again */
  issued: Issued[]
  /** a captcha was answered well where that is worth one knock */
  mayKnock: boolean
}

/** Codes a session can be shown again; a person needs one, a family's phone perhaps a few. */
const ISSUED_PER_SESSION = 8

/** All sessions: those that came back with their cookie, as a browser does at once for the picture, and newcomers. */
export class WebSessions {
  readonly #byId: TwoTierCache<WebSession>
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
    this.#byId = new TwoTierCache(SESSIONS, ({ seen }) => seen <= now() - SESSION_MS)
  }

  get size(): number {
    return this.#byId.size
  }

  /** The session of an id that we gave out and that has not expired; it counts as seen. */
  get(id: string): WebSession | undefined {
    const session = this.#byId.get(id)
    if (session) session.seen = this.#now()
    return session
  }

  /** A new session. Its id is always ours, never one that a caller proposed. */
  create(): WebSession {
    const id = randomBytes(32).toString('base64url')
    const session: WebSession = {
      ...{ id, seen: this.#now(), captcha: null, issued: [], mayKnock: false },
    }
    this.#byId.add(id, session)
    return session
  }
}

/** Remembers a code as given to this session. */
export function remember(session: WebSession, issued: Issued): void {
  session.issued.push(issued)
  if (session.issued.length > ISSUED_PER_SESSION) session.issued.shift()
}
