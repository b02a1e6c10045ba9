// All routes of the site, on one screen.

import Router from '@koa/router'
import type { Assets } from './assets.js'
import type { WebComponents } from './contract.js'
import { ANSWER_PATH } from './delog-link.js'
import { type AliasParts, naming } from './handlers/alias.js'
import { asset } from './handlers/asset.js'
import { riddlePages } from './handlers/captcha.js'
import { health } from './handlers/health.js'
import { type InviteParts, inviting } from './handlers/invite.js'
import { type JoinParts, joining } from './handlers/join.js'
import { KNOCK_PATH, type KnockParts, knocking } from './handlers/knock.js'
import { landing } from './handlers/landing.js'
import { type SetupParts, settingUp } from './handlers/setup.js'
import { whois } from './handlers/whois.js'
import { forPrograms } from './middleware/json-clients.js'
import { chooseLanguage, LANGUAGE_PATH } from './middleware/language.js'
import { inMode } from './middleware/require-mode.js'
import { sameOrigin } from './middleware/same-origin.js'
import { needSession, withSession } from './middleware/session.js'
import type { WebSessions } from './sessions.js'
import type { WebState } from './state.js'

export interface RouteParts extends InviteParts, KnockParts, SetupParts, JoinParts, AliasParts {
  assets: Assets
  sessions: WebSessions
}

/** Builds the router. */
export function routes(parts: RouteParts): Router<WebState> {
  const router = new Router<WebState>()
  const setup = settingUp(parts)
  const front = landing(parts)
  const captcha = riddlePages(parts)
  const knock = knocking(parts, captcha)
  const invite = inviting(parts, captcha, knock.offer)
  const join = joining(parts)
  const alias = naming(parts)
  const visitor = withSession(parts.sessions)
  const known = needSession(parts.sessions)
  const open = inMode(parts, 'open')
  const community = inMode(parts, 'community')
  const visible = inMode(parts, 'open', 'community')

  router.get('/', visible, setup.first, front.show)
  router.get('/setup', setup.whilePending, setup.ask)
  router.post('/setup', setup.whilePending, sameOrigin(), setup.answer)
  router.get('/healthz', health(parts))
  router.get('/whois', open, whois(parts))
  router.get('/assets/:name', asset(parts.assets))
  router.post(LANGUAGE_PATH, sameOrigin(), chooseLanguage)

  router.get('/invite', visible, visitor, invite.show) // and /invite/
  router.get('/invite/captcha.gif', visible, known, captcha.image)
  router.get('/invite/code.gif', open, known, invite.qr)
  router.get('/invite/room.gif', visible, front.qr)
  router.get(ANSWER_PATH, visible, visitor, invite.again)
  router.post(ANSWER_PATH, visible, sameOrigin(), visitor, invite.answer)
  router.get(KNOCK_PATH, community, visitor, knock.show)
  router.post(KNOCK_PATH, community, sameOrigin(), visitor, knock.leave)

  // in every mode: whoever holds a link was given it
  router.get('/join', forPrograms(), join.show)
  router.post('/join', forPrograms(), join.claim)
  router.get('/join/state', join.state)
  router.get('/join/qr.gif', join.qr)
  router.get('/alias/:alias', forPrograms(), visible, alias.show)
  router.get('/alias/:alias/qr.gif', visible, alias.qr)

  return router
}

/** What there is on the port where clients look for a room by its host (Rooms 1: 26819). */
export function whoisRoutes(
  parts: Pick<WebComponents, 'face' | 'names'> & { assets: Assets },
): Router<WebState> {
  const router = new Router<WebState>()
  // without a path as well: `status` shows the address of this listener alone
  for (const path of ['/', '/whois']) router.get(path, inMode(parts, 'open'), whois(parts))
  // an error's page has a style here too
  router.get('/assets/:name', asset(parts.assets))
  return router
}
