// Admission: decides in the handshake who may come in and as what (docs/protocol.md, "Who may connect").

import { RelayError } from '../lib/errors.js'
import { CONNECTIONS_PER_GUEST, CONNECTIONS_PER_PEER } from '../lib/limits.js'
import type { Log } from '../lib/log.js'
import type { Connections } from '../room/connections.js'
import type { FeedId } from '../ssb/feed-id.js'
import type { Store } from '../store/store.js'
import { permissionsFor } from './permissions.js'
import { type Admission, type CallerClass, createSession, type Session } from './session.js'
import type { Link } from './wire/link.js'

export type Admit = (id: FeedId, link: Link) => Promise<Admission>

/** The row of an identity now, or null for one that is not let in. */
export function classify({ members, invites, roles, settings }: Store, id: FeedId): CallerClass | null {
  if (members.isBlocked(id)) return null
  if (members.has(id)) return roles.of(id)
  // A dead invite's guest is let in to be told, in words its app shows, what became of the code.
  if (invites.get(id)) return 'guest'
  return settings.get().mode === 'restricted' ? null : 'stranger'
}

/**
 * @returns the decision; it rejects with `not_admitted`, which is the only way to refuse: secret-stack takes a falsy
 * answer for an anonymous caller and connects it
 */
export function createAdmission({
  store,
  connections,
  log,
  tunnels,
}: {
  store: Store
  connections: Connections<Session>
  log: Log
  /** that one peer may have open */
  tunnels: number
}): Admit {
  return async (id, link) => {
    // Somebody has invited this very feed: connecting is all it takes (the join workflow's directed invitation).
    if (store.invites.awaits(id)) await store.invites.useDirected(id)
    const row = classify(store, id)
    if (!row) throw new RelayError('not_admitted')
    const most = row === 'guest' ? CONNECTIONS_PER_GUEST : CONNECTIONS_PER_PEER
    const open = connections.of(id)
    // The newest connection wins: the old ones of a client that lost its network look alive for minutes.
    const oldest = open.values().next().value
    if (open.size >= most && oldest) oldest.close('replaced by a newer connection')
    const session = createSession(id, row, link, log)
    return { session, permissions: permissionsFor(session, () => store.settings.get().mode, tunnels) }
  }
}
