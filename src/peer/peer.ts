// The SSB peer: secret-stack with our transport, our handshake and our methods, and the life of each connection.

import SecretStack from 'secret-stack'
import type { Keys } from 'ssb-keys'
import type { Clock } from '../clock.js'
import { IDLE_MS, MINUTE } from '../limits.js'
import type { Log } from '../log.js'
import { createConnections } from '../room/connections.js'
import type { FeedId } from '../ssb/feed-id.js'
import { NETWORK_KEY } from '../ssb/network.js'
import type { Store } from '../store/store.js'
import { createAdmit, rowOf } from './auth.js'
import { createFollow } from './follow.js'
import { createHistory } from './history.js'
import { createInviteUse, receiveGuest } from './invite.js'
import { allowedTo } from './permissions.js'
import { createPing } from './ping.js'
import { createReplicate } from './replicate.js'
import type { Rpc, Session } from './session.js'
import { createNetTransport, type Listener, type ListenerOptions } from './wire/net.js'
import { createShsTransform } from './wire/shs.js'

export interface PeerComponents {
  store: Store
  keys: Keys
  log: Log
  clock: Clock
}

export interface Peer {
  id: FeedId
  /** Opens one more listener. @throws RelayError `address_unusable` */
  listen(options: ListenerOptions): Promise<Listener>
  /** Members connected now. */
  online(): FeedId[]
  close(): Promise<void>
}

/** Names of our own, so that secret-stack's stock `net` and `shs` are not matched beside them. */
const TRANSPORT = 'tidepool-net'
const TRANSFORM = 'tidepool-shs'

/** Milliseconds between looks for connections that have gone silent: one timer for all of them. */
const SWEEP_MS = MINUTE

export async function createPeer({ store, keys, log, clock }: PeerComponents): Promise<Peer> {
  const connections = createConnections<Session>()
  const net = createNetTransport({ log, now: clock.now })
  const shs = createShsTransform(
    { log },
    {
      keys: { publicKey: bytesOf(keys.public), secretKey: bytesOf(keys.private) },
      appKey: Buffer.from(NETWORK_KEY, 'base64'),
      admit: createAdmit({ store, connections, log }),
    },
  )
  if (shs.sealing !== 'sodium-native')
    log.warn('sodium-native has no build for this machine: encryption will be slow')
  const replicate = createReplicate({ store, clock, connections })

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
          createHistoryStream: createHistory({ store, clock, own: keys.id }, replicate),
          follow: createFollow(store),
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

  const api = stack({
    keys,
    // -1 switches off secret-stack's timer per connection (30 KB each): the sweep below does its work
    timers: { inactivity: -1 },
    connections: { incoming: { [TRANSPORT]: [{ transform: TRANSFORM }] }, outgoing: {} },
  })

  api.on('rpc:connect', (rpc: Rpc) => {
    const session = rpc.meta
    connections.add(session)
    session.onClose(() => {
      connections.remove(session)
      // secret-stack leaves an empty list behind for every identity that ever called
      if (api.peers[session.id]?.length === 0) delete api.peers[session.id]
    })
    if (session.row === 'guest') receiveGuest(clock, session)
    else replicate.start(rpc)
  })

  const stopListening = store.members.onChange(({ feed, now }) => {
    const row = rowOf(store, feed)
    for (const session of connections.of(feed)) {
      if (row) session.row = row
      else session.close(now)
    }
    const voucher = now === 'followed' ? store.members.get(feed)?.voucher : null
    if (voucher) replicate.vouched(voucher, feed)
  })

  const stopSweeping = clock.every(SWEEP_MS, () => {
    const silent = clock.now() - IDLE_MS
    for (const link of net.links()) if (link.lastActive < silent) link.destroy()
  })

  // secret-stack sets its server up in a setImmediate; asking for an address does it now, before we listen.
  api.getAddress()

  return {
    id: keys.id,
    listen: (options) => net.listen(options),
    online: () => [...connections.ids()].filter((id) => store.members.has(id)),
    async close() {
      stopSweeping()
      stopListening()
      replicate.close()
      await new Promise((resolve) => api.close(resolve))
      await net.close()
    },
  }

  /** The methods this caller may call, in the manifest's own nested form. */
  function manifestFor(session: Session): Record<string, unknown> {
    const manifest: Record<string, unknown> = {}
    for (const path of allowedTo(session.row)) {
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
