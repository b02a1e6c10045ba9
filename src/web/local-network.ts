// SPDX-License-Identifier: AGPL-3.0-or-later
// The listener for the local network: who may call it, and which pages it has.

import { type Counters, NO_COUNTERS } from '../lib/counters.js'
import { RelayError } from '../lib/errors.js'
import type { ThrottledLog } from '../lib/log.js'
import { placeOf } from '../lib/platform.js'
import type { Handler, WebComponents } from './contract.js'
import { isForwarded } from './proxy.js'

/**
 * Pages for the local network. Those that give invites to strangers are not among them: they belong to the addresses
 * that strangers can reach.
 */
const PAGES =
  /^\/(?:$|(?:setup|healthz|robots\.txt|language)$|(?:assets|local|join|login|logout|dashboard|notice)(?:\/|$))/

/** Whether the listener for the local network has a page. */
export function isLocalPage(path: string): boolean {
  return PAGES.test(path)
}

/** Path of the QR images on the local page. */
export const LOCAL_QR_PATH = '/local/qr.gif'

/** Rejects callers from outside the local network, who come by a router's forward or by a proxy. */
export function localNetworkOnly(
  handler: Handler,
  {
    placeOf: place = placeOf,
    counters = NO_COUNTERS,
    logThrottled,
  }: Pick<WebComponents, 'placeOf'> & { counters?: Counters | undefined; logThrottled: ThrottledLog },
): Handler {
  return (req, res) => {
    if (place(req.socket) !== 'elsewhere' && !isForwarded(req)) return handler(req, res)
    const refusal = new RelayError('not_allowed', 'these pages are for the local network')
    counters.refused(refusal)
    logThrottled('info', 'caller from outside the local network rejected')
    // closing is cheaper than reading the rest of the body
    res.writeHead(refusal.status, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' })
    res.end(`${refusal.message}\n`)
  }
}
