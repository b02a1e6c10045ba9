// Who is signed in: looked up at every request, so that a sign-in that has ended is worth nothing at once.

import { createHash, timingSafeEqual } from 'node:crypto'
import { RelayError } from '../../lib/errors.js'
import { SECOND, SIGN_IN_MS } from '../../lib/limits.js'
import type { WebRoom } from '../contract.js'
import { cookie, cookieIn } from '../cookies.js'
import { oneValue } from '../form.js'
import type { SignedIn, Step, WebContext } from '../state.js'

const NAME = 'member'

/** Finds who is signed in, if anybody is. */
export function withMember({ store }: Pick<WebRoom, 'store'>): Step {
  return async (ctx, next) => {
    const token = cookieIn(ctx, NAME)
    const signIn = token === undefined ? null : store.signIns.get(token)
    if (token !== undefined && signIn) {
      const { feed } = signIn
      ctx.state.member = {
        ...{ feed, role: store.roles.of(feed), signIn, csrf: csrfOf(token) },
        isValid: () => store.signIns.get(token) !== null,
      }
      if (await store.signIns.used(signIn)) setMemberCookie(ctx, token)
    }
    await next()
  }
}

/** Lets members pass; whoever is not signed in is told so (401). */
export const requireMember: Step = (ctx, next) => {
  if (!ctx.state.member) throw new RelayError('signed_out')
  return next()
}

/** The member that the route's middleware has found. */
export function memberOf(ctx: { state: WebContext['state'] }): SignedIn {
  if (!ctx.state.member) throw new RelayError('signed_out')
  return ctx.state.member
}

/** Gives a browser the token by which it is known. Lax: who follows a link to the dashboard is signed in there. */
export function setMemberCookie(ctx: WebContext, token: string): void {
  ctx.append('Set-Cookie', cookie(ctx, NAME, token, `Max-Age=${SIGN_IN_MS / SECOND}; SameSite=Lax`))
}

/** Takes it away. */
export function clearMemberCookie(ctx: WebContext): void {
  ctx.append('Set-Cookie', cookie(ctx, NAME, '', 'Max-Age=0; SameSite=Lax'))
}

/**
 * To be asked when the form has been read: a body can be held back, and the sign-in be ended meanwhile.
 * @throws RelayError `form_stale` for a form that is not of this browser's sign-in, `signed_out` if that has ended
 */
export function checkCsrf({ csrf, isValid }: SignedIn, form: URLSearchParams): void {
  if (!isValid()) throw new RelayError('signed_out')
  checkFormToken(csrf, form)
}

/** @throws RelayError `form_stale` for a form that does not carry this in its field `csrf` */
export function checkFormToken(csrf: string, form: URLSearchParams): void {
  const given = Buffer.from(oneValue(form, 'csrf') ?? '')
  const wanted = Buffer.from(csrf)
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) throw new RelayError('form_stale')
}

/** Made from the token, which no page and no script ever shows; it leads nowhere back. */
function csrfOf(token: string): string {
  return createHash('sha256').update(`tidepool form ${token}`).digest('base64url')
}
