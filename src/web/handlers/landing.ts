// SPDX-License-Identifier: AGPL-3.0-or-later
// GET /: the front page. GET /invite/room.gif: the open invite as a QR image.

import { RelayError } from '../../lib/errors.js'
import { FifoCache } from '../../lib/fifo-cache.js'
import type { Captchas } from '../captchas.js'
import type { RelayFace, WebComponents } from '../contract.js'
import { drawQr } from '../qr.js'
import { roomNameOf } from '../room-name.js'
import { type Format, formatText, roomFormats } from '../share-formats.js'
import type { Step, WebState } from '../state.js'
import type { Render } from '../views.js'
import { noticeFor } from './notice.js'

/** Creates the front page's handlers. Pages and images are cached until their content changes. */
export function createLandingPages({
  face,
  hostnames,
  room,
  render,
  captchas,
}: Pick<WebComponents, 'face' | 'hostnames' | 'room'> & { render: Render; captchas: Captchas }) {
  const pages = new FifoCache<string>()
  const images = new FifoCache<Promise<Buffer>>()

  /** The ways to share the room's address, with the hostname that the visitor used. */
  const formatsOf = ({ host, origin }: WebState, now: RelayFace): Format[] =>
    roomFormats({ host, origin, face: now, hostnames: hostnames() })

  const show: Step = (ctx) => {
    const now = face()
    const open = now.mode === 'open'
    const notices = (room?.store.notices.list() ?? []).map((notice) => noticeFor(ctx, notice))
    const formats = open ? formatsOf(ctx.state, now) : []
    const { tag } = ctx.state.language
    const { question, picture } = captchas.asks()
    const task = question ? 'question' : picture ? 'picture' : 'none'
    const values = { face: publicFace(now), open, formats, notices, task, back: '/' }
    const key = JSON.stringify([tag, values])
    ctx.type = 'html'
    ctx.body = pages.get(key, () => render(ctx, 'landing.njk', values))
  }

  const qr: Step = async (ctx) => {
    const { of = 'open' } = ctx.query
    const text = formatText(formatsOf(ctx.state, face()), of)
    if (text === undefined) throw new RelayError('not_found')
    const image = await images.get(text, () => drawQr(text))
    ctx.type = 'image/gif'
    ctx.body = image
  }

  return { show, qr }
}

function publicFace(face: RelayFace): RelayFace {
  const shown = { ...face, name: roomNameOf(face), description: face.description.trim() }
  // counts are private unless the room is open
  return face.mode === 'open' ? shown : { ...shown, online: 0, members: 0 }
}
