// GET /healthz: whether an invite made now could be used.

import type { WebComponents } from '../contract.js'
import type { Step } from '../state.js'

/** `ok` while the SSB listener answers, 503 otherwise. */
export function serveHealth({ hostnames }: Pick<WebComponents, 'hostnames'>): Step {
  return (ctx) => {
    const { listening } = hostnames()
    ctx.status = listening ? 200 : 503
    ctx.type = 'text/plain'
    ctx.body = listening ? 'ok' : 'not listening'
  }
}
