// Every error's way out: a page for people, JSON for programs, nothing of the inside for anyone.

import { type Counters, NO_COUNTERS } from '../../lib/counters.js'
import { ERRORS, type ErrorCode, RelayError, toPublicError } from '../../lib/errors.js'
import { createLogThrottle, type Log } from '../../lib/log.js'
import type { PrivacyMode } from '../../store/settings.js'
import { prefersJson, type Step, type WebContext } from '../state.js'
import type { Render } from '../views.js'
import type { Saying } from '../words/en/errors.js'

/** Where to go on from an error on this path, or null where there is nothing else. */
export type WayOut = (path: string, code: ErrorCode) => string | null

/**
 * On the site: to the captcha for who was on the way to an invite, else to the front page; in a restricted room, which has
 * neither, to sign-in.
 */
export function siteWayOut(mode: () => PrivacyMode): WayOut {
  return (path, code) => {
    if (code === 'wrong_host' || code === 'proxy_unproven') return null
    if (code === 'signed_out' || /^\/login(\/|$)/.test(path)) return '/login'
    if (path.startsWith('/dashboard/')) return '/dashboard'
    // after a fault of ours nothing more is asked that might be what failed
    if (code !== 'internal' && mode() === 'restricted') return '/login'
    return path.startsWith('/invite') && code !== 'not_found' ? '/invite/' : '/'
  }
}

/** Turns whatever is thrown further in, and routes that nobody took, into an answer. */
export function errors({
  render,
  log,
  counters = NO_COUNTERS,
  wayOut,
}: {
  render: Render
  log: Log
  counters?: Counters | undefined
  wayOut: WayOut
}): Step {
  // a page depends on its language, its code and the way out alone unless it says when to come back
  const pages = new Map<string, string>()
  const faults = new Map<ErrorCode, () => number>()

  function page(ctx: WebContext, code: ErrorCode, home: string | null, minutes: number | null): string {
    const { tag, words } = ctx.state.language
    const { instead } = ctx.state
    const key = `${tag} ${code} ${home}`
    const isKept = minutes === null && instead === undefined
    const kept = isKept ? pages.get(key) : undefined
    if (kept) return kept
    const sayings: Partial<Record<ErrorCode, Saying>> = words.errors.sayings
    const { title, hint } = sayings[code] ?? words.errors.other
    // without a switch: what stands at this address is not a page to come back to
    const html = render(ctx, 'error.njk', { title, hint, code, minutes, home, instead, back: null })
    if (isKept) pages.set(key, html)
    return html
  }

  /** Says what failed on our side; of each kind at most once a minute, as who finds a fault can provoke it at will. */
  function fault(ctx: WebContext, code: ErrorCode, err: unknown): void {
    const due = faults.get(code) ?? createLogThrottle(() => performance.now())
    faults.set(code, due)
    const times = due()
    if (times > 0) log.error({ err, path: ctx.path, times }, 'a page failed')
  }

  function answer(ctx: WebContext, error: RelayError): void {
    const { code, status } = error
    // words with detail are for whoever caused the error; behind a 5xx the detail is ours
    const message = status >= 500 ? ERRORS[code].words : error.message
    ctx.status = status
    ctx.vary('Accept')
    ctx.set('Cache-Control', 'no-store')
    // whatever is left of such a body is not worth reading
    if (code === 'body_too_large' || !ctx.req.complete) ctx.set('Connection', 'close')
    if (ctx.state.program) {
      ctx.body = { status: 'error', error: message, code }
      return
    }
    if (prefersJson(ctx)) {
      ctx.body = { error: { code, message } }
      return
    }
    const wait = Number(ctx.response.get('Retry-After'))
    ctx.type = 'html'
    ctx.body = page(ctx, code, wayOut(ctx.path, code), wait > 0 ? Math.ceil(wait / 60) : null)
  }

  return async (ctx, next) => {
    try {
      await next()
      const { status, body } = ctx
      if (ctx.state.refused) counters.refused(ctx.state.refused)
      if (body === undefined || body === null) {
        if (status === 404) throw new RelayError('not_found')
        // 501 is the router's word for methods it has never heard of
        if (status === 405 || status === 501) throw new RelayError('method_not_allowed')
      }
    } catch (thrown) {
      const error = toPublicError(thrown)
      counters.refused(error)
      if (error.status >= 500) fault(ctx, error.code, thrown)
      else log.debug({ code: error.code, path: ctx.path }, 'refused')
      answer(ctx, error)
    }
  }
}
