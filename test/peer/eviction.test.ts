// Who makes room when all places are taken.

import t from 'tap'
import { chooseEviction } from '../../src/peer/eviction.js'
import type { CallerClass, Session } from '../../src/peer/session.js'
import type { Link } from '../../src/peer/wire/link.js'

const link = (lastHeard: number): Link => ({ lastHeard }) as Link
const session = (row: CallerClass, link: Link): Session => ({ row, link }) as Session

t.test('strangers before handshakes before members, the most silent first', async (t) => {
  const [member, moderator, shaking, guest, stranger] = [link(0), link(1), link(2), link(8), link(9)]
  const sessions = [
    session('member', member),
    session('moderator', moderator),
    session('guest', guest),
    session('stranger', stranger),
  ]
  const order: Link[] = []
  const links = new Set([member, moderator, shaking, guest, stranger])
  while (links.size > 0) {
    const next = chooseEviction(links, sessions) as Link
    order.push(next)
    links.delete(next)
  }
  t.same(
    order.map((each) => each.lastHeard),
    [8, 9, 2, 0, 1],
  )
  t.equal(chooseEviction([], []), undefined)
})
