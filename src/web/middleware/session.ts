// SPDX-License-Identifier: AGPL-3.0-or-later
// The session cookie of visitors.

import { RelayError } from '../../lib/errors.js'
import { cookie, cookiesIn } from '../cookies.js'
import type { WebSessions } from '../sessions.js'
import type { Step, WebContext } from '../state.js'

/** 32 bytes in base64url. */
const ID = /^[A-Za-z0-9_-]{43}$/

/** Finds the visitor's session or creates one. Its id is random, never the client's (session fixation). */
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

/** Finds the visitor's session; without one the page is not found. */
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
