// SPDX-License-Identifier: AGPL-3.0-or-later
// GET /healthz: whether an invite created now could be used.

import type { WebComponents } from '../contract.js'
import type { Step } from '../state.js'

/** 200 `ok` while the SSB listener is up, 503 otherwise. */
export function serveHealth({ hostnames }: Pick<WebComponents, 'hostnames'>): Step {
  return (ctx) => {
    const { listening } = hostnames()
    ctx.status = listening ? 200 : 503
    ctx.type = 'text/plain'
    ctx.body = listening ? 'ok' : 'not listening'
  }
}
