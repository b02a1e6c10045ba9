// How many invites there may be: of one maker, and in a day.

import ssbKeys from 'ssb-keys'
import t from 'tap'
import { DAY, INVITES_PER_DAY } from '../../src/limits.js'
import type { FeedId } from '../../src/ssb/feed-id.js'
import type { Members } from '../../src/store/members.js'
import { openTestStore } from '../helpers/store.js'

const someone = (): FeedId => ssbKeys.generate().id

async function join(members: Members): Promise<FeedId> {
  const id = someone()
  await members.follow(id, { by: 'operator', voucher: null, note: '' })
  return id
}

/** What came of as many at once: how often each code, or `ok`. */
async function times(count: number, ask: () => Promise<unknown>): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const result of await Promise.allSettled(Array.from({ length: count }, ask))) {
    const what = result.status === 'fulfilled' ? 'ok' : result.reason.code
    counts[what] = (counts[what] ?? 0) + 1
  }
  return counts
}

t.test('a member asks for so many in a day, whatever comes of it, and is then refused at once', async (t) => {
  const { store, clock } = await openTestStore(t)
  const [ana, ben] = [await join(store.members), await join(store.members)]
  const { createInvite } = store.moderation.as(ana)
  const expires = clock.now() + 3 * DAY
  t.same(await times(INVITES_PER_DAY - 1, () => createInvite({ expires, for: ben })), {
    already_following: INVITES_PER_DAY - 1,
  })
  await createInvite({ expires })
  let asked = false
  const late = store.invites.create({ expires, by: ana }, () => {
    asked = true
  })
  await t.rejects(late, { code: 'quota_reached', message: /today, 200 in a day/ })
  await t.rejects(createInvite({ expires }), { code: 'quota_reached' })
  t.notOk(asked, 'before the queue')
  await store.moderation.as(ben).createInvite({ expires })
  for (const by of ['operator', 'riddle'])
    t.same(await times(INVITES_PER_DAY + 1, () => store.invites.create({ expires, by })), {
      ok: INVITES_PER_DAY + 1,
    })
  clock.advance(DAY)
  await createInvite({ expires })
  t.equal(store.invites.list().filter((each) => each.by === ana).length, 2)
})
