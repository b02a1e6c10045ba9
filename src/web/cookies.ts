// SPDX-License-Identifier: AGPL-3.0-or-later
// Cookies: names, attributes, parsing.

import type { Context } from 'koa'
import type { ListenerKind } from './contract.js'

type Asked = Pick<Context, 'get'> & { state: { kind: ListenerKind } }

/** The full cookie name. Over HTTPS, `__Host-` keeps other hosts of the domain from setting our cookies. */
function fullName(kind: ListenerKind, name: string): string {
  const own = name === '' ? 'tidepool' : `tidepool-${name}`
  return kind === 'domain' ? `__Host-${own}` : own
}

/**
 * A `Set-Cookie` value.
 * @param name suffix after `tidepool-`; empty for the captcha session's cookie
 * @param more lifetime and `SameSite`
 */
export function cookie({ state }: Pick<Asked, 'state'>, name: string, value: string, more: string): string {
  const secure = state.kind === 'domain' ? '; Secure' : ''
  return `${fullName(state.kind, name)}=${value}; Path=/; HttpOnly; ${more}${secure}`
}

/** All values of a cookie; a client may send it more than once. */
export function cookiesIn(ctx: Asked, name: string): string[] {
  const prefix = `${fullName(ctx.state.kind, name)}=`
  return ctx
    .get('Cookie')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(prefix))
    .map((pair) => pair.slice(prefix.length))
}

/** The first value of a cookie, or undefined. */
export function cookieIn(ctx: Asked, name: string): string | undefined {
  return cookiesIn(ctx, name)[0]
}
