// Refuses forms posted by other sites: a second lock, as each form is bound to a SameSite cookie or to a token anyhow.

import type { Context } from 'koa'
import { RelayError } from '../../lib/errors.js'
import type { Step } from '../state.js'

/** Lets a POST through if the browser says it came from our own page, or says nothing. */
export function sameOrigin(): Step {
  return (ctx, next) => {
    if (isForeign(ctx)) throw new RelayError('not_allowed')
    return next()
  }
}

/** True where the browser says that another site sent this. */
export function isForeign(ctx: Pick<Context, 'get'>): boolean {
  const site = ctx.get('Sec-Fetch-Site')
  if (site !== '' && site !== 'same-origin' && site !== 'none') return true
  const origin = ctx.get('Origin')
  // `null` is what browsers send from our own pages, as our Referrer-Policy is no-referrer
  if (origin === '' || origin === 'null') return false
  return !URL.canParse(origin) || new URL(origin).host !== ctx.get('Host').toLowerCase()
}
