// SPDX-License-Identifier: AGPL-3.0-or-later
// Rejects requests for hostnames that are not ours.

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
 * Rejects an unknown Host with 421, which also stops DNS rebinding. Under an alias subdomain only the page of that alias
 * exists.
 */
export function ownHost({
  hostnames,
  logThrottled,
}: Pick<WebComponents, 'hostnames'> & { logThrottled: ThrottledLog }): Step {
  return (ctx, next) => {
    // the error page needs its style sheet; assets are the same for every relay
    if (ctx.path.startsWith('/assets/')) return next()
    const { localAddress, localPort, remoteAddress } = ctx.req.socket
    const own = ownAddress(ctx.req.headers.host, localAddress, ctx.state.kind, hostnames())
    if (!own) {
      const { kind } = ctx.state
      const { domain, onion, local = [], lan = [] } = hostnames()
      const answers = {
        ...{ domain: [domain], onion: [onion], lan: [...lan, localAddress] },
        local: [domain, onion, ...local, localAddress],
      }[kind]
      // untrusted text: bounded before it is logged
      const host = ctx.req.headers.host?.slice(0, 100)
      logThrottled('info', 'unknown host rejected', {
        host,
        kind,
        answers: answers.filter(Boolean),
      })
      // a device on the same network knows this address already
      if ((kind === 'local' || kind === 'lan') && localAddress && isNearby(remoteAddress))
        ctx.state.instead = originOf('http', canonical(localAddress), localPort ?? 80)
      throw new RelayError('wrong_host')
    }
    const { origin, alias } = own
    // apps cannot connect to a hostname without a dot
    const host = isDialable(own.host) ? own.host : canonical(localAddress ?? '')
    Object.assign(ctx.state, { host, origin, alias })
    if (ctx.state.kind === 'lan') {
      // not the name: another machine may answer to it, and many apps cannot look it up
      const nearHost = canonical(localAddress ?? '')
      Object.assign(ctx.state, { nearHost, host: nearHost }, hostnames().elsewhere ?? {})
    }
    if (alias === null || ctx.path === LANGUAGE_PATH) return next()
    const path = aliasPath(alias)
    if (ctx.path === '/') ctx.path = path
    else if (ctx.path !== path && !ctx.path.startsWith(`${path}/`)) throw new RelayError('not_found')
    return next()
  }
}
