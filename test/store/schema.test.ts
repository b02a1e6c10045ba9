// A store of the layout before ours is brought up to it, once; any other is refused.

import ssbKeys from 'ssb-keys'
import t from 'tap'
import { DAY, INVITES_PER_MEMBER } from '../../src/limits.js'
import { type FeedId, keyOf } from '../../src/ssb/feed-id.js'
import { openTables, SCHEMA, type Tables } from '../../src/store/layout.js'
import { openTestStore, type TestStore } from '../helpers/store.js'

const someone = (): FeedId => ssbKeys.generate().id

/** Changes a closed store's tables as another version would have left them. */
async function leftBehind({ store, path }: TestStore, change: (tables: Tables) => void): Promise<void> {
  await store.close()
  const tables = openTables(path)
  await tables.root.transaction(() => change(tables))
  await tables.root.close()
}

const setSchema = ({ meta }: Tables, schema: unknown): unknown => meta.putSync(Buffer.from('schema'), schema)

t.test('invites without an index are found by one', async (t) => {
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

t.test('a layout that nobody here knows is refused', async (t) => {
  for (const schema of [0, SCHEMA + 1, 'x']) {
    const opened = await openTestStore(t)
    await leftBehind(opened, (tables) => setSchema(tables, schema))
    await t.rejects(opened.reopen(), { code: 'data_unusable', message: new RegExp(`layout ${schema}`) })
  }
})
