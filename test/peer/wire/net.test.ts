// Listeners count their own callers: a crowd at one takes no place from those at another.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import type { Link } from '../../../src/peer/wire/link.js'
import { createNetTransport } from '../../../src/peer/wire/net.js'
import { createShsTransform } from '../../../src/peer/wire/shs.js'
import { silentLog } from '../../helpers/store.js'
import { until } from '../../helpers/wait.js'

t.test('a crowd at one listener cuts its own, never those of another', async (t) => {
  const taken: Link[] = []
  const net = createNetTransport({
    log: silentLog,
    now: () => performance.now(),
    leastMissed: (links) => [...links].sort((a, b) => a.lastHeard - b.lastHeard)[0],
  })
  const plugin = net.plugin.create({}) as { server(taken: (link: Link) => void, started: () => void): void }
  plugin.server(
    (link) => taken.push(link),
    () => {},
  )
  t.teardown(() => net.close())
  const loopback = { host: '127.0.0.1', port: 0 }
  const open = await net.listen({ ...loopback, name: 'public' })
  const onion = await net.listen({ ...loopback, name: 'onion', connections: 3 })
  const dial = async (port: number): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    t.teardown(() => socket.destroy())
    await once(socket, 'connect')
    return socket
  }
  // the most silent of all, but alone where it is
  const friend = await dial(open.port)
  await until('the friend', () => taken.length === 1)
  for (let i = 1; i <= 10; i++) {
    await dial(onion.port)
    await until('it to be taken', () => taken.length === 1 + i)
  }
  const left = (name: string) => taken.filter(({ listener, closed }) => listener === name && !closed).length
  await until('the crowd to be cut', () => left('onion') === 3)
  t.equal(left('public'), 1)
  t.notOk(friend.destroyed)
})

t.test('so do handshakes', async (t) => {
  const shs = createShsTransform(
    { log: silentLog },
    {
      keys: { publicKey: Buffer.alloc(32), secretKey: Buffer.alloc(64) },
      appKey: Buffer.alloc(32),
      admit: () => Promise.reject(new Error('nobody comes that far')),
    },
  )
  const accept = shs.transform.create().create()
  const ended: Link[] = []
  const ends: Array<() => void> = []
  /** Somebody who says nothing. */
  const caller = (listener: string): Link => {
    const link = {
      listener,
      closed: false,
      receive: (cb: (end: true) => void) => ends.push(() => cb(true)),
      destroy() {
        ended.push(link)
      },
    } as unknown as Link
    return link
  }
  const friend = caller('public')
  accept(friend, () => {})
  for (let i = 0; i < 300; i++) accept(caller('onion'), () => {})
  t.ok(ended.length > 0)
  t.notOk(ended.includes(friend))
  // nobody's deadline stays
  for (const end of ends) end()
})
