// GET /: who we are and how to join.

import { RelayError } from '../../errors.js'
import type { RelayFace, WebComponents } from '../components.js'
import type { Step } from '../state.js'
import type { Render } from '../views.js'

/** The landing page, rendered again only when what it shows has changed. */
export function landing({ face, render }: Pick<WebComponents, 'face'> & { render: Render }): Step {
  let shown = ''
  let html = ''
  return (ctx) => {
    const now = face()
    // a restricted relay does not say that it is one
    if (now.mode === 'restricted') throw new RelayError('not_found')
    const key = JSON.stringify(now)
    if (key !== shown) {
      html = render('landing.njk', { face: visible(now), open: now.mode === 'open' })
      shown = key
    }
    ctx.type = 'html'
    ctx.body = html
  }
}

function visible(face: RelayFace): RelayFace {
  return { ...face, name: face.name.trim() || 'Tidepool', description: face.description.trim() }
}
