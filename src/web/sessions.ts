// SPDX-License-Identifier: AGPL-3.0-or-later
// Sessions of visitors: their captcha, their permission to knock, their invite codes. In memory, capped, expiring.

import { randomBytes } from 'node:crypto'
import { SESSION_MS, SESSIONS } from '../lib/limits.js'
import { TwoTierCache } from '../lib/two-tier-cache.js'
import type { Asked, Issued, Voice } from './contract.js'

/** What a session was asked. Even if that is nothing, it is good for one invite only. */
export interface Captcha {
  /** the letters in the picture; null without a picture */
  readonly answer: string | null
  /** as it was when the page was shown; null without a question */
  readonly question: Asked['question']
  /** null once evicted; it is redrawn when requested */
  image: { body: Buffer; type: string } | null
  /** how the letters are spoken, from the first request for the sound on */
  voice?: Voice
  /** Unix ms */
  readonly expires: number
}

export interface WebSession {
  /** 256 random bits; a bearer token */
  readonly id: string
  /** Unix ms */
  seen: number
  /** the captcha that waits for an answer */
  captcha: Captcha | null
  /** codes issued to this session, newest last */
  issued: Issued[]
  /** a captcha was solved in community mode: one knock is allowed */
  mayKnock: boolean
}

/** Codes kept per session: enough for a family on one phone. */
const ISSUED_PER_SESSION = 8

/** All sessions, in two tiers: sessions that came back with their cookie survive a flood of new ones. */
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

  /** The session of an id, if it has not expired; marks it as seen. */
  get(id: string): WebSession | undefined {
    const session = this.#byId.get(id)
    if (session) session.seen = this.#now()
    return session
  }

  /** Creates a session with a random id; ids from clients are never used (session fixation). */
  create(): WebSession {
    const id = randomBytes(32).toString('base64url')
    const session: WebSession = {
      ...{ id, seen: this.#now(), captcha: null, issued: [], mayKnock: false },
    }
    this.#byId.add(id, session)
    return session
  }
}

/** Stores an issued code in the session. */
export function remember(session: WebSession, issued: Issued): void {
  session.issued.push(issued)
  if (session.issued.length > ISSUED_PER_SESSION) session.issued.shift()
}
