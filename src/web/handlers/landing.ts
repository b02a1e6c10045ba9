// GET /: who we are and how to join. GET /invite/room.gif: the room's open invite as a picture.

import { multiserverAddress, openInvite } from '../address.js'
import type { RelayFace, WebComponents } from '../components.js'
import { Kept } from '../kept.js'
import { drawQr } from '../qr.js'
import type { Step } from '../state.js'
import type { Render } from '../views.js'

/** The landing page and its picture, made again only when what they show has changed. */
export function landing({ face, names, render }: Pick<WebComponents, 'face' | 'names'> & { render: Render }) {
  const pages = new Kept<string>()
  const images = new Kept<Promise<Buffer>>()

  /** The invite of an open room; a client reaches us by the name that led its owner here. */
  const inviteFor = (host: string, now: RelayFace): string =>
    openInvite(multiserverAddress(host, now, names()))

  const show: Step = (ctx) => {
    const now = face()
    const open = now.mode === 'open'
    const values = { face: visible(now), open, invite: open ? inviteFor(ctx.state.host, now) : '', back: '/' }
    const key = JSON.stringify([ctx.state.language.tag, values])
    ctx.type = 'html'
    ctx.body = pages.get(key, () => render(ctx, 'landing.njk', values))
  }

  const qr: Step = async (ctx) => {
    const invite = inviteFor(ctx.state.host, face())
    const image = await images.get(invite, () => drawQr(invite))
    ctx.type = 'image/gif'
    ctx.body = image
  }

  return { show, qr }
}

function visible(face: RelayFace): RelayFace {
  const shown = { ...face, name: face.name.trim() || 'Tidepool', description: face.description.trim() }
  // how many come and go is nobody's business where not everybody may come
  return face.mode === 'open' ? shown : { ...shown, online: 0, members: 0 }
}
