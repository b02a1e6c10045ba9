// SPDX-License-Identifier: AGPL-3.0-or-later
// /login: sign-in with SSB, started by the app or by the browser, and by login link. /logout.

import { randomBytes } from 'node:crypto'
import { PassThrough } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { RelayError } from '../../lib/errors.js'
import {
  CHALLENGE_MS,
  LINK_MS,
  SECOND,
  SIGN_IN_PICTURES,
  SIGN_IN_PICTURES_PER_HOUR,
  SIGN_INS_WAITING,
} from '../../lib/limits.js'
import type { TokenBucket } from '../../lib/token-bucket.js'
import { isFeedId } from '../../ssb/feed-id.js'
import { isChallenge } from '../../ssb/http-auth.js'
import { multiserverAddress } from '../address.js'
import { withoutSlot } from '../connection-limits.js'
import type { WebComponents, WebRoom } from '../contract.js'
import { cookie, cookieIn } from '../cookies.js'
import { oneValue, readForm } from '../form.js'
import { browserName } from '../format.js'
import {
  checkCsrf,
  checkFormToken,
  clearMemberCookie,
  memberOf,
  setMemberCookie,
} from '../middleware/signed-in.js'
import { afterSignIn, signInPath } from '../own-path.js'
import { createPictures } from '../pictures.js'
import type { Step, WebContext } from '../state.js'
import type { Render } from '../views.js'

export interface SignInParts
  extends Pick<WebRoom, 'store' | 'signIn'>,
    Pick<WebComponents, 'face' | 'hostnames'> {
  render: Render
  /** wrong login links allowed per hour */
  tries: TokenBucket
  /** Unix ms */
  now: () => number
}

/** Milliseconds of an event stream: less than the listener's idle timeout. The browser reconnects. */
const STREAM_MS = 20 * SECOND
/** Event streams at once; each holds a socket. Browsers without one reload the page. */
const STREAMS = 64
/** Seconds between reloads of the page without scripts. */
const LOOK_S = 5
/** Cookie suffix: ties a pending sign-in to the browser. */
const TICKET = 'sign-in'
/** Cookie suffix: CSRF token of the login link's form. */
const FORM = 'link'

