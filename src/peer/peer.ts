// The SSB peer: secret-stack with our transport, our handshake and our methods, and its listeners.

import SecretStack from 'secret-stack'
import type { Keys } from 'ssb-keys'
import type { Clock } from '../lib/clock.js'
import type { Log } from '../lib/log.js'
import { describeMachine } from '../lib/platform.js'
import { createAttendants } from '../room/attendants.js'
import { createConnections } from '../room/connections.js'
import type { SignInBridge } from '../room/sign-in.js'
import { createTunnels, type TunnelCaps } from '../room/tunnels.js'
import type { FeedId } from '../ssb/feed-id.js'
import type { HostPort } from '../ssb/invite-code.js'
import { NETWORK_KEY } from '../ssb/network.js'
import type { Store } from '../store/store.js'
import { createAdmission } from './admission.js'
import { manageConnections } from './connection-manager.js'
import { chooseEviction } from './eviction.js'
import { createHistory } from './methods/create-history-stream.js'
import { createFollow } from './methods/follow.js'
import { createPing } from './methods/gossip-ping.js'
import { createAskApp, createHttpAuth } from './methods/http-auth.js'
import { createInviteUse } from './methods/invite.js'
import { createRoomMethods, createTunnelMethods } from './methods/room.js'
import { createTunnelConnect } from './methods/tunnel.js'
import { allowedTo } from './permissions.js'
import type { Recovery } from './recovery.js'
import { createReplication } from './replication.js'
import type { Rpc, Session } from './session.js'
import { readyCrypto } from './wire/crypto.js'
import { createNetTransport, type Listener, type ListenerOptions } from './wire/net.js'
import { createShsTransform } from './wire/shs.js'

export interface PeerComponents {
  store: Store
  keys: Keys
  log: Log
  clock: Clock
  /** asks whoever comes how far our own feed had come, after a restore */
  recovery: Pick<Recovery, 'ask'>
  /** where apps and browsers meet */
  signIn: SignInBridge
}

export interface PeerOptions {
  /** the address that invites name which a member makes who came through this listener */
  address(listener: string): HostPort
  /** days an invite is good for where its maker does not say */
  expiresDays(): number
  /** the link of an invite, by its seed, for who came by a listener */
  inviteLink(seed: Buffer, listener: string): string
  /** the page of a name, for who came by a listener */
  aliasLink(alias: string, listener: string): string
  /** the room's name as clients are told it */
  name(): string
  tunnels: TunnelCaps
}

export interface Peer {
  id: FeedId
  /** Opens one more listener. @throws RelayError `address_unusable` */
  listen(options: ListenerOptions): Promise<Listener>
  /** Attendants: internal users connected now. */
  online(): FeedId[]
  /** Tunnels open now. */
  tunnels(): number
  close(): Promise<void>
}

/** Names of our own, so that secret-stack's stock `net` and `shs` are not matched beside them. */
const TRANSPORT = 'tidepool-net'
const TRANSFORM = 'tidepool-shs'

