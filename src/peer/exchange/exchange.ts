// SPDX-License-Identifier: AGPL-3.0-or-later
// Keeps feeds with other relays: calls each, keeps one connection to it, and offers it the feeds of members who agree.

import type { Socket } from 'node:net'
import ssbKeys, { type Keys } from 'ssb-keys'
import type { Clock } from '../../lib/clock.js'
import { isErrorCode, RelayError } from '../../lib/errors.js'
import { PEER_CALL_MS, PEER_LOST_MS } from '../../lib/limits.js'
import { createThrottledLog, type Log } from '../../lib/log.js'
import type { Connections } from '../../room/connections.js'
import { type FeedId, keyOf } from '../../ssb/feed-id.js'
import type { HostPort, InviteCode } from '../../ssb/invite-code.js'
import { NETWORK_KEY } from '../../ssb/network.js'
import type { PeerRecord } from '../../store/layout.js'
import type { Store } from '../../store/store.js'
import type { EncryptedConnection } from '../../wire/encrypted-connection.js'
import { DIALLED, dial } from '../../wire/handshake-client.js'
import { connectClient } from '../client.js'
import type { Connection } from '../connection.js'
import { keyPairOf } from '../key-pair.js'
import type { Replication } from '../replication.js'
import { createLink, type Link } from './link.js'
import { type Offering, startOffering } from './offers.js'

/** Another relay, and the state of the connection to it. */
export interface PeerState extends PeerRecord {
  peer: FeedId
  connected: boolean
  /** why the last call failed; null if it did not, or if there was none */
  reason: string | null
  /** Unix ms of the next call; null if none is planned */
  next: number | null
  /** feeds of this relay's members that the other one keeps or was offered */
  ours: number
  /** feeds of the other relay's members that this one keeps */
  theirs: number
  /** how many feeds it refused since it was connected, and the last error; null if it took all */
  refused: { feeds: number; code: string } | null
}

export interface Exchange {
  /** Called when the connection of another relay is admitted, by either side. */
  connected(connection: Connection): void
  /** Called when such a connection is closed. */
  gone(connection: Connection): void
  states(): PeerState[]
  /** Number of relays; of those that are connected; and of those that were not for `PEER_LOST_MS`, or take no feed. */
  counts(): { known: number; connected: number; lost: number }
  /** Begins to call. Not before the listeners are open, as a call can fail at once. */
  start(): void
  /**
   * Uses an invite of another relay, which then follows this one.
   * @throws RelayError `peer_unreachable`, or the other relay's error
   */
  redeem(invite: InviteCode): Promise<void>
  close(): void
}

export interface ExchangeComponents {
  store: Pick<Store, 'members' | 'peers' | 'sharing'>
  keys: Keys
  log: Log
  clock: Clock
  connections: Connections<Connection>
  replication: Pick<Replication, 'offered'>
  /** Connects to an address, an onion's through tor. */
  connectTo(at: HostPort): Promise<Socket>
  /** Admits a connection that this relay has opened. */
  admit(encrypted: EncryptedConnection): void
}

