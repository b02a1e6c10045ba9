// SPDX-License-Identifier: AGPL-3.0-or-later
// The relay's own addresses, links and host names, from the listeners that are open now.

import type { Socket } from 'node:net'
import { connectSocket } from '../lib/connect-socket.js'
import { ONION_PORTS, PEER_CALL_MS } from '../lib/limits.js'
import { isLoopback, lanNames, originOf, reachableHost } from '../lib/platform.js'
import type { OpenedMatrix } from '../matrix/open.js'
import type { FeedId } from '../ssb/feed-id.js'
import type { HostPort } from '../ssb/invite-code.js'
import { aliasLink, inviteLink } from '../ssb/links.js'
import { multiserverAddress, type Sites, siteAt, ssbPortAt, webSocketAddress } from '../web/address.js'
import type { Listener, ListenerKind, PublicName, RelayHostnames, Web } from '../web/app.js'
import type { Elsewhere } from '../web/contract.js'
import type { LocalListener } from '../web/listeners.js'
import type { Addresses, RelayStatus } from './protocol.js'

/** Name of the onion's listeners. */
export const ONION = 'onion'
/** Name of the SSB listener for all others. */
export const PUBLIC = 'public'

/** Name of the SSB listener whose rules apply to callers through a kind of web listener. */
export const listenerOf = (kind: ListenerKind): string => (kind === 'onion' ? ONION : PUBLIC)

/** The open listeners. Null until they are open, as other parts may ask earlier. */
export interface Listening {
  ssb: { port: number } | null
  web: (Listener & Pick<Web, 'trouble'>) | null
  domain: Pick<PublicName, 'url' | 'status' | 'check'> | null
  whois: Listener | null
  local: LocalListener | null
  onion: {
    name(): string | null
    status(): RelayStatus['onion']
    connect(at: HostPort): Promise<Socket>
  } | null
  /** the lobby on Matrix */
  matrix: OpenedMatrix | null
  metrics: { url: string | null } | null
}

export const NOTHING_LISTENS: Listening = {
  ...{ ssb: null, web: null, domain: null, whois: null, local: null },
  ...{ onion: null, matrix: null, metrics: null },
}

export interface ReachOptions {
  id: FeedId
  ssb: HostPort
  /** the plain web listener as configured; `names` is a comma-separated list of further host names */
  web: HostPort & { names: string | null; ssb: boolean }
  domain: { name: string | null; alias_subdomains: boolean }
}

export interface Reach {
  /** The address in an invite: of the given host, or else the best address. */
  address(host?: string): HostPort
  /** URL of the pages, without a path. */
  site(host?: string): string
  names(): RelayHostnames
  addresses(): Addresses
  /** The address for a caller, by the SSB listener that it uses. */
  addressFor(listener: string): HostPort
  inviteLink(seed: Buffer, listener: string): string
  aliasLink(alias: string, listener: string): string
  /** Connects to another relay: to an onion through this relay's tor, else by TCP. */
  connectTo(at: HostPort): Promise<Socket>
}

export function createReach(listening: Listening, { id, ssb, web, domain }: ReachOptions): Reach {
  const ssbPort = (): number => listening.ssb?.port ?? ssb.port
  const onion = (): string | null => listening.onion?.name() ?? null
  const https = (): string | null => listening.domain?.url() ?? null
  const onionFor = (listener: string): string | undefined => (listener === ONION && onion()) || undefined

  const more = web.names?.toLowerCase().split(',') ?? []
  const lan = [...lanNames(), ...more.map((each) => each.trim())]
  const local = lan.slice(isLoopback(web.host) ? lanNames().length : 0)

  function elsewhere(): Elsewhere | null {
    const host = https() === null ? (onion() ?? domain.name) : domain.name
    if (!host) return null
    // a domain without HTTPS is for SSB alone: the plain pages may be reachable from this machine only
    return (https() ?? onion()) ? { host, origin: siteAt(host, sites()) } : { host }
  }

  function names(): RelayHostnames {
    return {
      ...{ local, lan, elsewhere: elsewhere() },
      domain: domain.name || null,
      onion: onion(),
      ssbPort: ssbPort(),
      listening: listening.ssb !== null,
      aliasSubdomains: domain.alias_subdomains,
    }
  }

  const plain = (): Pick<Listener, 'host' | 'port' | 'url'> =>
    listening.web ?? { ...web, url: originOf('http', reachableHost(web.host), web.port) }

  function address(host?: string): HostPort {
    const named = host ?? (domain.name || reachableHost(ssb.host))
    return { host: named, port: ssbPortAt(named, { ssbPort: ssbPort() }) }
  }
  const sites = (): Sites => ({ domain: domain.name || null, onion: onion(), https: https(), plain: plain() })
  const site = (host?: string): string => siteAt(host, sites())

  /** Origins at which the pages, and so the WebSockets, are reached. */
  function origins(): string[] {
    if (!web.ssb) return []
    const host = onion()
    return [https() ?? plain().url, ...(host ? [originOf('http', host, ONION_PORTS.web)] : [])]
  }

  return {
    address,
    site,
    names,
    addresses: () => ({
      ssb: [
        ...[address().host, onion() ?? []]
          .flat()
          .map((host) => multiserverAddress(host, { id }, { ssbPort: ssbPort() })),
        ...origins().map((origin) => webSocketAddress(origin, { id })),
      ],
      web: listening.web?.url ?? null,
      https: https(),
      onion: onion() && `http://${onion()}/`,
      whois: listening.whois?.url ?? null,
      local: listening.local?.url ?? null,
      metrics: listening.metrics?.url ?? null,
    }),
    addressFor: (listener) => address(onionFor(listener)),
    inviteLink: (seed, listener) => inviteLink(site(onionFor(listener)), seed),
    async connectTo(at) {
      if (!at.host.endsWith('.onion')) return connectSocket(at, PEER_CALL_MS)
      if (!listening.onion) throw new Error('an onion address needs tor: set onion.enabled = true')
      return listening.onion.connect(at)
    },
    aliasLink(alias, listener) {
      const at = site(onionFor(listener))
      return aliasLink(at, alias, domain.alias_subdomains && at === https())
    },
  }
}
