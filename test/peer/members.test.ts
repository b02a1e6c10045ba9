// SPDX-License-Identifier: AGPL-3.0-or-later
// room.members: all members, read from the store with back-pressure.

import ssbKeys from 'ssb-keys'
import t from 'tap'
import { MEMBERS_PAGE } from '../../src/lib/limits.js'
import { connectRaw } from '../flows/raw.js'
import { collect } from '../helpers/client.js'
import { startTestPeer } from '../helpers/peer.js'
import { stretchWire } from '../helpers/room-wire.js'

/** Each would be answered with some 16 KiB: together far more than the kernel takes for a socket. */
const CALLS = 2000

t.test('all members, a page at a time', async (t) => {
  const { connect, follow } = await startTestPeer(t)
  const keys = ssbKeys.generate()
  const ids = [keys.id, ...Array.from({ length: MEMBERS_PAGE }, () => ssbKeys.generate().id)]
  await Promise.all(ids.map(follow))
  const { rpc } = await connect(keys)
  const pages = await collect<Array<{ id: string }>>(rpc.room.members())
  t.same(
    pages.map(({ length }) => length),
    [MEMBERS_PAGE, 1],
  )
  t.same(
    pages
      .flat()
      .map(({ id }) => id)
      .sort(),
    [...ids].sort(),
  )
})

t.test('a caller that does not read is not read for', async (t) => {
  const { connect, follow, store, port, peer } = await startTestPeer(t)
  const keys = ssbKeys.generate()
  const ids = [keys.id, ...Array.from({ length: MEMBERS_PAGE - 1 }, () => ssbKeys.generate().id)]
  await Promise.all(ids.map(follow))
  let asked = 0
  const { page } = store.members
  store.members.page = (after, count) => {
    asked += 1
    return page(after, count)
  }
  const wire = await stretchWire(t, port)
  const deaf = await connectRaw({ port: wire.port, relay: peer.id, keys })
  t.teardown(deaf.close)
  await deaf.answer(deaf.call('whoami', 'sync', '[]'))
  wire.stop()
  for (let i = 0; i < CALLS; i++) deaf.call('room.members', 'source', '[]')
  const other = await connect(keys)
  // by now all of the deaf one's calls have come: the relay reads its sockets in turn
  for (let i = 0; i < 50; i++) t.ok(await other.rpc.whoami())
  t.ok(asked > 0, 'it was heard')
  t.ok(asked < CALLS / 2, `${asked} pages were read for ${CALLS} calls`)
})
