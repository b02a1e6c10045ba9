// SPDX-License-Identifier: AGPL-3.0-or-later
// A session that ends while it writes: a full queue ends the largest one, which may be its own.

import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { NO_COUNTERS } from '../../../src/lib/counters.js'
import { JSON_BODY } from '../../../src/muxrpc/codec.js'
import { RpcStream } from '../../../src/muxrpc/stream.js'
import { createEbt } from '../../../src/peer/ebt/hub.js'
import { encodeNote } from '../../../src/peer/ebt/note.js'
import { verifyMessage } from '../../../src/ssb/message.js'
import { openCaller } from '../../helpers/caller.js'
import { createTestFeed } from '../../helpers/feed.js'
import { openTestStore, silentLog, someone } from '../../helpers/store.js'
import { until } from '../../helpers/wait.js'

t.test('nothing is sent or kept afterwards', async (t) => {
  const { store, keys } = await openTestStore(t)
  const feed = createTestFeed()
  await store.members.follow(feed.id, { by: 'operator', voucher: null, note: '' })
  await store.feeds.append(feed.id, feed.post(10).map(verifyMessage))
  let listeners = 0
  const feeds: typeof store.feeds = {
    ...store.feeds,
    subscribe(id, listener) {
      const stop = store.feeds.subscribe(id, listener)
      listeners += 1
      return () => {
        listeners -= 1
        stop()
      }
    },
  }
  const [begun, over]: [unknown[], unknown[]] = [[], []]
  const { connection } = openCaller({ id: someone() })
  const hub = createEbt({
    ...{ store: { ...store, feeds }, log: silentLog, uptime: () => 0, own: keys.id, counters: NO_COUNTERS },
    used: () => begun.push(connection),
    onEnd: (ended) => over.push(ended),
  })
  let written = 0
  const stream: RpcStream = new RpcStream(
    {
      ...{ queued: 0, enqueued: 0, sent: 0, sendEnd() {}, wait() {} },
      sendData(_, __, body) {
        if (!Buffer.from(body).includes('"author"')) return
        written += 1
        if (written === 3) stream.over(true)
      },
    },
    1,
    true,
  )
  hub.open(connection, stream)
  stream.handler.data?.(Buffer.from(JSON.stringify({ [feed.id]: encodeNote(0, true) })), JSON_BODY)
  await until('three messages', () => written === 3)
  for (let n = 0; n < 10; n++) await turn()
  t.equal(written, 3)
  t.equal(listeners, 0, 'no listener is left')
  t.equal(begun.length, 1)
  t.ok(over.length === 1 && over[0] === connection, 'and its connection may be asked by history')
  t.notOk(hub.has(connection))
  hub.close()
})
