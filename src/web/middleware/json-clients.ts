// SPDX-License-Identifier: AGPL-3.0-or-later
// Recognises clients that want JSON.

import { isJson } from '../form.js'
import { prefersJson, type Step } from '../state.js'

/** Marks the request of a JSON client: it gets `{status, …}`, as the SSB HTTP specifications define it. */
export function jsonClients(): Step {
  return (ctx, next) => {
    ctx.vary('Accept')
    const { encoding } = ctx.query
    ctx.state.isJsonClient = encoding === 'json' || isJson(ctx.req) || prefersJson(ctx)
    return next()
  }
}
