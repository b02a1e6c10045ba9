// SPDX-License-Identifier: AGPL-3.0-or-later
// Connections by identity; removal is by object.

import t from 'tap'
import { createConnections } from '../../src/room/connections.js'

t.test('a client with two connections stays until the last one goes', async (t) => {
  const connections = createConnections<{ id: string }>()
  const [one, two, other] = [{ id: 'a' }, { id: 'a' }, { id: '__proto__' }]
  connections.add(one)
  connections.add(two)
  connections.add(other)
  t.same([...connections.of('a')], [one, two], 'oldest first')
  connections.remove({ id: 'a' })
  t.equal(connections.of('a').size, 2, 'an equal object is not the same one')
  connections.remove(one)
  t.ok(connections.has('a'))
  connections.remove(one)
  t.ok(connections.has('a'), 'removing twice removes no other')
  connections.remove(two)
  t.notOk(connections.has('a'))
  t.same([...connections.ids()], ['__proto__'])
  t.same([...connections.all()], [other])
  t.equal(connections.of('a').size, 0)
})
