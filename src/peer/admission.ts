// SPDX-License-Identifier: AGPL-3.0-or-later
// Admission: in the handshake, admits or rejects a caller and assigns its class (docs/protocol.md, "Who may connect").

import type { Counters } from '../lib/counters.js'
import { RelayError } from '../lib/errors.js'
import { CONNECTIONS_PER_GUEST, CONNECTIONS_PER_PEER } from '../lib/limits.js'
import type { Connections } from '../room/connections.js'
import { type FeedId, feedIdOf } from '../ssb/feed-id.js'
import type { Store } from '../store/store.js'
import type { WireConnection } from '../wire/connection.js'
import { type CallerClass, Connection, type ConnectionParts } from './connection.js'

export interface Admission {
  /** Uses a directed invite for the caller. Null if there is none, and nothing to wait for. */
  prepare(publicKey: Buffer): Promise<unknown> | null
  /** @throws RelayError `not_admitted` */
  admit(publicKey: Buffer, wire: WireConnection): Connection
}

/** The caller class of an identity; null if it is not admitted. */
export function classify(
  { members, invites, roles, settings, peers }: Store,
  id: FeedId,
): CallerClass | null {
  if (members.isBlocked(id)) return null
  if (members.has(id)) return peers.has(id) ? 'peer' : roles.of(id)
  // also for a used or expired invite: the app then shows the error of `invite.use`
  if (invites.get(id)) return 'guest'
  return settings.get().mode === 'restricted' ? null : 'stranger'
}

export function createAdmission({
  store,
  connections,
  counters,
  parts,
}: {
  store: Store
  connections: Connections<Connection>
  counters: Pick<Counters, 'evicted'>
  parts: ConnectionParts
}): Admission {
  return {
    prepare(publicKey) {
      const id = feedIdOf(publicKey)
      // the caller joins by connecting, if a member has invited this feed
      return store.invites.awaits(id) ? store.invites.useDirected(id) : null
    },
    admit(publicKey, wire) {
      const id = feedIdOf(publicKey)
      const callerClass = classify(store, id)
      if (!callerClass) throw new RelayError('not_admitted')
      const most = callerClass === 'guest' ? CONNECTIONS_PER_GUEST : CONNECTIONS_PER_PEER
      const open = connections.of(id)
      // Evict the oldest connection: after a network loss, old connections look alive for minutes.
      const oldest = open.values().next().value
      if (open.size >= most && oldest) {
        counters.evicted('connections_per_peer')
        oldest.close('replaced by a newer connection')
      }
      return new Connection(id, callerClass, wire, parts)
    },
  }
}
