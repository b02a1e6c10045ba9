// Every error's way out: a page for people, JSON for programs, nothing of the inside for anyone.

import type { Context } from 'koa'
import { ERRORS, type ErrorCode, exposed, RelayError } from '../../errors.js'
import type { Log } from '../../log.js'
import { prefersJson, type Step } from '../state.js'
import type { Render } from '../views.js'

/** What a page says above and below the words of its code; other codes speak for themselves. */
const SAYINGS: Partial<Record<ErrorCode, { title: string; hint: string }>> = {
  not_found: { title: 'Nothing in this pool', hint: 'There is no such page here, or not for you.' },
  method_not_allowed: { title: 'Not that way', hint: 'This page cannot be asked in that way.' },
  wrong_host: {
    title: 'Wrong shore',
    hint: 'This server does not go by the name you used. Check the address.',
  },
  not_allowed: { title: 'Not from there', hint: 'Please use the form on our own page.' },
  body_too_large: { title: 'Too much', hint: 'That is far more than this form has room for.' },
  body_malformed: { title: 'Not understood', hint: 'Please use the form on our own page.' },
  invites_exhausted: { title: 'Low tide', hint: 'All invites for now have been given out.' },
  quota_reached: { title: 'Slow down', hint: 'Too many have tried this of late.' },
  already_set_up: { title: 'Already done', hint: 'Somebody has just answered these questions.' },
  busy: { title: 'High water', hint: 'Too much is going on here at the moment. Please try again soon.' },
  internal: { title: 'Something broke', hint: 'It is our fault, not yours. Please try again in a while.' },
}

/** Where to go on from an error on this path, or null where there is nothing else. */
export type WayOut = (path: string, code: ErrorCode) => string | null

/** On the site: to the riddle for who was on the way to an invite, else to the front page. */
export const siteWayOut: WayOut = (path, code) => {
  if (code === 'wrong_host') return null
  return path.startsWith('/invite') && code !== 'not_found' ? '/invite/' : '/'
}

/** Turns whatever is thrown further in, and routes that nobody took, into an answer. */
export function errors({ render, log, wayOut }: { render: Render; log: Log; wayOut: WayOut }): Step {
  // a page depends on its code and the way out alone unless it says when to come back
  const pages = new Map<string, string>()

  function page(code: ErrorCode, home: string | null, minutes: number | null): string {
    const key = `${code} ${home}`
    const kept = minutes === null ? pages.get(key) : undefined
    if (kept) return kept
    const { title, hint } = SAYINGS[code] ?? {
      title: 'That did not work',
      hint: 'Please go back and try again.',
    }
    const html = render('error.njk', { title, hint, code, words: ERRORS[code].words, minutes, home })
    if (minutes === null) pages.set(key, html)
    return html
  }

  function answer(ctx: Context, error: RelayError): void {
    const { code, status } = error
    // words with detail are for whoever caused the error; behind a 5xx the detail is ours
    const message = status >= 500 ? ERRORS[code].words : error.message
    ctx.status = status
    ctx.vary('Accept')
    ctx.set('Cache-Control', 'no-store')
    // whatever is left of such a body is not worth reading
    if (code === 'body_too_large') ctx.set('Connection', 'close')
    if (prefersJson(ctx)) {
      ctx.body = { error: { code, message } }
      return
    }
    const wait = Number(ctx.response.get('Retry-After'))
    ctx.type = 'html'
    ctx.body = page(code, wayOut(ctx.path, code), wait > 0 ? Math.ceil(wait / 60) : null)
  }

  return async (ctx, next) => {
    try {
      await next()
      const { status, body } = ctx
      if (body === undefined || body === null) {
        if (status === 404) throw new RelayError('not_found')
        // 501 is the router's word for methods it has never heard of
        if (status === 405 || status === 501) throw new RelayError('method_not_allowed')
      }
    } catch (thrown) {
      const error = exposed(thrown)
      if (error.status >= 500) log.error({ err: thrown, path: ctx.path }, 'a page failed')
      else log.debug({ code: error.code, path: ctx.path }, 'refused')
      answer(ctx, error)
    }
  }
}
