// Cookies as we set and read them.

import type { Context } from 'koa'
import type { ListenerKind } from './contract.js'

type Asked = Pick<Context, 'get'> & { state: { kind: ListenerKind } }

/** Over HTTPS the prefix keeps other hosts of the same domain from setting our cookies. */
function fullName(kind: ListenerKind, name: string): string {
  const own = name === '' ? 'tidepool' : `tidepool-${name}`
  return kind === 'domain' ? `__Host-${own}` : own
}

/**
 * A `Set-Cookie` line.
 * @param name  '' for the session's, else what comes behind `tidepool-`
 * @param more  how long it lasts and `SameSite`
 */
export function cookie({ state }: Pick<Asked, 'state'>, name: string, value: string, more: string): string {
  const secure = state.kind === 'domain' ? '; Secure' : ''
  return `${fullName(state.kind, name)}=${value}; Path=/; HttpOnly; ${more}${secure}`
}

/** All values a cookie of ours came with; a caller may send it twice. */
export function cookiesIn(ctx: Asked, name: string): string[] {
  const prefix = `${fullName(ctx.state.kind, name)}=`
  return ctx
    .get('Cookie')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(prefix))
    .map((pair) => pair.slice(prefix.length))
}

/** Its first value, or undefined. */
export function cookieIn(ctx: Asked, name: string): string | undefined {
  return cookiesIn(ctx, name)[0]
}
