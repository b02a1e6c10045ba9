// SPDX-License-Identifier: AGPL-3.0-or-later
// Migration: a store of an older schema is migrated once; an unknown schema is rejected.

import ssbKeys from 'ssb-keys'
import t from 'tap'
import { DAY, INVITES_PER_MEMBER, REPACK_STEP_ROWS } from '../../src/lib/limits.js'
import { type FeedId, keyOf } from '../../src/ssb/feed-id.js'
import { encodeStored, verifyMessage } from '../../src/ssb/message.js'
import { noteHeld } from '../../src/store/gaps.js'
import {
  type FeedRecord,
  type InviteRecord,
  messageKey,
  openTables,
  SCHEMA,
  type Tables,
} from '../../src/store/layout.js'
import type { Store } from '../../src/store/store.js'
import { createTestFeed } from '../helpers/feed.js'
import { openTestStore, type TestStore } from '../helpers/store.js'

const someone = (): FeedId => ssbKeys.generate().id

/** Changes a closed store's tables to the state of another version. */
async function leftBehind({ store, path }: TestStore, change: (tables: Tables) => void): Promise<void> {
  await store.close()
  const tables = openTables(path)
  await tables.root.transaction(() => change(tables))
  await tables.root.close()
}

const setSchema = ({ meta }: Tables, schema: unknown): unknown => meta.putSync(Buffer.from('schema'), schema)

t.test('invites without index rows are indexed', async (t) => {
  const opened = await openTestStore(t)
  const { clock } = opened
  const [ana, ben] = [someone(), someone()]
  await opened.store.members.follow(ana, { by: 'operator', voucher: null, note: '' })
  const [live, displaced, used, expired] = [someone(), someone(), someone(), someone()]
  const blank = { uses: 1, used: 0, note: '', created: clock.now(), revoked: null, by: ana }
  const old = { ...blank, expires: clock.now() + 100 * DAY }
  await leftBehind(opened, (tables) => {
    setSchema(tables, 1)
    const put = (id: FeedId, record: object) => tables.invites.putSync(keyOf(id), record as never)
    put(live, { ...old, for: ben, expires: clock.now() + 200 * DAY })
    put(displaced, { ...old, for: ben })
    put(used, { ...old, used: 1 })
    put(expired, { ...old, expires: clock.now() })
    for (let i = 2; i < INVITES_PER_MEMBER; i++) put(someone(), old)
    tables.directed.putSync(keyOf(ben), live as never)
  })
  const store = await opened.reopen()
  t.same(
    [live, displaced, used, expired].map((id) => store.invites.get(id)?.state),
    ['live', 'live', 'used up', 'expired'],
  )
  await t.rejects(store.invites.create({ expires: clock.now() + DAY, by: ana }), { code: 'quota_reached' })
  for (const id of [live, displaced]) {
    t.ok(store.invites.awaits(ben))
    await store.invites.revoke(id)
  }
  t.notOk(store.invites.awaits(ben))
  clock.advance(20 * DAY)
  const again = await opened.reopen()
  clock.advance(11 * DAY)
  t.equal(await again.invites.sweep(), 4, 'and when one was used up is not told anew each time')
  t.equal(again.invites.get(used), null)
})

