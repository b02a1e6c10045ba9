// SPDX-License-Identifier: AGPL-3.0-or-later
// After a goodbye the relay reads nothing more and closes the connection, even if data still arrives.

import ssbKeys from 'ssb-keys'
import { test } from 'tap'
import { bootRelay, until } from '../helpers/relay.js'
import { connectRaw, type RawClient } from './raw.js'

const WAYS: Array<[name: string, send: (raw: RawClient) => void]> = [
  ['a goodbye', (raw) => raw.write(Buffer.alloc(9))],
  ['a hundred goodbyes', (raw) => raw.write(Buffer.alloc(900))],
  [
    'a goodbye, then a request',
    (raw) => {
      raw.write(Buffer.alloc(9))
      raw.call('whoami', 'sync', '[]')
    },
  ],
  [
    // a frame without a body is muxrpc's goodbye
    'an empty body, then a request',
    (raw) => {
      raw.send('')
      raw.call('whoami', 'sync', '[]')
    },
  ],
]

for (const [name, send] of WAYS) {
  test(name, async (t) => {
    const relay = await bootRelay(t)
    const keys = ssbKeys.generate()
    await relay.operator.membersAdd(keys.id)
    const raw = await connectRaw({ port: relay.ssbPort, relay: relay.id, keys })
    await raw.answer(raw.call('whoami', 'sync', '[]'))
    t.equal((await relay.status()).online, 1)
    send(raw)
    t.teardown(raw.close)
    await until(
      'the relay to let go of the connection',
      async () => (await relay.status()).online === 0,
      3000,
    )
  })
}
