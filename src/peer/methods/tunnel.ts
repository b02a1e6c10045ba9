// tunnel.*: a room as Rooms 1 knows it, and tunnels between its attendants.

import type { Clock } from '../../lib/clock.js'
import { RelayError } from '../../lib/errors.js'
import type { Methods } from '../../muxrpc/registry.js'
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
  /** our own id: the only portal there is here */
  own: FeedId
  /** the room's name as clients are told it */
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
    arrive(attendants, caller)
    return true
  }

  function leave(caller: Connection): boolean {
    caller.away = true
    attendants.leave(caller)
    return true
  }

  /** Asking who is here says that one is here: Rooms 1 clients may do no more than that. */
  function openEndpoints(caller: Connection, stream: RpcStream): void {
    arrive(attendants, caller)
    endpoints(caller, stream)
  }

  function whois(caller: Connection, alias: unknown): FeedId {
    const { mode } = settings.get()
    const held =
      typeof alias === 'string' && isAlias(normalAlias(alias)) ? aliases.get(normalAlias(alias)) : null
    // The owner may have left, or be hidden from this caller: all of it reads as an alias that nobody has.
    const visible = mode === 'open' || (mode === 'community' && members.has(caller.id))
    if (!held || !visible || !members.has(held.owner)) throw new RelayError('not_found')
    return held.owner
  }

  return {
    'tunnel.isRoom': { type: 'async', access: users, call: isRoom },
    'tunnel.announce': { type: 'sync', access: internalUsers, call: announce },
    'tunnel.leave': { type: 'sync', access: internalUsers, call: leave },
    'tunnel.endpoints': { type: 'source', access: internalUsers, open: openEndpoints },
    'tunnel.connect': {
      type: 'duplex',
      access: users,
      open: (caller, stream, argument) => connect(components, caller, stream, argument),
    },
    'tunnel.ping': { type: 'sync', access: users, call: () => clock.now() },
    'tunnel.whois': { type: 'async', access: users, call: whois },
  }
}

/**
 * `tunnel.connect({portal, target})` opens a duplex that ends at the target. Rooms 1 clients leave the portal out. The
 * target is told the origin as the handshake proved it; what the caller says of it is not read.
 * Errors: `could not connect` for every target that cannot be had, whether it exists or not.
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

/** Takes a place in the room that `tunnel.leave` may have given up. */
function arrive(attendants: Attendants<Connection>, caller: Connection): void {
  caller.roomAware = true
  caller.away = false
  attendants.enter(caller)
}
