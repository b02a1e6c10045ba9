// SPDX-License-Identifier: AGPL-3.0-or-later
// The SSB peer: builds listeners, handshake, muxrpc and methods.

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Keys } from 'ssb-keys'
import type { Clock } from '../lib/clock.js'
import { type Counters, NO_COUNTERS } from '../lib/counters.js'
import { createThrottledLog, type Log, type ThrottledLog } from '../lib/log.js'
import { describeMachine } from '../lib/platform.js'
import type { SessionParts } from '../muxrpc/contract.js'
import { Registry } from '../muxrpc/registry.js'
import { MuxrpcSession } from '../muxrpc/session.js'
import { TotalLimits } from '../muxrpc/stream-limits.js'
import { createAttendants } from '../room/attendants.js'
import { createConnections } from '../room/connections.js'
import type { SignInBridge } from '../room/sign-in.js'
import { createTunnels, type TunnelCaps } from '../room/tunnels.js'
import type { FeedId } from '../ssb/feed-id.js'
import type { HostPort } from '../ssb/invite-code.js'
import { NETWORK_KEY } from '../ssb/network.js'
import type { Store } from '../store/store.js'
import { readyCrypto } from '../wire/crypto-ready.js'
import type { EncryptedConnection } from '../wire/encrypted-connection.js'
import { createHandshakeServer } from '../wire/handshake-server.js'
import { createTcpListeners, type Listener, type ListenerOptions } from '../wire/tcp-listener.js'
import { createAccess } from './access.js'
import { createAdmission } from './admission.js'
import { type CallerClass, type Connection, createCallerLimits } from './connection.js'
import { manageConnections } from './connection-manager.js'
import { createEbtSwitch } from './ebt/switch.js'
import { chooseEviction } from './eviction.js'
import { createExchange, type Exchange } from './exchange/exchange.js'
import { keyPairOf } from './key-pair.js'
import { allMethods } from './methods/all.js'
import { createAskApp } from './methods/http-auth.js'
import type { RoomComponents } from './methods/room.js'
import { createPluginHost, type Plugin } from './plugin-host.js'
import type { Recovery } from './recovery.js'
import { createReplication } from './replication.js'

export interface PeerComponents {
  store: Store
  keys: Keys
  log: Log
  clock: Clock
  /** asks callers for the relay's own feed, after a restore */
  recovery: Pick<Recovery, 'ask'>
  /** connects browsers and apps */
  signIn: SignInBridge
  counters?: Counters
  /** Called for each connection and each session of EBT, as what they begin with leaves garbage. */
  used?: () => void
}

export interface PeerOptions
  extends Pick<RoomComponents, 'address' | 'expiresDays' | 'inviteLink' | 'aliasLink' | 'name'> {
  tunnels: TunnelCaps
  /** whether the configuration turns EBT on for members; the setting can, too */
  ebt: boolean
  /** Connects to another relay's address, an onion's through tor. */
  connectTo: (at: HostPort) => Promise<Socket>
  /** secret-stack plugins to load */
  plugins?: readonly Plugin[]
}

/** What all connections together take. */
export interface PeerLoad {
  /** connections past the handshake, by class of caller */
  connections: Readonly<Record<CallerClass, number>>
  /** connections of all listeners, those in the handshake too */
  sockets: number
  /** streams that callers have open */
  streams: number
  /** bytes held for unfinished bodies */
  gathered: number
  /** bytes that wait for sockets */
  queued: number
}

/** An upgrade request, its socket, and the bytes after it. */
export interface Upgrade {
  req: IncomingMessage
  socket: Socket
  head: Buffer
}

export interface Peer {
  id: FeedId
  /** Opens a listener. @throws RelayError `address_unusable` */
  listen(options: ListenerOptions): Promise<Listener>
  /**
   * Answers a WebSocket upgrade. Its caller is then treated as one of the named listener.
   * @param taken called when the WebSocket is open
   */
  upgrade(request: Upgrade, listener: string, taken: () => void): void
  /** Refuses further WebSockets, and says goodbye to those that are open. */
  closeWebSockets(): Promise<void>
  /** Attendants: connected internal users. */
  online(): FeedId[]
  /** Number of members whose apps asked for EBT while it was off. */
  ebtRefused(): number
  /** Other relays that feeds are kept with. */
  exchange: Pick<Exchange, 'start' | 'states' | 'counts' | 'redeem'>
  /** Number of open tunnels. */
  tunnels(): number
  /** What the connections take now. */
  load(): PeerLoad
  close(): Promise<void>
}

