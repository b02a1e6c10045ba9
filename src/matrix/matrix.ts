// SPDX-License-Identifier: AGPL-3.0-or-later
// The Matrix lobby as a whole: builds every part, passes each what it needs, and closes them in reverse order.

import { join } from 'node:path'
import { DAY } from '../lib/limits.js'
import { MATRIX_CACHE_MS } from '../lib/matrix-limits.js'
import { createActions } from './actions.js'
import { createAddressRules } from './addresses.js'
import { createFederationClient } from './client.js'
import type { Matrix, MatrixComponents, MatrixOptions } from './contract.js'
import { createDiscovery } from './discovery.js'
import { createGuests } from './guests.js'
import { memberships } from './handlers/memberships.js'
import { roomReads } from './handlers/room-reads.js'
import { transactions } from './handlers/transactions.js'
import { users as userRoutes } from './handlers/users.js'
import { createHistory } from './history.js'
import { createHttpServer } from './http-server.js'
import { createHttps } from './https.js'
import { loadSigningKey } from './identity.js'
import { createIncoming } from './incoming.js'
import { createInviter } from './inviting.js'
import { createJoiner } from './joiner.js'
import { createKeyRing } from './key-ring.js'
import { openLobby } from './lobby.js'
import { createLocalUsers } from './local-users.js'
import { createOtherRooms } from './other-rooms.js'
import { createOutbox } from './outbox.js'
import { createPruner } from './prune.js'
import { createRoomData } from './room-data.js'
import { createRoomGraph } from './room-graph.js'
import { createViews } from './views.js'
import { createVisibility } from './visibility.js'

export { isMatrixPath } from './http-server.js'

/** The file of the signing key, in the data directory. */
export const MATRIX_KEY = 'matrix.key'

/**
 * Opens the lobby; resolves when it can answer.
 * @throws RelayError `data_unusable`, `certificate_unusable`
 */
