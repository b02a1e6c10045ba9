// SPDX-License-Identifier: AGPL-3.0-or-later
// All routes in front of the sign-in.

import Router from '@koa/router'
import type { Assets } from './assets.js'
import type { WebComponents } from './contract.js'
import { ANSWER_PATH } from './delog-link.js'
import { type AliasParts, createAliasPages } from './handlers/alias.js'
import { serveAsset } from './handlers/asset.js'
import { createCaptchaPages } from './handlers/captcha.js'
import { serveHealth } from './handlers/health.js'
import { createInvitePages, type InviteParts } from './handlers/invite.js'
import { createJoinPages, type JoinParts } from './handlers/join.js'
import { createKnockPages, KNOCK_PATH, type KnockParts } from './handlers/knock.js'
import { createLandingPages } from './handlers/landing.js'
import { createLocalPage } from './handlers/local.js'
import { serveRobots } from './handlers/robots.js'
import { createSetupPages, type SetupParts } from './handlers/setup.js'
import { serveWhois } from './handlers/whois.js'
import { LOCAL_QR_PATH } from './local-network.js'
import { jsonClients } from './middleware/json-clients.js'
import { chooseLanguage, LANGUAGE_PATH } from './middleware/language.js'
import { requireMode } from './middleware/require-mode.js'
import { sameOrigin } from './middleware/same-origin.js'
import { requireSession, withSession } from './middleware/session.js'
import type { WebSessions } from './sessions.js'
import type { WebState } from './state.js'

export interface RouteParts extends InviteParts, KnockParts, SetupParts, JoinParts, AliasParts {
  assets: Assets
  sessions: WebSessions
}

/** Builds the router. */
export function routes(parts: RouteParts): Router<WebState> {
  const router = new Router<WebState>()
  const setup = createSetupPages(parts)
  const front = createLandingPages(parts)
  const local = createLocalPage(parts)
  const captcha = createCaptchaPages(parts)
  const knock = createKnockPages(parts, captcha)
  const invite = createInvitePages(parts, captcha, knock.offer)
  const join = createJoinPages(parts)
  const alias = createAliasPages(parts)
  const visitor = withSession(parts.sessions)
  const known = requireSession(parts.sessions)
  const open = requireMode(parts, 'open')
  const community = requireMode(parts, 'community')
  const visible = requireMode(parts, 'open', 'community')

  router.get('/', visible, setup.redirectToSetup, local.show, front.show)
  router.get(LOCAL_QR_PATH, visible, local.qr)
  router.get('/setup', setup.requirePending, setup.ask)
  router.post('/setup', setup.requirePending, sameOrigin(), setup.answer)
  router.get('/healthz', serveHealth(parts))
  router.get('/robots.txt', serveRobots(parts))
  router.get('/whois', open, serveWhois(parts))
  router.get('/assets/:name', serveAsset(parts.assets))
  router.post(LANGUAGE_PATH, sameOrigin(), chooseLanguage)

  router.get('/invite', visible, visitor, invite.show) // and /invite/
  router.get('/invite/captcha.png', visible, known, captcha.image)
  router.get('/invite/captcha.wav', visible, known, captcha.sound)
  router.get('/invite/code.gif', open, known, invite.qr)
  router.get('/invite/room.gif', visible, front.qr)
  router.get(ANSWER_PATH, visible, visitor, invite.again)
  router.post(ANSWER_PATH, visible, sameOrigin(), visitor, invite.answer)
  router.get(KNOCK_PATH, community, visitor, knock.show)
  router.post(KNOCK_PATH, community, sameOrigin(), visitor, knock.leave)

  // in every mode: the link is the permission
  router.get('/join', jsonClients(), join.show)
  router.post('/join', jsonClients(), join.claim)
  router.get('/join/state', join.state)
  router.get('/join/qr.gif', join.qr)
  router.get('/alias/:alias', jsonClients(), visible, alias.show)
  router.get('/alias/:alias/qr.gif', visible, alias.qr)

  return router
}

/** The routes of the whois port (Rooms 1: 26819). */
export function whoisRoutes(
  parts: Pick<WebComponents, 'face' | 'hostnames'> & { assets: Assets },
): Router<WebState> {
  const router = new Router<WebState>()
  // `/` too: `status` shows this listener's address without a path
  for (const path of ['/', '/whois']) router.get(path, requireMode(parts, 'open'), serveWhois(parts))
  // the error page needs its style sheet
  router.get('/assets/:name', serveAsset(parts.assets))
  return router
}
