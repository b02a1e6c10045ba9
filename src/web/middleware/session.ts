// The session cookie: which session a caller is, and a new one for who has none.

import type { Context } from 'koa'
import { RelayError } from '../../errors.js'
import type { ListenerKind } from '../components.js'
import type { Sessions } from '../sessions.js'
import type { Step } from '../state.js'

/** 32 bytes in base64url; anything else cannot be an id of ours. */
const ID = /^[A-Za-z0-9_-]{43}$/

/** Finds the caller's session or makes one, with an id of our own choosing (no fixation). */
export function withSession(sessions: Sessions): Step {
  return (ctx, next) => {
    let session = sessions.get(idIn(ctx))
    if (!session) {
      session = sessions.create()
      const secure = ctx.state.kind === 'domain' ? '; Secure' : ''
      const cookie = `${cookieName(ctx.state.kind)}=${session.id}; Path=/; HttpOnly; SameSite=Strict${secure}`
      ctx.append('Set-Cookie', cookie)
    }
    ctx.state.session = session
    return next()
  }
}

/** Finds the caller's session; who has none finds nothing here. */
export function needSession(sessions: Sessions): Step {
  return (ctx, next) => {
    const session = sessions.get(idIn(ctx))
    if (!session) throw new RelayError('not_found')
    ctx.state.session = session
    return next()
  }
}

function idIn(ctx: Pick<Context, 'get'> & { state: { kind: ListenerKind } }): string {
  const prefix = `${cookieName(ctx.state.kind)}=`
  for (const pair of ctx.get('Cookie').split(';')) {
    const cookie = pair.trim()
    if (cookie.startsWith(prefix) && ID.test(cookie.slice(prefix.length))) return cookie.slice(prefix.length)
  }
  return ''
}

/** Over HTTPS the prefix keeps other hosts of the same domain from setting our cookie. */
function cookieName(kind: ListenerKind): string {
  return kind === 'domain' ? '__Host-tidepool' : 'tidepool'
}
