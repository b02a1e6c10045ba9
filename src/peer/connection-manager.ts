// The life of a connection: its place in the room, what a change of standing does to it, and its end when it goes silent.

import type { Clock } from '../lib/clock.js'
import { ALIVE_ANSWER_MS, ALIVE_ASK_MS, IDLE_MS, SECOND } from '../lib/limits.js'
import type { Attendants } from '../room/attendants.js'
import type { Connections } from '../room/connections.js'
import type { Store } from '../store/store.js'
import { classify } from './admission.js'
import { receiveGuest } from './methods/invite.js'
import { isInternal } from './permissions.js'
import type { Recovery } from './recovery.js'
import type { Replication } from './replication.js'
import { isFollowed, type Rpc, type Session } from './session.js'
import type { NetTransport } from './wire/net.js'

export interface ConnectionManagerComponents {
  store: Store
  clock: Clock
  net: NetTransport
  connections: Connections<Session>
  attendants: Attendants<Session>
  replicate: Replication
  recovery: Pick<Recovery, 'ask'>
}

export interface ConnectionManager {
  connected(rpc: Rpc): void
  close(): void
}

/** Milliseconds between looks for connections that have gone silent: one timer for all of them. */
const SWEEP_MS = 15 * SECOND

export function manageConnections(components: ConnectionManagerComponents): ConnectionManager {
  const { store, clock, net, connections, attendants, replicate, recovery } = components
  const mode = () => store.settings.get().mode

  /** Gives a session the standing its identity has now; whoever lost some is cut off and may come back with less. */
  function applyRole(session: Session): void {
    const row = classify(store, session.id)
    const before = session.row
    // Streams that are open were granted under the old standing; ending the connection ends them all.
    if (!row || (isFollowed(before) && !isFollowed(row))) return session.close('it has lost its standing')
    session.row = row
    if (isInternal(row, mode()) && !session.away) attendants.enter(session)
    if (isFollowed(row) && !isFollowed(before) && session.rpc) replicate.start(session.rpc)
  }

  /** Remembers when a member was last here. */
  function remember({ row, id, log }: Session): void {
    if (isFollowed(row))
      store.members
        .recordSeen(id)
        .catch((err) => log.debug({ err }, 'when a member was here could not be kept'))
  }

  const stopMembers = store.members.onChange(({ feed, now }) => {
    for (const session of [...connections.of(feed)]) applyRole(session)
    const voucher = now === 'followed' ? store.members.get(feed)?.voucher : null
    if (voucher) replicate.vouched(voucher, feed)
  })
  const stopRoles = store.roles.onChange((feed) => {
    for (const session of [...connections.of(feed)]) applyRole(session)
  })
  const stopSettings = store.settings.onChange((now, before) => {
    if (now.mode === before.mode) return
    for (const session of [...connections.all()]) {
      if (session.row === 'stranger' && before.mode === 'open') session.close('the room is no longer open')
      else applyRole(session)
    }
  })

  /** Asks those who know the room whether they are there; silence from them, or from anyone for long, is an end. */
  function sweep(): void {
    const now = clock.uptime()
    for (const link of net.links()) if (now - link.lastActive > IDLE_MS) link.destroy()
    for (const { roomAware, link, rpc } of [...connections.all()]) {
      if (!roomAware || !rpc) continue
      const silent = now - link.lastHeard
      if (silent > ALIVE_ASK_MS + ALIVE_ANSWER_MS) link.destroy()
      // Any answer will do, a refusal too: that bytes come is what counts.
      else if (silent > ALIVE_ASK_MS) rpc.tunnel.ping(() => {})
    }
  }
  const stopSweeping = clock.every(SWEEP_MS, sweep)

  return {
    connected(rpc) {
      const session = rpc.meta
      session.rpc = rpc
      connections.add(session)
      session.onClose(() => {
        session.rpc = null
        connections.remove(session)
        attendants.leave(session)
        remember(session)
      })
      // Between the handshake and now a moderator may have spoken.
      const row = classify(store, session.id)
      if (!row) return session.close('no longer admitted')
      session.row = row
      if (row === 'guest') return receiveGuest(clock, session)
      recovery.ask(rpc)
      if (isInternal(row, mode())) attendants.enter(session)
      if (isFollowed(row)) replicate.start(rpc)
      remember(session)
    },
    close() {
      stopSweeping()
      stopMembers()
      stopRoles()
      stopSettings()
    },
  }
}
