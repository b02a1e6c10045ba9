// SPDX-License-Identifier: AGPL-3.0-or-later
// Serves QR images with a cache and an hourly limit.

import { RelayError } from '../lib/errors.js'
import { FifoCache } from '../lib/fifo-cache.js'
import { PICTURES_KEPT, PICTURES_PER_HOUR } from '../lib/limits.js'
import { TokenBucket } from '../lib/token-bucket.js'
import { drawQr } from './qr.js'
import type { WebContext } from './state.js'

interface PictureLimits {
  /** images in the cache, oldest evicted first */
  kept: number
  /** images drawn per hour, for all visitors together */
  perHour: number
}

/** Creates a function that answers with the QR image of a text. It throws RelayError `quota_reached` over the limit. */
export function createPictures(
  now: () => number,
  limits: PictureLimits = { kept: PICTURES_KEPT, perHour: PICTURES_PER_HOUR },
): (ctx: WebContext, text: string) => Promise<void> {
  const cache = new FifoCache<Promise<Buffer>>(limits.kept)
  const budget = new TokenBucket(limits.perHour, now)
  return async (ctx, text) => {
    const image = await cache.get(text, () => {
      if (budget.take()) return drawQr(text)
      ctx.set('Retry-After', String(budget.wait()))
      throw new RelayError('quota_reached', undefined, { limit: 'pictures' })
    })
    ctx.type = 'image/gif'
    ctx.body = image
  }
}
