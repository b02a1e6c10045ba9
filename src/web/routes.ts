// All routes of the site, on one screen.

import Router from '@koa/router'
import type { Assets } from './assets.js'
import { ANSWER_PATH } from './code-link.js'
import type { WebComponents } from './components.js'
import { asset } from './handlers/asset.js'
import { health } from './handlers/health.js'
import { type InviteParts, invite } from './handlers/invite.js'
import { landing } from './handlers/landing.js'
import { sameOrigin } from './middleware/same-origin.js'
import { needSession, withSession } from './middleware/session.js'
import type { Sessions } from './sessions.js'
import type { WebState } from './state.js'

export interface RouteParts extends Pick<WebComponents, 'face' | 'names'>, InviteParts {
  assets: Assets
  sessions: Sessions
}

/** Builds the router. */
export function routes(parts: RouteParts): Router<WebState> {
  const router = new Router<WebState>()
  const { whenOpen, show, image, answer, again, qr } = invite(parts)
  const visitor = withSession(parts.sessions)
  const known = needSession(parts.sessions)

  router.get('/', landing(parts))
  router.get('/healthz', health(parts))
  router.get('/assets/:name', asset(parts.assets))

  router.get('/invite', whenOpen, visitor, show) // and /invite/
  router.get('/invite/captcha.gif', whenOpen, known, image)
  router.get('/invite/code.gif', whenOpen, known, qr)
  router.get(ANSWER_PATH, whenOpen, visitor, again)
  router.post(ANSWER_PATH, whenOpen, sameOrigin(), visitor, answer)

  return router
}
