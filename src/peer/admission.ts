// Admission: decides in the handshake who may come in and as what (docs/protocol.md, "Who may connect").

import type { Counters } from '../lib/counters.js'
import { RelayError } from '../lib/errors.js'
import { CONNECTIONS_PER_GUEST, CONNECTIONS_PER_PEER } from '../lib/limits.js'
import type { Connections } from '../room/connections.js'
import { type FeedId, feedIdOf } from '../ssb/feed-id.js'
import type { Store } from '../store/store.js'
import type { TcpConnection } from '../wire/tcp-connection.js'
import { type CallerClass, Connection, type ConnectionParts } from './connection.js'

export interface Admission {
  /** Uses the directed invite that stands for a caller, if one does; null where nothing has to be waited for. */
  prepare(publicKey: Buffer): Promise<unknown> | null
  /** @throws RelayError `not_admitted`, the only way to refuse */
  admit(publicKey: Buffer, tcp: TcpConnection): Connection
}

/** The class of an identity now, or null for one that is not let in. */
export function classify({ members, invites, roles, settings }: Store, id: FeedId): CallerClass | null {
  if (members.isBlocked(id)) return null
  if (members.has(id)) return roles.of(id)
  // The guest of a dead invite is let in, to be told in words its app shows what became of the code.
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
      // A member has invited this very feed: connecting is all it takes (the join workflow's directed invitation).
      return store.invites.awaits(id) ? store.invites.useDirected(id) : null
    },
    admit(publicKey, tcp) {
      const id = feedIdOf(publicKey)
      const callerClass = classify(store, id)
      if (!callerClass) throw new RelayError('not_admitted')
      const most = callerClass === 'guest' ? CONNECTIONS_PER_GUEST : CONNECTIONS_PER_PEER
      const open = connections.of(id)
      // The newest connection wins: the old ones of a client that lost its network look alive for minutes.
      const oldest = open.values().next().value
      if (open.size >= most && oldest) {
        counters.evicted('connections_per_peer')
        oldest.close('replaced by a newer connection')
      }
      return new Connection(id, callerClass, tcp, parts)
    },
  }
}
