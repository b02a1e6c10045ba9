// SPDX-License-Identifier: AGPL-3.0-or-later
// Rejects forms posted by other sites, in addition to SameSite cookies and CSRF tokens.

import type { Context } from 'koa'
import { RelayError } from '../../lib/errors.js'
import type { Step } from '../state.js'

/** Lets a POST through if the browser says it is same-origin, or says nothing. */
export function sameOrigin(): Step {
  return (ctx, next) => {
    if (isForeign(ctx)) throw new RelayError('not_allowed')
    return next()
  }
}

/** Whether the browser says that the request comes from another site. */
export function isForeign(ctx: Pick<Context, 'get'>): boolean {
  const site = ctx.get('Sec-Fetch-Site')
  if (site !== '' && site !== 'same-origin' && site !== 'none') return true
  const origin = ctx.get('Origin')
  // browsers send `null` from our own pages, as our Referrer-Policy is no-referrer
  if (origin === '' || origin === 'null') return false
  return !URL.canParse(origin) || new URL(origin).host !== ctx.get('Host').toLowerCase()
}
