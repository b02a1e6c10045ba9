// SPDX-License-Identifier: AGPL-3.0-or-later
// GET /assets/…: static files.

import { RelayError } from '../../lib/errors.js'
import { DAY, SECOND } from '../../lib/limits.js'
import type { Assets } from '../assets.js'
import type { Step } from '../state.js'

/** Serves an asset from memory, without session or cookie. */
export function serveAsset(assets: Assets): Step {
  return (ctx) => {
    const found = assets.get(ctx.path.slice('/assets/'.length))
    if (!found) throw new RelayError('not_found')
    ctx.status = 200
    ctx.set('Cache-Control', `public, max-age=${DAY / SECOND}`)
    ctx.set('ETag', found.etag)
    ctx.type = found.type
    if (ctx.fresh) ctx.status = 304
    else ctx.body = found.body
  }
}
