// SPDX-License-Identifier: AGPL-3.0-or-later
// Finds the signed-in member. Looked up at every request, so that an ended sign-in is invalid at once.

import { createHash } from 'node:crypto'
import { RelayError } from '../../lib/errors.js'
import { SECOND, SIGN_IN_MS } from '../../lib/limits.js'
import { isSameText } from '../../lib/same-text.js'
import type { WebRoom } from '../contract.js'
import { cookie, cookieIn } from '../cookies.js'
import { oneValue } from '../form.js'
import type { SignedIn, Step, WebContext } from '../state.js'

const NAME = 'member'

/** Finds the signed-in member, if there is one. */
export function withMember({ store }: Pick<WebRoom, 'store'>): Step {
  return async (ctx, next) => {
    const token = cookieIn(ctx, NAME)
    const signIn = token === undefined ? null : store.signIns.get(token)
    if (token !== undefined && signIn) {
      const { feed } = signIn
      delete ctx.state.signInPath
      ctx.state.member = {
        ...{ feed, role: store.roles.of(feed), signIn, csrf: csrfOf(token) },
        isValid: () => store.signIns.get(token) !== null,
      }
      if (await store.signIns.used(signIn)) setMemberCookie(ctx, token)
    }
    await next()
  }
}

/** Requires a signed-in member (401 otherwise). */
export const requireMember: Step = (ctx, next) => {
  if (!ctx.state.member) throw new RelayError('signed_out')
  return next()
}

/** The member of a route with `requireMember`. */
export function memberOf(ctx: { state: WebContext['state'] }): SignedIn {
  if (!ctx.state.member) throw new RelayError('signed_out')
  return ctx.state.member
}

/** Sets the member cookie. Lax: a link from elsewhere to the dashboard works. */
export function setMemberCookie(ctx: WebContext, token: string): void {
  ctx.append('Set-Cookie', cookie(ctx, NAME, token, `Max-Age=${SIGN_IN_MS / SECOND}; SameSite=Lax`))
}

/** Deletes the member cookie. */
export function clearMemberCookie(ctx: WebContext): void {
  ctx.append('Set-Cookie', cookie(ctx, NAME, '', 'Max-Age=0; SameSite=Lax'))
}

/**
 * Checks the CSRF token and that the sign-in is still valid. Call it after the body was read, which may take long.
 * @throws RelayError `form_stale` for another token, `signed_out` if the sign-in has ended
 */
export function checkCsrf({ csrf, isValid }: SignedIn, form: URLSearchParams): void {
  if (!isValid()) throw new RelayError('signed_out')
  checkFormToken(csrf, form)
}

/** @throws RelayError `form_stale` if the field `csrf` differs */
export function checkFormToken(csrf: string, form: URLSearchParams): void {
  if (!isSameText(oneValue(form, 'csrf') ?? '', csrf)) throw new RelayError('form_stale')
}

/** Derived from the cookie's token, which no page shows. */
function csrfOf(token: string): string {
  return createHash('sha256').update(`tidepool form ${token}`).digest('base64url')
}
