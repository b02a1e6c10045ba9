// The pictures of one kind of page: each drawn once and kept, and so many drawn in an hour.

import { RelayError } from '../lib/errors.js'
import { FifoCache } from '../lib/fifo-cache.js'
import { PICTURES_KEPT, PICTURES_PER_HOUR } from '../lib/limits.js'
import { TokenBucket } from '../lib/token-bucket.js'
import { drawQr } from './qr.js'
import type { WebContext } from './state.js'

interface PictureLimits {
  /** pictures kept, the oldest leaving first */
  kept: number
  /** pictures drawn in an hour, whoever asks */
  perHour: number
}

/** @returns what shows a text as a picture; @throws RelayError `quota_reached` when it would have to be drawn and too many were */
export function createPictures(
  now: () => number,
  limits: PictureLimits = { kept: PICTURES_KEPT, perHour: PICTURES_PER_HOUR },
): (ctx: WebContext, text: string) => Promise<void> {
  const kept = new FifoCache<Promise<Buffer>>(limits.kept)
  const budget = new TokenBucket(limits.perHour, now)
  return async (ctx, text) => {
    const image = await kept.get(text, () => {
      if (budget.take()) return drawQr(text)
      ctx.set('Retry-After', String(budget.wait()))
      throw new RelayError('quota_reached', undefined, { limit: 'pictures' })
    })
    ctx.type = 'image/gif'
    ctx.body = image
  }
}
