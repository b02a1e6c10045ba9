// Answers only to our own names, and remembers which one it was.

import { RelayError } from '../../errors.js'
import type { WebComponents } from '../components.js'
import { ownName } from '../names.js'
import type { Step } from '../state.js'

/** Refuses a Host that is not ours (421), which also stops DNS rebinding. */
export function ownHost({ names }: Pick<WebComponents, 'names'>): Step {
  return (ctx, next) => {
    // the refusal's own style sheet; assets are the same for every relay and say nothing of this one
    if (ctx.path.startsWith('/assets/')) return next()
    const host = ownName(ctx.req.headers.host, ctx.req.socket.localAddress, ctx.state.kind, names())
    if (!host) throw new RelayError('wrong_host')
    ctx.state.host = host
    return next()
  }
}
