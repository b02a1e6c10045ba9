// SPDX-License-Identifier: AGPL-3.0-or-later
// A client that waits for the relay's start: it calls when the SSB port opens, and is served.

import { Server } from 'node:net'
import ssbKeys from 'ssb-keys'
import t from 'tap'
import { parseInviteCode } from '../../src/ssb/invite-code.js'
import { connectClient } from '../helpers/client.js'
import { freePort } from '../helpers/ports.js'
import { bootRelay, until } from '../helpers/relay.js'

t.test(
  'an invite asked for at once is made, and nothing listens after the SSB port but the operator',
  async (t) => {
    const port = await freePort()
    const relay = await bootRelay(t, { sets: [`ssb.port=${port}`] })
    const keys = ssbKeys.generate()
    await relay.operator.membersAdd(keys.id)
    await relay.close()

    // listeners that open after the SSB port wait until the client has its answer
    const order: unknown[] = []
    let answered = false
    const { listen } = Server.prototype
    t.teardown(() => {
      Server.prototype.listen = listen
    })
    Server.prototype.listen = function (this: Server, ...args: unknown[]) {
      const at = args[0] as { port?: number } | string | number
      const isOpen = order.includes(port)
      order.push(typeof at === 'object' ? at.port : typeof at === 'string' ? 'control' : at)
      const go = (): unknown => listen.apply(this, args as Parameters<typeof listen>)
      if (isOpen) void until('the client', () => answered).then(go)
      else go()
      return this
    } as typeof listen

    const starting = relay.restart()
    const client = await until('the SSB port', () =>
      order.includes(port) ? connectClient({ port, relay: relay.id, keys }).catch(() => null) : null,
    )
    const { code, link } = await client.rpc.room.createInvite()
    answered = true
    await starting
    t.match(link, /^http:\/\/127\.0\.0\.1:\d+\/join\?invite=/)
    t.ok(link.startsWith(`${relay.webUrl}/`), 'the link leads to the pages')
    t.match(parseInviteCode(code), { port })
    t.same(
      (await relay.operator.inviteList()).map(({ by }) => by),
      [keys.id],
    )
    t.same(order.slice(-2), [port, 'control'])
    await client.close()
  },
)
