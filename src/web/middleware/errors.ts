// SPDX-License-Identifier: AGPL-3.0-or-later
// Turns errors into responses: a page for people, JSON for programs, no internals for anyone.

import { type Counters, NO_COUNTERS } from '../../lib/counters.js'
import { ERRORS, type ErrorCode, RelayError, toPublicError } from '../../lib/errors.js'
import { createLogThrottle, type Log } from '../../lib/log.js'
import type { PrivacyMode } from '../../store/settings.js'
import { prefersJson, type Step, type WebContext } from '../state.js'
import type { Render } from '../views.js'
import type { Saying } from '../words/en/errors.js'

/** The path that an error page links to, or null for none. */
export type ErrorLink = (path: string, code: ErrorCode) => string | null

/**
 * The link of the site's error pages: the invite page for errors on the way to an invite, sign-in in a restricted room,
 * the front page otherwise.
 */
export function siteErrorLink(mode: () => PrivacyMode): ErrorLink {
  return (path, code) => {
    if (code === 'wrong_host' || code === 'proxy_unproven') return null
    if (code === 'signed_out' || /^\/login(\/|$)/.test(path)) return '/login'
    if (path.startsWith('/dashboard/')) return '/dashboard'
    // after an internal error, avoid more calls that may fail
    if (code !== 'internal' && mode() === 'restricted') return '/login'
    return path.startsWith('/invite') && code !== 'not_found' ? '/invite/' : '/'
  }
}

/** Catches errors, and requests without a response. */
export function errors({
  render,
  log,
  counters = NO_COUNTERS,
  errorLink,
}: {
  render: Render
  log: Log
  counters?: Counters | undefined
  errorLink: ErrorLink
}): Step {
  // pages without a retry time depend on language, code and link only
  const pages = new Map<string, string>()
  const faults = new Map<ErrorCode, () => number>()

  function page(ctx: WebContext, code: ErrorCode, home: string | null, minutes: number | null): string {
    const { tag, words } = ctx.state.language
    const { instead, signInPath } = ctx.state
    const key = `${tag} ${code} ${home} ${signInPath}`
    // a sign-in link with a page to return to is the visitor's text: caching it would fill memory
    const isCacheable = minutes === null && instead === undefined && !signInPath?.includes('?')
    const cached = isCacheable ? pages.get(key) : undefined
    if (cached) return cached
    const sayings: Partial<Record<ErrorCode, Saying>> = words.errors.sayings
    const { title, hint } = sayings[code] ?? words.errors.other
    // no language switch: the URL may not be a page
    const html = render(ctx, 'error.njk', { title, hint, code, minutes, home, instead, back: null })
    if (isCacheable) pages.set(key, html)
    return html
  }

  /** Logs a server error, at most once a minute per code, as visitors can provoke it at will. */
  function logFault(ctx: WebContext, code: ErrorCode, err: unknown): void {
    const due = faults.get(code) ?? createLogThrottle(() => performance.now())
    faults.set(code, due)
    const times = due()
    if (times > 0) log.error({ err, path: ctx.path, times }, 'page failed')
  }

  function respond(ctx: WebContext, error: RelayError): void {
    const { code, status } = error
    // details of a client error help the client; details of a 5xx are internal
    const message = status >= 500 ? ERRORS[code].words : error.message
    ctx.status = status
    ctx.vary('Accept')
    ctx.set('Cache-Control', 'no-store')
    // closing is cheaper than reading the rest of the body
    if (code === 'body_too_large' || !ctx.req.complete) ctx.set('Connection', 'close')
    if (ctx.state.isJsonClient) {
      ctx.body = { status: 'error', error: message, code }
      return
    }
    if (prefersJson(ctx)) {
      ctx.body = { error: { code, message } }
      return
    }
    const wait = Number(ctx.response.get('Retry-After'))
    ctx.type = 'html'
    const link = errorLink(ctx.path, code)
    const home = link === '/login' ? (ctx.state.signInPath ?? link) : link
    ctx.body = page(ctx, code, home, wait > 0 ? Math.ceil(wait / 60) : null)
  }

  return async (ctx, next) => {
    try {
      await next()
      const { status, body } = ctx
      if (ctx.state.refused) counters.refused(ctx.state.refused)
      if (body === undefined || body === null) {
        if (status === 404) throw new RelayError('not_found')
        // @koa/router answers 501 to unknown methods
        if (status === 405 || status === 501) throw new RelayError('method_not_allowed')
      }
    } catch (thrown) {
      const error = toPublicError(thrown)
      counters.refused(error)
      if (error.status >= 500) logFault(ctx, error.code, thrown)
      else log.debug({ code: error.code, path: ctx.path }, 'request rejected')
      respond(ctx, error)
    }
  }
}
