// Answers only to our own names, and remembers which one it was.

import { RelayError } from '../../lib/errors.js'
import { isDialable } from '../../lib/host.js'
import type { ThrottledLog } from '../../lib/log.js'
import { isNearby, originOf } from '../../lib/platform.js'
import { aliasPath } from '../../ssb/links.js'
import type { WebComponents } from '../contract.js'
import { canonical, ownAddress } from '../own-hostnames.js'
import type { Step } from '../state.js'
import { LANGUAGE_PATH } from './language.js'

/**
 * Refuses a Host that is not ours (421), which also stops DNS rebinding. On a host of an alias's own there is that alias's
 * page and nothing else: the other pages are under our name.
 */
export function ownHost({
  hostnames,
  logThrottled,
}: Pick<WebComponents, 'hostnames'> & { logThrottled: ThrottledLog }): Step {
  return (ctx, next) => {
    // the refusal's own style sheet; assets are the same for every relay and say nothing of this one
    if (ctx.path.startsWith('/assets/')) return next()
    const { localAddress, localPort, remoteAddress } = ctx.req.socket
    const own = ownAddress(ctx.req.headers.host, localAddress, ctx.state.kind, hostnames())
    if (!own) {
      const { kind } = ctx.state
      const { domain, onion, local = [] } = hostnames()
      const answers = { domain: [domain], onion: [onion], local: [domain, onion, ...local, localAddress] }[
        kind
      ]
      // the header is a stranger's word, and short enough to be shown: more than a host has it cannot have
      const host = ctx.req.headers.host?.slice(0, 100)
      logThrottled('info', 'request for another host refused', {
        host,
        kind,
        answers: answers.filter(Boolean),
      })
      // a device on the same network knows this address already; nothing else is shown
      if (kind === 'local' && localAddress && isNearby(remoteAddress))
        ctx.state.instead = originOf('http', canonical(localAddress), localPort ?? 80)
      throw new RelayError('wrong_host')
    }
    const { origin, alias } = own
    // a name without a dot is good for a browser on this network, and for no app
    const host = isDialable(own.host) ? own.host : canonical(localAddress ?? '')
    Object.assign(ctx.state, { host, origin, alias })
    if (alias === null || ctx.path === LANGUAGE_PATH) return next()
    const path = aliasPath(alias)
    if (ctx.path === '/') ctx.path = path
    else if (ctx.path !== path && !ctx.path.startsWith(`${path}/`)) throw new RelayError('not_found')
    return next()
  }
}