t.test('single messages are packed in steps, also with a close between them', async (t) => {
  const opened = await openTestStore(t)
  const feed = createTestFeed()
  const count = 3 * REPACK_STEP_ROWS + 7
  feed.post(count)
  // a gap, so that there are two runs
  const held = feed.messages.filter(({ sequence }) => sequence !== 100)
  await leftBehind(opened, (tables) => {
    setSchema(tables, 2)
    const author = keyOf(feed.id)
    const record = { latest: 0, latestHash: '', count: 0, bytes: 0, gaps: [], fork: null } as FeedRecord
    for (const value of held) {
      const message = verifyMessage(value)
      const stored = encodeStored(message, opened.clock.now())
      tables.messages.putSync(messageKey(author, 0, value.sequence), stored)
      noteHeld(record, value.sequence)
      record.latestHash = message.hash
      record.count += 1
      record.bytes += stored.length
    }
    tables.feeds.putSync(author, record)
  })
  const sequences = (store: Store): number[] => {
    const found: number[] = []
    for (let page = store.feeds.read(feed.id, 1, 64); page.length > 0; )
      page = store.feeds.read(
        feed.id,
        (found[found.push(...page.map((m) => m.sequence)) - 1] as number) + 1,
        64,
      )
    return found
  }
  let closings = 0
  for (let store = await opened.reopen(); ; store = await opened.reopen()) {
    t.same(
      sequences(store),
      held.map(({ sequence }) => sequence),
      'all is there at any time',
    )
    await store.settings.change({})
    await store.close()
    const tables = openTables(opened.path)
    const isDone = tables.meta.get(Buffer.from('repack')) === undefined
    const left = (tables.messages.getStats() as { entryCount: number }).entryCount
    await tables.root.close()
    closings += 1
    if (!isDone) continue
    t.ok(left < 100, `${left} still lie alone`)
    break
  }
  t.ok(closings > 1, `${closings} starts`)
  const store = await opened.reopen()
  feed.post(100)
  await store.feeds.append(
    feed.id,
    feed.messages.slice(count - 2).map((value) => verifyMessage(value)),
  )
  await store.feeds.append(feed.id, [verifyMessage(feed.messages[99])])
  t.equal(sequences(store).length, count + 100)
  t.same(await store.verify(), [])
})

t.test('an unknown schema is rejected', async (t) => {
  for (const schema of [0, SCHEMA + 1, 'x']) {
    const opened = await openTestStore(t)
    await leftBehind(opened, (tables) => setSchema(tables, schema))
    await t.rejects(opened.reopen(), { code: 'data_unusable', message: new RegExp(`layout ${schema}`) })
  }
})

t.test('invites used up while the clock is not set are kept until it is set', async (t) => {
  const opened = await openTestStore(t)
  const { clock } = opened
  const expires = clock.now() + 100 * DAY
  const [before, within] = [
    await opened.store.invites.create({ expires, by: 'operator' }),
    await opened.store.invites.create({ expires, by: 'operator' }),
  ]
  await opened.store.invites.use(before.invite.id, someone())
  await leftBehind(opened, (tables) => {
    setSchema(tables, 1)
    const { spent: _, ...old } = tables.invites.get(keyOf(before.invite.id)) as InviteRecord
    tables.invites.putSync(keyOf(before.invite.id), old as never)
  })
  const behind = clock.now()
  clock.jump(-behind)
  const store = await opened.reopen()
  await store.invites.use(within.invite.id, someone())
  clock.jump(behind)
  t.equal(await store.invites.sweep(), 0)
  for (const { invite } of [before, within]) t.equal(store.invites.get(invite.id)?.state, 'used up')
})

t.test('wrong index rows of invites are found and corrected by a rebuild', async (t) => {
  const opened = await openTestStore(t)
  const { clock } = opened
  const ana = someone()
  await opened.store.members.follow(ana, { by: 'operator', voucher: null, note: '' })
  const make = () => opened.store.invites.create({ expires: clock.now() + DAY, by: ana })
  const [lost, kept] = [await make(), await make()]
  await leftBehind(opened, (tables) => {
    tables.invites.removeSync(keyOf(lost.invite.id))
    const [mark] = [...tables.made.getKeys({})].filter((key) =>
      key.subarray(-32).equals(keyOf(kept.invite.id)),
    )
    tables.made.removeSync(mark as Buffer)
  })
  const store = await opened.reopen()
  t.equal(store.invites.list(ana).length, 0, 'the damage is there')
  // two of the removed invite, and a missing one
  t.match(await store.members.rebuild(), { differences: [], marks: 3 })
  t.match(store.invites.list(ana), [{ id: kept.invite.id }])
  t.match(await store.members.rebuild(), { marks: 0 })
})