export async function createPeer(
  { store, keys, log, clock, recovery, signIn }: PeerComponents,
  options: PeerOptions,
): Promise<Peer> {
  // before the first handshake: until then it may be forty times slower
  log.info({ machine: describeMachine(), crypto: await readyCrypto() }, 'what the relay runs on')
  const connections = createConnections<Session>()
  const attendants = createAttendants<Session>(clock, store.activity.here)
  const tunnels = createTunnels(options.tunnels)
  const net = createNetTransport({
    log,
    now: clock.uptime,
    leastMissed: (links) => chooseEviction(links, connections.all()),
  })
  const shs = createShsTransform(
    { log },
    {
      keys: { publicKey: bytesOf(keys.public), secretKey: bytesOf(keys.private) },
      appKey: Buffer.from(NETWORK_KEY, 'base64'),
      admit: createAdmission({ store, connections, log, tunnels: options.tunnels.perPeer }),
      tunnels: options.tunnels.perPeer,
    },
  )
  signIn.connect(createAskApp(connections))
  const replicate = createReplication({ store, clock, log, connections })
  const room = { store, attendants, clock, own: keys.id, ...options }

  const stack = SecretStack({ caps: { shs: NETWORK_KEY } })
    .use({
      version: '1.0.0',
      manifest: { whoami: 'sync', createHistoryStream: 'source', follow: 'async' },
      init: (api) => {
        api.multiserver.transport({ ...net.plugin, name: TRANSPORT })
        api.multiserver.transform({ ...shs.transform, name: TRANSFORM })
        api.manifest.hook((_: unknown, [session]: [Session]) => manifestFor(session))
        return {
          whoami: () => ({ id: keys.id }),
          createHistoryStream: createHistory({ store, clock, log, own: keys.id }, replicate),
          follow: createFollow({ store, clock }),
        }
      },
    })
    .use({
      name: 'invite',
      version: '1.0.0',
      manifest: { use: 'async' },
      init: () => ({ use: createInviteUse({ store, clock }) }),
    })
    .use({
      name: 'gossip',
      version: '1.0.0',
      manifest: { ping: 'duplex' },
      init: () => ({ ping: createPing(clock) }),
    })
    .use({
      name: 'tunnel',
      version: '1.0.0',
      manifest: {
        ...{ isRoom: 'async', announce: 'sync', leave: 'sync', endpoints: 'source' },
        ...{ connect: 'duplex', ping: 'sync', whois: 'async' },
      },
      init: () => ({
        ...createTunnelMethods(room),
        connect: createTunnelConnect({ attendants, tunnels, clock, own: keys.id }),
      }),
    })
    .use({
      name: 'room',
      version: '1.0.0',
      manifest: {
        ...{ metadata: 'async', attendants: 'source', members: 'source', createInvite: 'async' },
        ...{ registerAlias: 'async', revokeAlias: 'async', listAliases: 'async' },
      },
      init: () => createRoomMethods(room),
    })
    .use({
      name: 'httpAuth',
      version: '1.0.0',
      // the last is the app's, which we call: a stack calls what stands in its own manifest, and nobody may call ours
      manifest: { sendSolution: 'async', invalidateAllSolutions: 'async', requestSolution: 'async' },
      init: () => createHttpAuth({ store, signIn }),
    })

  const api = stack({
    keys,
    // -1 switches off secret-stack's timer per connection (30 KB each): one sweep of ours does its work
    timers: { inactivity: -1 },
    connections: { incoming: { [TRANSPORT]: [{ transform: TRANSFORM }] }, outgoing: {} },
  })
  const life = manageConnections({ store, clock, net, connections, attendants, replicate, recovery })
  api.on('rpc:connect', (rpc: Rpc) => {
    life.connected(rpc)
    // secret-stack leaves an empty list behind for every identity that ever called
    rpc.meta.onClose(() => {
      if (api.peers[rpc.id]?.length === 0) delete api.peers[rpc.id]
    })
  })
  // secret-stack sets its server up in a setImmediate; asking for an address does it now, before we listen.
  api.getAddress()

  return {
    id: keys.id,
    listen: (at) => net.listen(at),
    online: () => attendants.ids(),
    tunnels: () => tunnels.count(),
    async close() {
      life.close()
      replicate.close()
      attendants.close()
      await new Promise((resolve) => api.close(resolve))
      await net.close()
    },
  }

  /** The methods this caller may call, in the manifest's own nested form. */
  function manifestFor(session: Session): Record<string, unknown> {
    const manifest: Record<string, unknown> = {}
    for (const path of allowedTo(session.row, store.settings.get().mode)) {
      const [first, second] = path.split('.') as [string, string | undefined]
      const type = second ? stack.manifest[first][second] : stack.manifest[first]
      manifest[first] = second ? { ...(manifest[first] as object), [second]: type } : type
    }
    return manifest
  }
}

/** The bytes of one half of a key pair in ssb-keys' format. */
function bytesOf(key: string): Buffer {
  return Buffer.from(key.replace('.ed25519', ''), 'base64')
}
