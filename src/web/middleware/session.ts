// The session cookie: which session a caller is, and a new one for who has none.

import { RelayError } from '../../lib/errors.js'
import { cookie, cookiesIn } from '../cookies.js'
import type { WebSessions } from '../sessions.js'
import type { Step, WebContext } from '../state.js'

/** 32 bytes in base64url; anything else cannot be an id of ours. */
const ID = /^[A-Za-z0-9_-]{43}$/

/** Finds the caller's session or makes one, with an id of our own choosing (no fixation). */
export function withSession(sessions: WebSessions): Step {
  return (ctx, next) => {
    let session = sessions.get(idIn(ctx))
    if (!session) {
      session = sessions.create()
      ctx.append('Set-Cookie', cookie(ctx, '', session.id, 'SameSite=Strict'))
    }
    ctx.state.session = session
    return next()
  }
}

/** Finds the caller's session; who has none finds nothing here. */
export function requireSession(sessions: WebSessions): Step {
  return (ctx, next) => {
    const session = sessions.get(idIn(ctx))
    if (!session) throw new RelayError('not_found')
    ctx.state.session = session
    return next()
  }
}

function idIn(ctx: Pick<WebContext, 'get' | 'state'>): string {
  return cookiesIn(ctx, '').find((value) => ID.test(value)) ?? ''
}
