// SPDX-License-Identifier: AGPL-3.0-or-later
// Tunnel slots: freed once, limited per peer, per pair and in total, with priority for members.

import t from 'tap'
import { TUNNELS_PER_PAIR } from '../../src/lib/limits.js'
import { createTunnels, type TunnelSlot } from '../../src/room/tunnels.js'

const caps = { total: 100, perPeer: 2, bytes: 1, ms: 1 }
const place = (origin: string, target: string, more: Partial<TunnelSlot> = {}): TunnelSlot => ({
  origin,
  target,
  followed: false,
  lastPassed: 0,
  end: () => {},
  ...more,
})

t.test('a slot is freed once', async (t) => {
  const tunnels = createTunnels(caps)
  const giveBack = tunnels.take(place('a', 'b'))
  t.equal(tunnels.count(), 1)
  giveBack()
  giveBack()
  t.equal(tunnels.count(), 0)
})

t.test('a peer has one limit as origin and one as target', async (t) => {
  const tunnels = createTunnels(caps)
  const first = tunnels.take(place('a', 'b'))
  tunnels.take(place('a', 'c'))
  t.throws(() => tunnels.admit('a', false), { code: 'busy' }, 'whoever the target')
  t.throws(() => tunnels.take(place('a', 'd')), { code: 'busy' })
  tunnels.take(place('d', 'a'))
  tunnels.take(place('e', 'a'))
  t.throws(() => tunnels.take(place('f', 'a')), { code: 'not_attending' }, 'as if it were not there')
  first()
  tunnels.admit('a', false)
  tunnels.take(place('a', 'd'))
})

t.test('a pair of peers has a limit', async (t) => {
  const tunnels = createTunnels({ ...caps, perPeer: 100 })
  for (let n = 0; n < TUNNELS_PER_PAIR; n++) tunnels.take(place('a', 'b'))
  t.throws(() => tunnels.take(place('a', 'b')), { code: 'busy' })
  tunnels.take(place('c', 'b'))
  tunnels.take(place('a', 'c'))
})

t.test(
  'when all places are taken, the most silent strangers make room for a member, and for nobody else',
  async (t) => {
    const tunnels = createTunnels({ ...caps, total: 3 })
    const ended: string[] = []
    for (const [name, followed, lastPassed] of [
      ['silent', false, 1],
      ['talking', false, 9],
      ['friends', true, 0],
    ] as const) {
      const giveBack = tunnels.take(
        place(name, 'x'.concat(name), {
          followed,
          lastPassed,
          end() {
            ended.push(name)
            giveBack()
          },
        }),
      )
    }
    t.throws(() => tunnels.admit('stranger', false), { code: 'busy' })
    for (const name of ['silent', 'talking']) {
      tunnels.admit('member', true)
      tunnels.take(place('member', `to ${name}`, { followed: true }))
      t.equal(ended.at(-1), name)
      t.equal(tunnels.count(), 3)
    }
    t.throws(() => tunnels.admit('another', true), { code: 'busy' }, 'members do not drive members out')
  },
)
