// The headers every answer carries: nothing foreign, nothing framed, nothing kept, nothing told.

import type { Step } from '../state.js'

const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "img-src 'self'",
  "script-src 'self'",
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

/** Sets the headers before anything can fail. */
export function headers(): Step {
  return (ctx, next) => {
    ctx.set(HEADERS)
    return next()
  }
}
