// /login: sign-in with SSB, begun by the app or by the browser, and by a one-time link. /logout.

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
import { waiting } from '../connection-limits.js'
import type { WebComponents, WebRoom } from '../contract.js'
import { cookie, cookieIn } from '../cookies.js'
import { oneValue, readForm } from '../form.js'
import { browserName } from '../format.js'
import { checkCsrf, checkForm, dismiss, keep, memberOf } from '../middleware/signed-in.js'
import { createPictures } from '../pictures.js'
import type { Step, WebContext } from '../state.js'
import type { Render } from '../views.js'

export interface SignInParts
  extends Pick<WebRoom, 'store' | 'signIn'>,
    Pick<WebComponents, 'face' | 'names'> {
  render: Render
  /** wrong links the relay bears in an hour, whoever tries */
  tries: TokenBucket
  /** Unix ms */
  now: () => number
}

/** Milliseconds an event stream lasts before the browser asks anew: shorter than the listener's patience with silence. */
const STREAM_MS = 20 * SECOND
/** Event streams at once: each is a socket; who gets none looks again by itself. */
const STREAMS = 64
/** Seconds between two looks of a page without scripts. */
const LOOK_S = 5
/** The cookie of a browser that has begun a sign-in. */
const TICKET = 'sign-in'
/** The cookie of one that was shown the form of a login link: what the form must carry. */
const FORM = 'link'

