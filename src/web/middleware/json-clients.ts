// Whether a caller is a program: it asks for JSON, or sends it.

import { isJson } from '../form.js'
import { prefersJson, type Step } from '../state.js'

/** Lets what follows, and its refusals, answer as the SSB specifications have it: `{status, …}`, `{status, error}`. */
export function jsonClients(): Step {
  return (ctx, next) => {
    ctx.vary('Accept')
    const { encoding } = ctx.query
    ctx.state.isJsonClient = encoding === 'json' || isJson(ctx.req) || prefersJson(ctx)
    return next()
  }
}
