// Tunnel places: taken, given back once, and bounded for each peer and in total.

import t from 'tap'
import { createTunnels } from '../../src/room/tunnels.js'

const caps = { total: 3, perPeer: 2, bytes: 1, ms: 1 }

t.test('each place is given back once', async (t) => {
  const tunnels = createTunnels(caps)
  const giveBack = tunnels.take('a', 'b')
  t.equal(tunnels.count(), 1)
  giveBack()
  giveBack()
  t.equal(tunnels.count(), 0)
})

t.test('a peer has its share, at either end', async (t) => {
  const tunnels = createTunnels(caps)
  const first = tunnels.take('a', 'b')
  tunnels.take('c', 'a')
  t.throws(() => tunnels.take('a', 'd'), { code: 'busy' })
  t.throws(() => tunnels.take('d', 'a'), { code: 'busy' })
  first()
  tunnels.take('a', 'd')
  t.throws(
    () => tunnels.take('e', 'f') && tunnels.take('g', 'h'),
    { code: 'busy' },
    'and so have all together',
  )
})
