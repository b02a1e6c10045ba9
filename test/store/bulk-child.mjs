// SPDX-License-Identifier: AGPL-3.0-or-later
// The child process of bulk.test.ts: fills, deletes, verifies and rebuilds a large store, with a board's flags.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { pathToFileURL } from 'node:url'

const [dist = '', path = '', job = '', messagesText = '0', feedsText = '0'] = process.argv.slice(2)
const [messages, feeds] = [Number(messagesText), Number(feedsText)]
const built = (file) => import(pathToFileURL(join(dist, file)).href)
const { createLog } = await built('lib/log.js')
const { signMessage } = await built('ssb/message.js')
const { createStore } = await built('store/store.js')
const ssbKeys = createRequire(join(dist, 'cli.js'))('ssb-keys')
const keys = ssbKeys.generate('ed25519', Buffer.alloc(32, 'bulk'))
const big = ssbKeys.generate('ed25519', Buffer.alloc(32, 'big')).id
const small = (i) => `@${keyBytes(i).toString('base64')}.ed25519`
const BATCH = 256

function keyBytes(i) {
  const key = Buffer.alloc(32, 7)
  key.writeUInt32BE(i)
  return key
}

const like = JSON.parse(signMessage(keys, null, { type: 'post', text: 'small' }, 1_600_000_000_000).json)
const hashOf = (sequence) => Buffer.alloc(32, `${sequence} `).toString('base64')

function message(author, sequence) {
  const previous = sequence === 1 ? null : hashOf(sequence - 1)
  const value = { ...like, previous: previous && `%${previous}.sha256`, sequence, author }
  return { author, sequence, previous, hash: hashOf(sequence), json: JSON.stringify(value) }
}

const store = await createStore(
  { log: createLog('silent'), now: Date.now },
  { path, keys, maxBytes: 1e12, maxFeedBytes: 1e12 },
)
const delay = monitorEventLoopDelay({ resolution: 5 })
let peak = 0
/** The process's memory without mapped pages of the database, which the system reclaims as needed. */
function anonymousBytes() {
  const [, kib] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  return Number(kib) * 1024
}
const sampling = setInterval(() => {
  peak = Math.max(peak, anonymousBytes())
}, 20)
const started = performance.now()
delay.enable()

const jobs = {
  async fill() {
    for (let at = 1; at <= messages; at += BATCH) {
      const count = Math.min(BATCH, messages - at + 1)
      await store.feeds.append(
        big,
        Array.from({ length: count }, (_, i) => message(big, at + i)),
      )
    }
    for (let i = 0; i < feeds; i += BATCH) {
      const some = Array.from({ length: Math.min(BATCH, feeds - i) }, (_, at) => small(i + at))
      await Promise.all(
        some.flatMap((feed) => [
          store.members.follow(feed, { by: 'operator', voucher: null, note: '' }),
          store.feeds.append(feed, [message(feed, 1), message(feed, 2)]),
        ]),
      )
    }
    return store.feeds.totals()
  },
  verify: () => store.verify(),
  rebuild: async () => {
    const { differences, members } = await store.members.rebuild()
    return { differences: differences.length, members }
  },
  /** Blocks the large feed and all small ones; reports when the first step is done, so that it can be killed. */
  async delete() {
    if (store.feeds.info(big).messages > 0) await store.members.block(big, '')
    process.send?.('marked')
    for (let i = 0; i < feeds; i++)
      if (!store.members.isBlocked(small(i))) await store.members.block(small(i), '')
    while (store.feeds.deleting().messages > 0) await new Promise((resolve) => setTimeout(resolve, 20))
    const { feeds: left, messages: kept } = store.feeds.totals()
    return { left, own: kept === store.feeds.info(keys.id).messages }
  },
}

const answer = await jobs[job]?.()
delay.disable()
clearInterval(sampling)
process.send?.({
  job,
  answer,
  ms: Math.round(performance.now() - started),
  p99: Math.round(delay.percentile(99) / 1e5) / 10,
  longest: Math.round(delay.max / 1e6),
  rss: Math.round(peak / 1e6),
})
await store.close()
process.disconnect?.()