/** The pages of signing in and out. */
export function signingIn({ store, signIn, face, names, render, tries, now }: SignInParts) {
  const picture = createPictures(now, { kept: SIGN_IN_PICTURES, perHour: SIGN_IN_PICTURES_PER_HOUR })
  let streams = 0
  let held = 0

  const agentOf = (ctx: WebContext): string => browserName(ctx.get('User-Agent').slice(0, 400))

  function go(ctx: WebContext, path: string): void {
    ctx.status = 303
    ctx.redirect(path)
    ctx.body = ''
  }

  /** This browser is somebody's from now on; whoever it was before is signed out of it. */
  async function become(ctx: WebContext, token: string): Promise<void> {
    const { member } = ctx.state
    if (member) await store.signIns.close(member.signIn.id, member.feed).catch(() => {})
    keep(ctx, token)
  }

  /** The challenge of the sign-in that this browser has begun, if it is not over. */
  function challengeOf(ctx: WebContext): string | null {
    const ticket = cookieIn(ctx, TICKET)
    const sc = ticket === undefined ? null : signIn.challengeOf(ticket)
    return sc !== null && signIn.state(sc) !== 'gone' ? sc : null
  }

  /** Begins one. Strict: a page elsewhere that leads here finds no sign-in under way. */
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
      multiserverAddress: multiserverAddress(ctx.state.host, face(), names()),
    })
    return `ssb:experimental?${parameters}`
  }

  /** A sign-in that the app began (`?cid=…&cc=…`): ask it over its connection. */
  async function byApp(ctx: WebContext, cid: unknown, cc: unknown): Promise<void> {
    if (!isFeedId(cid) || !isChallenge(cc)) throw new RelayError('bad_argument', 'cid and cc')
    const { member } = ctx.state
    // A link on any page may lead here: nobody is made somebody else without their own word.
    if (member && member.feed !== cid) return go(ctx, '/logout')
    // Before anything is known of the feed: whoever is turned away here learns nothing.
    if (held >= SIGN_INS_WAITING) throw new RelayError('busy', undefined, { limit: 'sign_ins' })
    held += 1
    await waiting(ctx.req, () => signIn.ask(cid, cc)).finally(() => {
      held -= 1
    })
    await become(ctx, await store.signIns.open(cid, 'app', agentOf(ctx)))
    // a page and no detour: the specification's 200, and the cookie is there before the dashboard is asked for
    ctx.type = 'html'
    ctx.body = render(ctx, 'sign-in/done.njk', { id: cid, back: null })
  }

  /** A sign-in that this browser began: show what the app needs, and go on once the app has spoken. */
  const show: Step = async (ctx) => {
    const { cid, cc } = ctx.query
    if (cid !== undefined || cc !== undefined) return byApp(ctx, cid, cc)
    if (ctx.state.member) return go(ctx, '/dashboard')
    const begun = challengeOf(ctx)
    if (begun !== null && signIn.state(begun) !== 'waiting') {
      const feed = signIn.collect(begun)
      if (!feed) throw new RelayError('sign_in_refused')
      await become(ctx, await store.signIns.open(feed, 'app', agentOf(ctx)))
      return go(ctx, '/dashboard')
    }
    ctx.type = 'html'
    ctx.body = render(ctx, 'sign-in/login.njk', { uri: uriFor(ctx, begun ?? begin(ctx)), look: LOOK_S })
  }

  const qr: Step = async (ctx) => {
    const challenge = challengeOf(ctx)
    if (challenge === null || signIn.state(challenge) !== 'waiting') throw new RelayError('not_found')
    await picture(ctx, uriFor(ctx, challenge))
  }

  /** Server-sent events: `done` when there is something to come back for; an early end means ask again. */
  const events: Step = (ctx) => {
    const challenge = challengeOf(ctx)
    if (challenge === null) throw new RelayError('not_found')
    if (streams >= STREAMS) throw new RelayError('busy', undefined, { limit: 'sign_in_streams' })
    streams += 1
    const stream = new PassThrough()
    const over = new AbortController()
    const unwatch = signIn.watch(challenge, tell)
    function tell(): void {
      if (!stream.writableEnded) stream.end('event: done\ndata: \n\n')
    }
    stream.once('close', () => {
      streams -= 1
      unwatch()
      over.abort()
    })
    pause(STREAM_MS, undefined, { signal: over.signal, ref: false }).then(
      () => stream.end(),
      () => {},
    )
    ctx.type = 'text/event-stream'
    ctx.body = stream
    stream.write('retry: 1000\n\n')
    if (signIn.state(challenge) !== 'waiting') tell()
  }

  /** A one-time link: a button first, as programs that look at links would use it up. */
  const showLink: Step = (ctx) => {
    const { token } = ctx.query
    const csrf = randomBytes(32).toString('base64url')
    ctx.append('Set-Cookie', cookie(ctx, FORM, csrf, `Max-Age=${LINK_MS / SECOND}; SameSite=Strict`))
    ctx.type = 'html'
    ctx.body = render(ctx, 'sign-in/link.njk', { token: typeof token === 'string' ? token : '', csrf })
  }

  const useLink: Step = async (ctx) => {
    const form = await readForm(ctx.req)
    // Another site could post a link of its own maker's, and make somebody another: over plain HTTP no browser says
    // where a form is from. Only our page has what is in the cookie, which comes along from nowhere else.
    const csrf = cookieIn(ctx, FORM)
    if (!csrf) throw new RelayError('form_stale')
    checkForm(csrf, form)
    const token = await store.signIns.useLink(oneValue(form, 'token') ?? '', agentOf(ctx)).catch((err) => {
      // Whoever holds a real link is not refused for what others guess: of 256 bits nobody guesses one.
      if (tries.take()) throw err
      ctx.set('Retry-After', String(tries.wait()))
      throw new RelayError('quota_reached', undefined, { limit: 'login_links' })
    })
    await become(ctx, token)
    go(ctx, '/dashboard')
  }

  const askOut: Step = (ctx) => {
    if (!ctx.state.member) return go(ctx, '/login')
    ctx.type = 'html'
    ctx.body = render(ctx, 'sign-in/logout.njk', { csrf: ctx.state.member.csrf })
  }

  const out: Step = async (ctx) => {
    const member = memberOf(ctx)
    checkCsrf(member, await readForm(ctx.req))
    await store.signIns.close(member.signIn.id, member.feed)
    dismiss(ctx)
    go(ctx, '/login')
  }

  return { show, qr, events, showLink, useLink, askOut, out }
}
