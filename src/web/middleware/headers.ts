// SPDX-License-Identifier: AGPL-3.0-or-later
// Security headers of every response.

import type { WebComponents } from '../contract.js'
import type { Step } from '../state.js'

const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  // small pictures of keys are part of the page
  "img-src 'self' data:",
  // the letters of a puzzle can be heard
  "media-src 'self'",
  "script-src 'self'",
  // scripts poll while an invite or a sign-in is pending
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
  // pages contain codes and counts; assets override this
  'Cache-Control': 'no-store',
}

/** HSTS for half a year, without includeSubDomains: other hosts of the domain are not ours. */
const HSTS = 'max-age=15552000'

/** Sets the headers. Pages of the domain also get Onion-Location. */
export function headers({ hostnames }: Pick<WebComponents, 'hostnames'>): Step {
  return async (ctx, next) => {
    ctx.set(HEADERS)
    if (ctx.state.kind !== 'domain') return next()
    ctx.set('Strict-Transport-Security', HSTS)
    await next()
    // not on errors: those must be the same for everyone
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