export async function createMatrix(components: MatrixComponents, options: MatrixOptions): Promise<Matrix> {
  const { store, clock, log, counters, name } = components
  const { server, dataDir } = options
  const { now, uptime } = clock
  const closers: Array<() => unknown> = []
  const key = loadSigningKey(join(dataDir, MATRIX_KEY))
  const matrix = await store.matrix()
  const data = createRoomData(matrix)
  const graph = createRoomGraph({ store: matrix, data, key, clock }, server)

  const https = createHttps(createAddressRules(options.allow), options.ca)
  closers.push(() => https.close())
  const discovery = createDiscovery({ fetch: https.fetch, now })
  const client = createFederationClient({ https, discovery, key }, server)
  const keys = createKeyRing({
    store: matrix,
    fetch: (from) => client.request(from, 'GET', '/_matrix/key/v2/server', { unsigned: true }),
    query: (notary, of) =>
      client.request(notary, 'GET', `/_matrix/key/v2/query/${encodeURIComponent(of)}`, { unsigned: true }),
    own: { server, key },
    now,
  })
  const incoming = createIncoming({ client, data, graph, keys, log })
  const outbox = createOutbox({ store: matrix, client, clock, log }, server)
  closers.push(() => outbox.close())
  closers.push(graph.onQueued(outbox.wake))

  const users = createLocalUsers({ store, matrix, name }, server)
  const { relay } = users
  const { expiresDays } = options
  const lobby = await openLobby(
    { matrix, data, graph, settings: store.settings, name, log },
    { server, alias: options.alias, roomVersion: options.roomVersion, relay },
  )
  closers.push(() => lobby.close())
  const inviter = createInviter({ client, data, graph, key }, server)
  const joiner = createJoiner({ client, graph, incoming, key, clock, log }, server)
  const rooms = createOtherRooms({ matrix, data, graph, joiner, users, clock }, { expiresDays })
  const guests = createGuests(
    { ...components, matrix, data, graph, lobby, inviter, settings: store.settings },
    { relay, expiresDays, invitesPerHour: options.invitesPerHour },
  )
  closers.push(() => guests.close())
  const views = createViews({ matrix, data, lobby, guests, users, rooms }, { server, expiresDays })
  const as = createActions({ store, data, graph, lobby, users, guests, inviter, rooms }, server)

  const pruner = createPruner({ matrix, data, graph, log, now }, options)
  closers.push(() => pruner.close())

  // what a busy time has cached is of no use in a quiet one
  let isQuiet = true
  closers.push(
    graph.onKept(() => {
      isQuiet = false
    }),
  )
  closers.push(
    clock.every(MATRIX_CACHE_MS, () => {
      if (isQuiet) data.clear()
      isQuiet = true
    }),
  )

  // a removed member leaves every room
  closers.push(
    store.members.onChange(({ feed }) => {
      if (!store.members.has(feed))
        silence(feed).catch((err) => log.error({ err, feed }, 'matrix leave of removed member failed'))
    }),
  )

  function silence(feed: string): Promise<void> {
    return graph.write((afterFlush) => {
      for (const user of users.idsOf(feed))
        for (const { id } of matrix.rooms()) {
          const view = data.view(id)
          if (!view || data.members(view).get(user)?.membership !== 'join') continue
          const content = { membership: 'leave' }
          graph.sayNow(id, { sender: user, type: 'm.room.member', stateKey: user, content }, afterFlush)
        }
    })
  }

  /** Withdraws expired invites and knocks. */
  async function expire(): Promise<void> {
    const view = lobby.view()
    const before = now() - expiresDays() * DAY
    for (const { id, membership, since } of views.members()) {
      if ((membership !== 'invite' && membership !== 'knock') || since > before) continue
      await graph.write((afterFlush) => {
        const content = { membership: 'leave', reason: 'expired' }
        graph.sayNow(view.id, { sender: relay, type: 'm.room.member', stateKey: id, content }, afterFlush)
      })
    }
  }

  async function sweep(): Promise<void> {
    await expire()
    await guests.sweep()
    await rooms.sweep()
    await pruner.sweep()
  }

  const history = createHistory(data)
  const visibility = createVisibility(data)
  const handler = createHttpServer(
    {
      keys,
      clock,
      log,
      counters,
      heard: outbox.heard,
      routes: [
        ...userRoutes({
          ...{ server, key, incoming, now },
          version: options.version,
          delegate: components.delegate,
          nameOf: users.nameOf,
          invited: ({ event: _, ...invite }) => rooms.invited(invite),
        }),
        ...roomReads({
          ...{ server, data, history, visibility, now },
          roomIds: () => matrix.rooms().map(({ id }) => id),
          roomOf: (alias) => (alias === lobby.alias ? lobby.id() : null),
          publicRooms: () => (store.settings.get().mode === 'open' ? [listing()] : []),
        }),
        ...memberships({ server, key, data, graph, history, incoming, visibility, uptime }),
        ...transactions({ data, incoming, log, uptime }),
      ],
    },
    server,
  )

  function listing() {
    const { joined } = views.status()
    const { name: title, topic } = {
      name: lobby.view().state('m.room.name', '')?.content.name,
      topic: lobby.view().state('m.room.topic', '')?.content.topic,
    }
    return {
      room_id: lobby.id(),
      canonical_alias: lobby.alias,
      num_joined_members: joined,
      world_readable: false,
      guest_can_join: false,
      join_rule: 'public',
      ...(typeof title === 'string' ? { name: title } : {}),
      ...(typeof topic === 'string' ? { topic } : {}),
    }
  }

  // events queued before the last shutdown
  for (const waiting of matrix.waitingServers()) outbox.wake(waiting)

  return {
    ...views,
    as,
    handler,
    sweep,
    async close() {
      for (const closer of closers.splice(0).reverse()) await closer()
    },
  }
}