/** Creates the handlers of sign-in and sign-out. */
export function createSignInPages({ store, signIn, face, hostnames, render, tries, now }: SignInParts) {
  const picture = createPictures(now, { kept: SIGN_IN_PICTURES, perHour: SIGN_IN_PICTURES_PER_HOUR })
  let streams = 0
  let waitingForApp = 0

  const agentOf = (ctx: WebContext): string => browserName(ctx.get('User-Agent').slice(0, 400))

  function redirect(ctx: WebContext, path: string): void {
    ctx.status = 303
    ctx.redirect(path)
    ctx.body = ''
  }

  /** Signs this browser in. The member who was signed in before is signed out. */
  async function signInBrowser(ctx: WebContext, token: string): Promise<void> {
    const { member } = ctx.state
    if (member) await store.signIns.close(member.signIn.id, member.feed).catch(() => {})
    setMemberCookie(ctx, token)
  }

  /** The server challenge of this browser's pending sign-in, or null. */
  function challengeOf(ctx: WebContext): string | null {
    const ticket = cookieIn(ctx, TICKET)
    const sc = ticket === undefined ? null : signIn.challengeOf(ticket)
    return sc !== null && signIn.state(sc) !== 'gone' ? sc : null
  }

  /** Starts a sign-in. SameSite=Strict: a link on another site must not complete it. */
  function begin(ctx: WebContext): string {
    const ticket = signIn.begin()
    ctx.append('Set-Cookie', cookie(ctx, TICKET, ticket, `Max-Age=${CHALLENGE_MS / SECOND}; SameSite=Strict`))
    return signIn.challengeOf(ticket) as string
  }

  function uriFor(ctx: WebContext, sc: string): string {
    const parameters = new URLSearchParams({
      action: 'start-http-auth',
      sid: face().id,
      sc,
      multiserverAddress: multiserverAddress(ctx.state.nearHost ?? ctx.state.host, face(), hostnames()),
    })
    return `ssb:experimental?${parameters}`
  }

  /** Sign-in started by the app (`?cid=…&cc=…`): asks the app over its connection. */
  async function byApp(ctx: WebContext, cid: unknown, cc: unknown): Promise<void> {
    if (!isFeedId(cid) || !isChallenge(cc)) throw new RelayError('bad_argument', 'cid and cc')
    const { member } = ctx.state
    // a link on another site leads here too: it must not replace the signed-in member
    if (member && member.feed !== cid) return redirect(ctx, '/logout')
    // checked before the feed is looked up, so that the response reveals nothing about it
    if (waitingForApp >= SIGN_INS_WAITING) throw new RelayError('busy', undefined, { limit: 'sign_ins' })
    waitingForApp += 1
    await withoutSlot(ctx.req, () => signIn.ask(cid, cc)).finally(() => {
      waitingForApp -= 1
    })
    await signInBrowser(ctx, await store.signIns.open(cid, 'app', agentOf(ctx)))
    // 200 as the specification demands; no redirect, so that the cookie is set before /dashboard is requested
    ctx.type = 'html'
    ctx.body = render(ctx, 'sign-in/done.njk', { id: cid, back: null })
  }

  /** Sign-in started by this browser: shows the request for the app, and redirects once the app has confirmed. */
  const show: Step = async (ctx) => {
    const { cid, cc } = ctx.query
    if (cid !== undefined || cc !== undefined) return byApp(ctx, cid, cc)
    const next = afterSignIn(ctx.query.to)
    if (ctx.state.member) return redirect(ctx, next)
    const begun = challengeOf(ctx)
    if (begun !== null && signIn.state(begun) !== 'waiting') {
      const feed = signIn.collect(begun)
      if (!feed) throw new RelayError('sign_in_refused')
      await signInBrowser(ctx, await store.signIns.open(feed, 'app', agentOf(ctx)))
      return redirect(ctx, next)
    }
    ctx.type = 'html'
    ctx.body = render(ctx, 'sign-in/login.njk', {
      ...{ uri: uriFor(ctx, begun ?? begin(ctx)), look: LOOK_S, again: signInPath(next) },
    })
  }

  const qr: Step = async (ctx) => {
    const challenge = challengeOf(ctx)
    if (challenge === null || signIn.state(challenge) !== 'waiting') throw new RelayError('not_found')
    await picture(ctx, uriFor(ctx, challenge))
  }

  /** Server-sent events: `done` when the app has answered. The stream ends early to make the browser reconnect. */
  const events: Step = (ctx) => {
    const challenge = challengeOf(ctx)
    if (challenge === null) throw new RelayError('not_found')
    if (streams >= STREAMS) throw new RelayError('busy', undefined, { limit: 'sign_in_streams' })
    streams += 1
    const stream = new PassThrough()
    const ended = new AbortController()
    const unwatch = signIn.watch(challenge, notify)
    function notify(): void {
      if (!stream.writableEnded) stream.end('event: done\ndata: \n\n')
    }
    stream.once('close', () => {
      streams -= 1
      unwatch()
      ended.abort()
    })
    pause(STREAM_MS, undefined, { signal: ended.signal, ref: false }).then(
      () => stream.end(),
      () => {},
    )
    ctx.type = 'text/event-stream'
    ctx.body = stream
    stream.write('retry: 1000\n\n')
    if (signIn.state(challenge) !== 'waiting') notify()
  }

  /** Shows a button: link previews fetch the page, and must not use the link up. */
  const showLink: Step = (ctx) => {
    const { token } = ctx.query
    const csrf = randomBytes(32).toString('base64url')
    ctx.append('Set-Cookie', cookie(ctx, FORM, csrf, `Max-Age=${LINK_MS / SECOND}; SameSite=Strict`))
    ctx.type = 'html'
    ctx.body = render(ctx, 'sign-in/link.njk', { token: typeof token === 'string' ? token : '', csrf })
  }

  const useLink: Step = async (ctx) => {
    const form = await readForm(ctx.req)
    // Login CSRF: another site could post its own link to sign a visitor in as somebody else. Over plain HTTP browsers
    // send no origin, so the form must carry the value of our cookie.
    const csrf = cookieIn(ctx, FORM)
    if (!csrf) throw new RelayError('form_stale')
    checkFormToken(csrf, form)
    const token = await store.signIns.useLink(oneValue(form, 'token') ?? '', agentOf(ctx)).catch((err) => {
      // a valid link always works; wrong ones are limited
      if (tries.take()) throw err
      ctx.set('Retry-After', String(tries.wait()))
      throw new RelayError('quota_reached', undefined, { limit: 'login_links' })
    })
    await signInBrowser(ctx, token)
    redirect(ctx, '/dashboard')
  }

  const confirmSignOut: Step = (ctx) => {
    if (!ctx.state.member) return redirect(ctx, '/login')
    ctx.type = 'html'
    ctx.body = render(ctx, 'sign-in/logout.njk', { csrf: ctx.state.member.csrf })
  }

  const signOut: Step = async (ctx) => {
    const member = memberOf(ctx)
    checkCsrf(member, await readForm(ctx.req))
    await store.signIns.close(member.signIn.id, member.feed)
    clearMemberCookie(ctx)
    redirect(ctx, '/login')
  }

  return { show, qr, events, showLink, useLink, confirmSignOut, signOut }
}
