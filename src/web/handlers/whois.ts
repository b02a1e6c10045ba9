// SPDX-License-Identifier: AGPL-3.0-or-later
// GET /whois: the room's address for clients that know only its host (Rooms 1).

import { multiserverAddress } from '../address.js'
import type { WebComponents } from '../contract.js'
import type { Step } from '../state.js'

/** The multiserver address as text, or as `{"address": …}` for clients that ask for JSON. */
export function serveWhois({ face, hostnames }: Pick<WebComponents, 'face' | 'hostnames'>): Step {
  return (ctx) => {
    const address = multiserverAddress(ctx.state.host, face(), hostnames())
    const { encoding } = ctx.query
    const json = encoding === undefined ? ctx.accepts('text', 'html', 'json') === 'json' : encoding === 'json'
    // public data: apps in a browser may read it
    ctx.set('Access-Control-Allow-Origin', '*')
    ctx.vary('Accept')
    if (json) {
      ctx.body = { address }
      return
    }
    ctx.type = 'text/plain'
    ctx.body = `${address}\n`
  }
}