export function createExchange(components: ExchangeComponents): Exchange {
  const { store, keys, log, clock, connections, replication, connectTo, admit } = components
  const { members, peers, sharing } = store
  const links = new Map<FeedId, { link: Link; address: HostPort }>()
  let started = false
  const offerings = new Map<Connection, Offering>()
  const tell = createThrottledLog(log, clock.uptime)
  const appKey = Buffer.from(NETWORK_KEY, 'base64')

  async function call(peer: FeedId, address: HostPort): Promise<void> {
    const socket = await connectTo(address)
    const encrypted = await dial(socket, {
      keys: keyPairOf(keys),
      appKey,
      server: keyOf(peer),
      timeout: PEER_CALL_MS,
    })
    // removed while it was called
    if (!peers.has(peer)) return encrypted.destroy()
    admit(encrypted)
  }

  /** Starts and ends links, so that each relay with an address has one. */
  function sync(): void {
    if (!started) return
    const wanted = new Map(peers.list().map(({ peer, address }) => [peer, address]))
    for (const [peer, { link, address }] of links) {
      const now = wanted.get(peer)
      if (now?.host === address.host && now.port === address.port) continue
      link.close()
      links.delete(peer)
    }
    for (const [peer, address] of wanted) {
      if (!address || links.has(peer)) continue
      const link = createLink({
        clock,
        call: () => call(peer, address),
        isConnected: () => connections.of(peer).size > 0,
        onFailure: (reason) => tell('warn', 'relay not reached', { peer, reason }),
      })
      links.set(peer, { link, address })
    }
  }

  function offer(connection: Connection): void {
    const taken = (feed: FeedId): void => replication.offered(connection, feed)
    const onFault = (err: unknown): void => tell('error', 'cannot offer feeds', { err, peer: connection.id })
    offerings.set(connection, startOffering({ store, clock, taken, onFault }, connection))
  }

  const changed = (feed: FeedId): void => {
    for (const offering of offerings.values()) offering.changed(feed)
  }
  const stops = [
    sharing.onChange(changed),
    members.onChange(({ feed }) => {
      changed(feed)
      if (!peers.has(feed)) sync()
    }),
    peers.onChange((peer) => {
      // streams opened under other rights end; the relay calls again
      for (const connection of [...connections.of(peer)]) connection.close('kept feeds changed')
      sync()
    }),
  ]

  /** Whether it is connected, was offered feeds, and keeps none. */
  function takesNothing(peer: FeedId): boolean {
    const [connection] = connections.of(peer)
    const refused = connection && offerings.get(connection)?.refused()
    return Boolean(refused) && peers.offered(peer).length === 0
  }

  /** Whether it was not connected for long; the time is kept over restarts. */
  function isLong({ peer, since }: PeerRecord & { peer: FeedId }): boolean {
    return clock.now() - (members.lastSeen(peer) ?? since) >= PEER_LOST_MS
  }

  return {
    connected(connection) {
      const { id } = connection
      // both relays close the same one of two connections: the one that the relay with the smaller id did not open
      const isKept = ({ listener }: Connection): boolean => (listener === DIALLED) === keys.id < id
      for (const other of [...connections.of(id)]) {
        if (other === connection) continue
        const loser = isKept(other) && !isKept(connection) ? connection : other
        loser.close('two connections of one relay')
        if (loser === connection) return
      }
      // so that a dead connection is noticed
      connection.roomAware = true
      log.info({ peer: id }, 'relay connected')
      links.get(id)?.link.changed()
      offer(connection)
    },
    gone(connection) {
      offerings.delete(connection)
      links.get(connection.id)?.link.changed()
    },
    counts() {
      const known = peers.list()
      const connected = known.filter(({ peer }) => connections.has(peer))
      const lost = known.filter((each) => (connected.includes(each) ? takesNothing(each.peer) : isLong(each)))
      return { known: known.length, connected: connected.length, lost: lost.length }
    },
    start() {
      started = true
      sync()
    },
    states: () =>
      peers.list().map(({ peer, ...record }) => {
        const link = links.get(peer)?.link
        const [connection] = connections.of(peer)
        return {
          ...{ peer, ...record, connected: connection !== undefined },
          ...{ reason: link?.reason() ?? null, next: link?.next() ?? null },
          ...{ ours: peers.offered(peer).length, theirs: members.vouchedBy(peer).length },
          refused: (connection && offerings.get(connection)?.refused()) ?? null,
        }
      }),
    async redeem({ host, port, relay, seed }) {
      const guest = ssbKeys.generate('ed25519', seed)
      try {
        const client = await connectClient({
          at: await connectTo({ host, port }),
          server: relay,
          keys: guest,
        })
        try {
          await client.call('invite.use', { feed: keys.id })
        } finally {
          client.close()
        }
      } catch (err) {
        const { code, name, message } = err as Error & { code?: unknown }
        const known = [code, name].find(isErrorCode)
        // a member of it already
        if (known === 'already_following' || message === 'already following') return
        throw known ? new RelayError(known) : new RelayError('peer_unreachable', message.slice(0, 200))
      }
    },
    close() {
      started = false
      for (const stop of stops) stop()
      for (const { link } of links.values()) link.close()
      links.clear()
    },
  }
}
