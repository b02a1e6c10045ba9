// SPDX-License-Identifier: AGPL-3.0-or-later
// GET / on the listener for the local network: the room's addresses, how it is, and where to sign in.

import { RelayError } from '../../lib/errors.js'
import { FifoCache } from '../../lib/fifo-cache.js'
import type { WebComponents } from '../contract.js'
import { LOCAL_QR_PATH } from '../local-network.js'
import { drawQr } from '../qr.js'
import { roomNameOf } from '../room-name.js'
import type { Step } from '../state.js'
import type { Render } from '../views.js'
import { warningTexts } from '../warning-texts.js'

/** Creates the handlers. On other listeners, `show` leaves the request to the next one. */
export function createLocalPage({
  face,
  room,
  render,
}: Pick<WebComponents, 'face' | 'room'> & { render: Render }) {
  const images = new FifoCache<Promise<Buffer>>()

  const show: Step = (ctx, next) => {
    if (ctx.state.kind !== 'lan' || !room) return next()
    const { https, onion, warnings } = room.health()
    const addresses = (['https', 'onion'] as const).flatMap((kind) => {
      const { url } = { https, onion }[kind]
      return url === null ? [] : [{ kind, url, qr: `${LOCAL_QR_PATH}?of=${kind}` }]
    })
    const description = face().description.trim()
    ctx.type = 'html'
    ctx.body = render(ctx, 'local.njk', {
      ...{ room: roomNameOf(face()), description, addresses, nearHost: ctx.state.nearHost ?? '' },
      warnings: warningTexts(ctx.state.language.words.warnings, warnings),
      // the onion is on its way, or the relay has none
      waiting: onion.url === null && onion.state !== 'disabled',
    })
  }

  const qr: Step = async (ctx) => {
    const { of } = ctx.query
    const health = ctx.state.kind === 'lan' && (of === 'onion' || of === 'https') ? room?.health()[of] : null
    if (!health?.url) throw new RelayError('not_found')
    const { url } = health
    ctx.type = 'image/gif'
    ctx.body = await images.get(url, () => drawQr(url))
  }

  return { show, qr }
}
