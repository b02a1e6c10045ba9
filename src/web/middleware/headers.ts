// The headers every answer carries: nothing foreign, nothing framed, nothing kept, nothing told.

import type { WebComponents } from '../contract.js'
import type { Step } from '../state.js'

const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "img-src 'self'",
  "script-src 'self'",
  // pages that wait for something: an app's word, or a claim
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': POLICY,
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  // pages hold codes and counts; assets say otherwise
  'Cache-Control': 'no-store',
}

/**
 * Seconds for which a browser that has seen us over HTTPS comes back by nothing else: half a year. Other hosts of the
 * domain are not ours to speak for.
 */
const HSTS = 'max-age=15552000'

/** Sets the headers before anything can fail; a page of the domain also says where the onion is (Onion-Location). */
export function headers({ hostnames }: Pick<WebComponents, 'hostnames'>): Step {
  return async (ctx, next) => {
    ctx.set(HEADERS)
    if (ctx.state.kind !== 'domain') return next()
    ctx.set('Strict-Transport-Security', HSTS)
    await next()
    // on pages alone: a refusal says the same to everyone
    const { onion } = hostnames()
    if (
      onion &&
      ctx.method === 'GET' &&
      ctx.status === 200 &&
      ctx.type === 'text/html' &&
      ctx.url.startsWith('/')
    )
      ctx.set('Onion-Location', `http://${onion}${ctx.url}`)
  }
}
