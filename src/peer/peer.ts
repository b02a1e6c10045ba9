// The SSB peer: builds listeners, handshake, muxrpc and methods.

import type { Keys } from 'ssb-keys'
import type { Clock } from '../lib/clock.js'
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
import { NETWORK_KEY } from '../ssb/network.js'
import type { Store } from '../store/store.js'
import { readyCrypto } from '../wire/crypto-ready.js'
import type { EncryptedConnection } from '../wire/encrypted-connection.js'
import { createHandshakeServer } from '../wire/handshake-server.js'
import { createTcpListeners, type Listener, type ListenerOptions } from '../wire/tcp-listener.js'
import { createAccess } from './access.js'
import { createAdmission } from './admission.js'
import { type Connection, createCallerLimits } from './connection.js'
import { manageConnections } from './connection-manager.js'
import { chooseEviction } from './eviction.js'
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
}

export interface PeerOptions
  extends Pick<RoomComponents, 'address' | 'expiresDays' | 'inviteLink' | 'aliasLink' | 'name'> {
  tunnels: TunnelCaps
  /** secret-stack plugins to load */
  plugins?: readonly Plugin[]
}

export interface Peer {
  id: FeedId
  /** Opens a listener. @throws RelayError `address_unusable` */
  listen(options: ListenerOptions): Promise<Listener>
  /** Attendants: connected internal users. */
  online(): FeedId[]
  /** Number of open tunnels. */
  tunnels(): number
  close(): Promise<void>
}

export async function createPeer(
  { store, keys, log, clock, recovery, signIn }: PeerComponents,
  options: PeerOptions,
): Promise<Peer> {
  // before the first handshake: without native crypto, one is up to 40 times slower until wasm is ready
  log.info({ machine: describeMachine(), crypto: await readyCrypto() }, 'starting')
  const own = keys.id
  const mode = () => store.settings.get().mode
  const tell = createThrottledLog(log, clock.uptime)
  const logFault = createFaultLogs(log, clock.uptime)
  const connections = createConnections<Connection>()
  const attendants = createAttendants<Connection>(clock, store.activity.here)
  const tunnels = createTunnels(options.tunnels)
  const replication = createReplication({ store, clock, log, connections })
  signIn.connect(createAskApp(connections))

  const access = createAccess(mode)
  const registry = new Registry<Connection>()
  const methods = allMethods(access, {
    ...options,
    ...{ store, attendants, tunnels, signIn, clock, log, own, backlog: replication },
    manifest: (caller) => registry.manifest((method) => method.access.allows(caller)),
  })
  const host = createPluginHost(registry, methods, {
    own,
    config: { keys, caps: { shs: NETWORK_KEY } },
    plugins: options.plugins ?? [],
    everyone: access.everyone,
    onClose: () => void close(),
  })

  const sessions: SessionParts<Connection> = {
    registry,
    totals: new TotalLimits((kind) =>
      tell('warn', 'session limit reached, one connection evicted', { kind }),
    ),
    onFault: (err, { id }, method) => logFault(method)('error', 'call failed', { err, id, method }),
  }
  const parts = { log, limits: createCallerLimits(options.tunnels.perPeer) }
  const handshakes = createHandshakeServer<Connection>(
    { log },
    {
      keys: keyPairOf(keys),
      appKey: Buffer.from(NETWORK_KEY, 'base64'),
      ...createAdmission({ store, connections, parts }),
      onAdmitted,
    },
  )
  const listeners = createTcpListeners({
    log,
    now: clock.uptime,
    onConnection: (tcp) => handshakes.accept(tcp),
    chooseEviction: (open) => chooseEviction(open, connections.all()),
  })
  const manager = manageConnections({
    ...{ store, clock, listeners, connections, attendants, replication, recovery },
  })

  function onAdmitted(encrypted: EncryptedConnection, connection: Connection): void {
    const rpc = new MuxrpcSession(encrypted, connection, sessions)
    encrypted.receiver = rpc
    connection.rpc = rpc
    connection.onClose(() => manager.gone(connection))
    manager.connected(connection)
    host.connected(connection)
  }

  async function close(): Promise<void> {
    listeners.stop()
    manager.close()
    replication.close()
    attendants.close()
    host.close()
    for (const { rpc } of [...connections.all()]) rpc?.close()
    // the kernel has the last frames after this turn
    await new Promise((resolve) => setImmediate(resolve))
    await listeners.close()
  }

  return {
    id: own,
    listen: (at) => listeners.listen(at),
    online: () => attendants.ids(),
    tunnels: () => tunnels.count(),
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