export async function createPeer(
  { store, keys, log, clock, recovery, signIn, counters = NO_COUNTERS, used }: PeerComponents,
  options: PeerOptions,
): Promise<Peer> {
  // before the first handshake: without native crypto, one is up to 40 times slower until wasm is ready
  log.info({ machine: describeMachine(), crypto: await readyCrypto() }, 'starting')
  const own = keys.id
  const mode = () => store.settings.get().mode
  const logFault = createFaultLogs(log, clock.uptime)
  const connections = createConnections<Connection>()
  const attendants = createAttendants<Connection>(clock, store.activity.here)
  const tunnels = createTunnels(options.tunnels)
  const onEnd = (connection: Connection): void => replication.resume(connection)
  const ebt = await createEbtSwitch(
    { store, log, uptime: clock.uptime, own, counters, used, onEnd },
    options.ebt,
  )
  const replication = createReplication({ store, clock, log, connections, counters, ebt: ebt.hub })
  signIn.connect(createAskApp(connections))

  const access = createAccess(mode)
  const registry = new Registry<Connection>()
  const methods = allMethods(access, {
    ...options,
    ...{ store, attendants, tunnels, signIn, clock, log, own, backlog: replication, ebt },
    manifest: (caller) => registry.manifest((method) => method.access.allows(caller)),
  })
  const host = createPluginHost(registry, methods, {
    own,
    config: { keys, caps: { shs: NETWORK_KEY } },
    plugins: options.plugins ?? [],
    everyone: access.everyone,
    onClose: () => void close(),
  })

  const totals = new TotalLimits((kind) => counters.evicted(`session_${kind}`))
  const sessions: SessionParts<Connection> = {
    registry,
    totals,
    onRefusal: counters.refused,
    onFault: (err, { id }, method) => logFault(method)('error', 'call failed', { err, id, method }),
  }
  const parts = { log, limits: createCallerLimits(options.tunnels.perPeer) }
  const admission = createAdmission({ store, connections, counters, parts })
  const handshakes = createHandshakeServer<Connection>(
    { log, counters },
    { keys: keyPairOf(keys), appKey: Buffer.from(NETWORK_KEY, 'base64'), ...admission, onAdmitted },
  )
  const listeners = createTcpListeners({
    log,
    counters,
    now: clock.uptime,
    onConnection: (wire) => handshakes.accept(wire),
    chooseEviction: (open) => chooseEviction(open, connections.all()),
  })
  const manager = manageConnections({
    ...{ store, clock, listeners, connections, attendants, replication, recovery },
  })

  const exchange = createExchange({
    ...{ store, keys, log, clock, connections, replication },
    connectTo: options.connectTo,
    admit: (encrypted) => onAdmitted(encrypted, admission.admit(encrypted.remote, encrypted.wire)),
  })

  function onAdmitted(encrypted: EncryptedConnection, connection: Connection): void {
    const rpc = new MuxrpcSession(encrypted, connection, sessions)
    encrypted.receiver = rpc
    connection.rpc = rpc
    connection.onClose(() => {
      manager.gone(connection)
      exchange.gone(connection)
    })
    manager.connected(connection)
    used?.()
    if (connection.callerClass === 'peer') exchange.connected(connection)
    host.connected(connection)
  }

  function upgrade({ req, socket, head }: Upgrade, listener: string, taken: () => void): void {
    // a relay without WebSockets does not load them
    import('../wire/websocket-upgrade.js').then(
      ({ upgradeWebSocket }) =>
        upgradeWebSocket(req, socket, head, (make) => {
          taken()
          if (!listeners.adopt(listener, make)) socket.destroy()
        }),
      (err) => {
        log.error({ err }, 'websocket code not loaded')
        socket.destroy()
      },
    )
  }

  async function closeWebSockets(): Promise<void> {
    listeners.stopAdopting()
    const open = new Set(listeners.adopted())
    for (const { wire, rpc } of [...connections.all()]) if (open.has(wire)) rpc?.close()
    // the kernel has the last frames after this turn
    await new Promise((resolve) => setImmediate(resolve))
    for (const wire of open) wire.destroy()
  }

  async function close(): Promise<void> {
    listeners.stop()
    exchange.close()
    manager.close()
    ebt.close()
    replication.close()
    attendants.close()
    host.close()
    for (const { rpc } of [...connections.all()]) rpc?.close()
    // the kernel has the last frames after this turn
    await new Promise((resolve) => setImmediate(resolve))
    await listeners.close()
    for (const connection of [...connections.all()]) connection.close('the relay stops')
  }

  function load(): PeerLoad {
    const classes = { guest: 0, stranger: 0, peer: 0, member: 0, moderator: 0, admin: 0 }
    for (const { callerClass } of connections.all()) classes[callerClass] += 1
    return {
      connections: classes,
      sockets: [...listeners.connections()].length,
      streams: totals.total('streams'),
      gathered: totals.total('gathered'),
      queued: totals.total('queued'),
    }
  }

  return {
    id: own,
    listen: (at) => listeners.listen(at),
    upgrade,
    closeWebSockets,
    online: () => attendants.ids(),
    ebtRefused: ebt.refusedCount,
    exchange,
    tunnels: () => tunnels.count(),
    load,
    close,
  }
}

/** Throttled logs by method: a caller can provoke a fault at will, and must not hide the faults of other methods. */
function createFaultLogs(log: Log, uptime: () => number): (method: string) => ThrottledLog {
  const logs = new Map<string, ThrottledLog>()
  return (method) => {
    const known = logs.get(method) ?? createThrottledLog(log, uptime)
    logs.set(method, known)
    return known
  }
}
