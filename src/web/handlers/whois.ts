// GET /whois: where SSB clients find the room, for those that know its host only (Rooms 1).

import { multiserverAddress } from '../address.js'
import type { WebComponents } from '../contract.js'
import type { Step } from '../state.js'

/** The multiserver address as a line of text, or as `{"address": …}` for who asks for JSON. */
export function serveWhois({ face, hostnames }: Pick<WebComponents, 'face' | 'hostnames'>): Step {
  return (ctx) => {
    const address = multiserverAddress(ctx.state.host, face(), hostnames())
    const { encoding } = ctx.query
    const json = encoding === undefined ? ctx.accepts('text', 'html', 'json') === 'json' : encoding === 'json'
    // public, and the same for everybody: apps that live in a browser may read it as well
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
