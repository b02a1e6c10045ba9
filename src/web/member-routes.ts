// All routes of sign-in and dashboard, on one screen. Loaded when somebody first comes for one of them.

import Router from '@koa/router'
import { lobbyPage } from './handlers/dashboard/lobby.js'
import type { DashboardParts } from './handlers/dashboard/page.js'
import { peoplePages } from './handlers/dashboard/people.js'
import { doing } from './handlers/dashboard/post-action.js'
import { roomPages } from './handlers/dashboard/room-pages.js'
import { type SignInParts, signingIn } from './handlers/sign-in.js'
import { sameOrigin } from './middleware/same-origin.js'
import { findMember, needMember } from './middleware/signed-in.js'
import type { WebState } from './state.js'

export interface MemberRouteParts extends DashboardParts, SignInParts {}

/** Builds the router. */
export function memberRoutes(parts: MemberRouteParts): Router<WebState> {
  const router = new Router<WebState>()
  const signIn = signingIn(parts)
  const people = peoplePages(parts)
  const rooms = roomPages(parts)
  router.use(findMember(parts))

  router.get('/login', signIn.show)
  router.get('/login/code.gif', signIn.qr)
  router.get('/login/events', signIn.events)
  router.get('/login/link', signIn.showLink)
  router.post('/login/link', sameOrigin(), signIn.useLink)
  router.get('/logout', signIn.askOut)
  router.post('/logout', sameOrigin(), signIn.out)
  router.get('/notice/:name', rooms.notice)

  router.get('/dashboard', needMember, people.overview)
  router.get('/dashboard/members', needMember, people.members)
  router.get('/dashboard/members/:slug', needMember, people.member)
  router.get('/dashboard/knocks', needMember, people.knocks)
  router.get('/dashboard/blocked', needMember, people.blocked)
  router.get('/dashboard/aliases', needMember, people.aliases)
  router.get('/dashboard/me', needMember, people.me)
  router.get('/dashboard/lobby', needMember, lobbyPage(parts))
  router.get('/dashboard/invites', needMember, rooms.invites)
  router.get('/dashboard/notices', needMember, rooms.notices)
  router.get('/dashboard/notices/edit', needMember, (ctx) => rooms.editNotice(ctx, null))
  router.get('/dashboard/room', needMember, (ctx) => rooms.room(ctx, null))
  router.get('/dashboard/log', needMember, rooms.log)
  const again = { 'notice.save': rooms.editNotice, 'room.describe': rooms.room }
  router.post('/dashboard/do/:name', sameOrigin(), needMember, doing(parts, again))

  return router
}
