// SPDX-License-Identifier: AGPL-3.0-or-later
// tunnel.*: the methods of Rooms 1, and tunnels between attendants; room.connect and room.ping are two of them.

import type { Clock } from '../../lib/clock.js'
import { RelayError } from '../../lib/errors.js'
import type { Method, Methods } from '../../muxrpc/registry.js'
import type { RpcStream } from '../../muxrpc/stream.js'
import type { Attendants } from '../../room/attendants.js'
import type { Tunnels } from '../../room/tunnels.js'
import { isAlias, normalAlias } from '../../ssb/alias.js'
import type { FeedId } from '../../ssb/feed-id.js'
import type { Store } from '../../store/store.js'
import type { AccessTable } from '../access.js'
import { asObject, feedField, integerField } from '../arguments.js'
import { type Connection, isFollowed } from '../connection.js'
import { Splice } from '../splice.js'
import { createEndpoints } from './presence.js'

export interface TunnelComponents {
  store: Store
  attendants: Attendants<Connection>
  tunnels: Tunnels
  clock: Clock
  /** the relay's id, the only valid portal */
  own: FeedId
  /** the room's display name */
  name(): string
}

export function tunnelMethods(
  { users, internalUsers }: AccessTable,
  components: TunnelComponents,
): Methods<Connection> {
  const { store, attendants, clock, name } = components
  const { settings, aliases, members } = store
  const endpoints = createEndpoints(attendants, clock)

  function isRoom(caller: Connection): unknown {
    caller.roomAware = true
    return { name: name(), description: settings.get().description }
  }

  function announce(caller: Connection): boolean {
    attend(attendants, caller)
    return true
  }

  function leave(caller: Connection): boolean {
    caller.away = true
    attendants.leave(caller)
    return true
  }

  /** A subscription also announces the caller: some Rooms 1 clients do nothing else. */
  function openEndpoints(caller: Connection, stream: RpcStream): void {
    attend(attendants, caller)
    endpoints(caller, stream)
  }

  function whois(caller: Connection, alias: unknown): FeedId {
    const { mode } = settings.get()
    const registered =
      typeof alias === 'string' && isAlias(normalAlias(alias)) ? aliases.get(normalAlias(alias)) : null
    // the same error for an unknown alias, a former member and an owner that this caller must not see
    const visible = mode === 'open' || (mode === 'community' && members.has(caller.id))
    if (!registered || !visible || !members.has(registered.owner)) throw new RelayError('not_found')
    return registered.owner
  }

  const tunnel: Method<Connection> = {
    type: 'duplex',
    access: users,
    open: (caller, stream, argument) => connect(components, caller, stream, argument),
  }
  const ping: Method<Connection> = { type: 'sync', access: users, call: () => clock.now() }

  return {
    'tunnel.isRoom': { type: 'async', access: users, call: isRoom },
    'tunnel.announce': { type: 'sync', access: internalUsers, call: announce },
    'tunnel.leave': { type: 'sync', access: internalUsers, call: leave },
    'tunnel.endpoints': { type: 'source', access: internalUsers, open: openEndpoints },
    'tunnel.connect': tunnel,
    'tunnel.ping': ping,
    // go-ssb-room has both under two names, and announces both in its manifest
    'room.connect': tunnel,
    'room.ping': ping,
    'tunnel.whois': { type: 'async', access: users, call: whois },
  }
}

/**
 * `tunnel.connect({portal, target})` opens a duplex to the target. Rooms 1 clients omit the portal. The target gets the
 * origin from the handshake, never from the caller's argument.
 * Error: `could not connect` for every target that cannot be reached, whether it exists or not.
 */
function connect(
  { attendants, tunnels, clock, own }: TunnelComponents,
  origin: Connection,
  stream: RpcStream,
  argument: unknown,
): void {
  const options = asObject(argument)
  const target = feedField(options, 'target')
  const portal = Object.hasOwn(options, 'portal') ? feedField(options, 'portal') : own
  const instance = integerField(options, 'instance') ?? 0
  tunnels.admit(origin.id, isFollowed(origin.callerClass))
  const other = attendants.get(target)
  if (portal !== own || target === own || target === origin.id || !other?.rpc)
    throw new RelayError('not_attending')
  const splice = new Splice({ clock, tunnels, origin, target: other, stream })
  splice.open(other.rpc, { portal: own, target, origin: origin.id, instance })
}

/** Adds a caller to the attendants, also after `tunnel.leave`. */
function attend(attendants: Attendants<Connection>, caller: Connection): void {
  caller.roomAware = true
  caller.away = false
  attendants.enter(caller)
}
