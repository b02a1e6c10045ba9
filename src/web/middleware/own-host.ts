// Answers only to our own names, and remembers which one it was.

import { RelayError } from '../../lib/errors.js'
import { aliasPath } from '../../ssb/links.js'
import type { WebComponents } from '../contract.js'
import { ownAddress } from '../own-hostnames.js'
import type { Step } from '../state.js'
import { LANGUAGE_PATH } from './language.js'

/**
 * Refuses a Host that is not ours (421), which also stops DNS rebinding. On a host of an alias's own there is that alias's
 * page and nothing else: whoever looks for more looks under our name.
 */
export function ownHost({ names }: Pick<WebComponents, 'names'>): Step {
  return (ctx, next) => {
    // the refusal's own style sheet; assets are the same for every relay and say nothing of this one
    if (ctx.path.startsWith('/assets/')) return next()
    const own = ownAddress(ctx.req.headers.host, ctx.req.socket.localAddress, ctx.state.kind, names())
    if (!own) throw new RelayError('wrong_host')
    const { host, origin, alias } = own
    Object.assign(ctx.state, { host, origin, alias })
    if (alias === null || ctx.path === LANGUAGE_PATH) return next()
    const path = aliasPath(alias)
    if (ctx.path === '/') ctx.path = path
    else if (ctx.path !== path && !ctx.path.startsWith(`${path}/`)) throw new RelayError('not_found')
    return next()
  }
}
