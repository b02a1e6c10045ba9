// SPDX-License-Identifier: AGPL-3.0-or-later
// All routes of sign-in and dashboard. Loaded at the first request for one of them.

import Router from '@koa/router'
import { createLobbyPage } from './handlers/dashboard/lobby.js'
import { createNoticePages } from './handlers/dashboard/notices.js'
import type { DashboardParts } from './handlers/dashboard/page.js'
import { createPeoplePages } from './handlers/dashboard/people.js'
import { postAction } from './handlers/dashboard/post-action.js'
import { createRoomPages } from './handlers/dashboard/room-pages.js'
import { createNoticePage } from './handlers/notice.js'
import { createSignInPages, type SignInParts } from './handlers/sign-in.js'
import { sameOrigin } from './middleware/same-origin.js'
import { requireMember, withMember } from './middleware/signed-in.js'
import type { WebState } from './state.js'

export interface MemberRouteParts extends DashboardParts, SignInParts {}

/** Builds the router. */
export function memberRoutes(parts: MemberRouteParts): Router<WebState> {
  const router = new Router<WebState>()
  const signIn = createSignInPages(parts)
  const people = createPeoplePages(parts)
  const rooms = createRoomPages(parts)
  const notices = createNoticePages(parts)
  router.use(withMember(parts))

  router.get('/login', signIn.show)
  router.get('/login/code.gif', signIn.qr)
  router.get('/login/events', signIn.events)
  router.get('/login/link', signIn.showLink)
  router.post('/login/link', sameOrigin(), signIn.useLink)
  router.get('/logout', signIn.confirmSignOut)
  router.post('/logout', sameOrigin(), signIn.signOut)
  router.get('/notice/:name', createNoticePage(parts))

  router.get('/dashboard', requireMember, people.overview)
  router.get('/dashboard/members', requireMember, people.members)
  router.get('/dashboard/members/:slug', requireMember, people.member)
  router.get('/dashboard/knocks', requireMember, people.knocks)
  router.get('/dashboard/blocked', requireMember, people.blocked)
  router.get('/dashboard/aliases', requireMember, people.aliases)
  router.get('/dashboard/me', requireMember, people.me)
  router.get('/dashboard/lobby', requireMember, createLobbyPage(parts))
  router.get('/dashboard/invites', requireMember, rooms.invites)
  router.get('/dashboard/notices', requireMember, notices.list)
  router.get('/dashboard/notices/edit', requireMember, (ctx) => notices.edit(ctx, null))
  router.get('/dashboard/room', requireMember, (ctx) => rooms.room(ctx, null))
  router.get('/dashboard/health', requireMember, rooms.health)
  router.get('/dashboard/log', requireMember, rooms.log)
  const again = {
    'notice.save': notices.edit,
    'room.describe': rooms.room,
    'question.save': rooms.question,
  }
  router.post('/dashboard/do/:name', sameOrigin(), requireMember, postAction(parts, again))

  return router
}
