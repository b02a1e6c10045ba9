// SPDX-License-Identifier: AGPL-3.0-or-later
// Recovery after a restore: publishing is paused until a caller has sent the relay's own feed.

import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ssbKeys from 'ssb-keys'
import t, { type Test } from 'tap'
import { RECOVERY_MS } from '../../src/lib/limits.js'
import { type MessageValue, signMessage } from '../../src/ssb/message.js'
import { createTestFeed, historyOf } from '../helpers/feed.js'
import { startTestPeer, type TestPeer } from '../helpers/peer.js'
import { temporaryDir } from '../helpers/store.js'
import { until } from '../helpers/wait.js'

const someone = (): string => ssbKeys.generate().id

/** A peer with the mark of a restore, and its own feed as others hold it. */
async function restored(
  t: Test,
): Promise<TestPeer & { mark: string; feed: ReturnType<typeof createTestFeed> }> {
  const mark = join(temporaryDir(t), 'restored')
  writeFileSync(mark, '')
  const started = await startTestPeer(t, {}, mark)
  const feed = createTestFeed(started.keys)
  return Object.assign(started, { mark, feed })
}

/** The feeds that the relay followed before the loss. */
function published(feed: ReturnType<typeof createTestFeed>, ...members: string[]): void {
  for (const contact of members) {
    const last = feed.messages.at(-1)
    const tip = last ? { sequence: last.sequence, hash: hashOf(feed) } : null
    const signed = signMessage(
      feed.keys,
      tip,
      { type: 'contact', contact, following: true, pub: true },
      Date.now(),
    )
    hashes.set(feed, signed.hash)
    feed.messages.push(JSON.parse(signed.json) as MessageValue)
  }
}
const hashes = new WeakMap<object, string>()
const hashOf = (feed: object): string => hashes.get(feed) as string

t.test('callers send the feed back, then the relay continues it', async (t) => {
  const { store, clock, connect, follow, feed, mark, recovery, keys } = await restored(t)
  const members = [someone(), someone(), someone()]
  published(feed, ...members)
  await t.rejects(follow(someone()), { code: 'recovering' })
  clock.advance(RECOVERY_MS * 2)
  t.ok(recovery.pending(), 'nobody has told anything')

  const knowsNothing = await connect(undefined, { createHistoryStream: historyOf(createTestFeed()) })
  await knowsNothing.rpc.whoami()
  clock.advance(RECOVERY_MS)
  t.ok(recovery.pending(), 'who holds nothing of ours has told nothing')

  await connect(undefined, { createHistoryStream: historyOf(feed) })
  await until('the feed', () => store.feeds.info(keys.id).latest === 3)
  await t.rejects(follow(someone()), { code: 'recovering' }, 'another may know more')
  published(feed, someone())
  await connect(undefined, { createHistoryStream: historyOf(feed) })
  await until('the rest', () => store.feeds.info(keys.id).latest === 4)
  clock.advance(RECOVERY_MS)
  await until('the end', () => !recovery.pending())
  t.notOk(existsSync(mark))
  t.equal(store.members.count(), 4, 'members are what the feed says')
  const message = (await follow(someone())) as { value: MessageValue }
  t.match(message.value, { sequence: 5, previous: `%${hashOf(feed)}.sha256` })
})

t.test('lies are not taken, and end nothing', async (t) => {
  const { store, clock, connect, feed, keys, recovery } = await restored(t)
  published(feed, someone(), someone())
  const [first, second] = feed.messages as [MessageValue, MessageValue]
  const fork = createTestFeed(keys)
  fork.post(2)
  const foreign = createTestFeed()
  foreign.post(1)
  const forged = { ...first, content: { type: 'contact', contact: someone(), following: true } }
  const stories: unknown[][] = [
    [foreign.messages[0]],
    [forged],
    [second],
    [first, fork.messages[1]],
    [null],
    ['x'],
  ]
  for (const messages of stories) {
    let ended: unknown = null
    const tell = () => {
      let at = 0
      return (abort: unknown, cb: (end: unknown, data?: unknown) => void) => {
        if (abort) {
          ended = abort
          return cb(abort)
        }
        // it never ends by itself: only the relay's refusal does that
        if (at < messages.length) cb(null, messages[at++])
      }
    }
    const liar = await connect(undefined, { createHistoryStream: tell })
    await until('the relay listens no more', () => ended)
    await liar.close()
  }
  t.equal(store.feeds.info(keys.id).latest, 1, 'the one true message stands')
  clock.advance(RECOVERY_MS * 2)
  t.ok(recovery.pending())
  await recovery.finish()
  t.notOk(recovery.pending(), 'the operator has the last word')
})

t.test('without a mark there is nothing to recover', async (t) => {
  const { recovery, follow, clock } = await startTestPeer(t)
  t.notOk(recovery.pending())
  await follow(someone())
  await recovery.finish()
  t.equal(clock.pending() > 0, true)
})
