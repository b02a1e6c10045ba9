// SPDX-License-Identifier: AGPL-3.0-or-later
// Moderation: every role and action, checked in the transaction of the action, with an audit entry if it is done.

import t from 'tap'
import { DAY } from '../../src/lib/limits.js'
import type { ModerationActions } from '../../src/store/moderation.js'
import type { Action } from '../../src/store/permissions.js'
import type { Role } from '../../src/store/roles.js'
import type { Store } from '../../src/store/store.js'
import { addMember as member, openTestStore, someone } from '../helpers/store.js'

/** Does one action on a target of its own. */
const DO: Record<
  Exclude<Action, 'members.see' | 'blocks.see' | 'health.see' | 'audit.see' | `lobby.${string}`>,
  (actions: ModerationActions, store: Store, expires: number) => Promise<unknown>
> = {
  'knock.accept': async (actions, store, expires) => {
    const id = someone()
    await store.knocks.leave(id, '', expires)
    await actions.acceptKnock(id)
  },
  'knock.decline': async (actions, store, expires) => {
    const id = someone()
    await store.knocks.leave(id, '', expires)
    await actions.declineKnock(id)
  },
  'invite.create': (actions, _, expires) => actions.createInvite({ expires }),
  'invite.revoke': async (actions, store, expires) => {
    const { invite } = await store.invites.create({ expires, by: 'captcha' })
    await actions.revokeInvite(invite.id)
  },
  'alias.revoke': async (actions, store) => {
    await store.aliases.register('crab', await member(store), 'x')
    try {
      await actions.revokeAlias('crab')
    } finally {
      await store.aliases.revoke('crab').catch(() => {})
    }
  },
  'feed.share': async (actions, store) => actions.share(await member(store), true),
  'feed.unshare': async (actions, store) => {
    const id = await member(store)
    await store.sharing.set(id, true)
    await actions.share(id, false)
  },
  'peer.add': async (actions, store) => {
    const id = someone()
    await actions.putPeer(id, { address: null, feeds: 'both' })
    await store.members.unfollow(id)
  },
  'peer.remove': async (actions, store) => {
    const id = someone()
    await store.peers.put(id, { address: null, feeds: 'both' })
    try {
      await actions.removePeer(id)
    } finally {
      await store.members.unfollow(id).catch(() => {})
    }
  },
  leave: (actions) => actions.leave(false),
  'member.add': (actions) => actions.addMember(someone(), ''),
  'member.remove': async (actions, store) => actions.removeMember(await member(store)),
  'feed.block': async (actions, store) => actions.block(await member(store), ''),
  'feed.unblock': async (actions, store) => {
    const id = someone()
    await store.members.block(id, '')
    await actions.unblock(id)
  },
  'notice.save': (actions) => actions.saveNotice({ name: 'tides', title: 'Tides', text: someone() }),
  'notice.delete': async (actions, store) => {
    await store.notices.save({ name: 'old', title: 'Old', text: '', by: 'operator' })
    await actions.removeNotice('old')
  },
  'member.role': async (actions, store) => actions.setRole(await member(store), 'moderator'),
  'member.link': async (actions, store) => actions.link(await member(store)),
  'room.describe': (actions) => actions.describe({ name: 'Pool', description: '' }),
  'room.mode': async (actions, store) => {
    const { mode } = store.settings.get()
    await actions.setMode(mode === 'open' ? 'community' : 'open')
    await store.settings.change({ mode })
  },
  'question.save': (actions) =>
    actions.saveQuestion('en', { text: 'Which boat?', answers: ['Limpet'] }, false),
  'question.delete': async (actions, store) => {
    await store.settings.change({ questions: { de: { text: 'Welches Boot?', answers: ['Napf'] } } })
    await actions.removeQuestion('de')
  },
}

const MEMBERS = ['knock.accept', 'knock.decline', 'invite.create', 'leave']
const MODERATORS = [
  ...MEMBERS,
  ...['invite.revoke', 'alias.revoke', 'member.add', 'member.remove', 'feed.block', 'feed.unblock'],
  ...['notice.save', 'notice.delete'],
]
const ADMINS = [
  ...MODERATORS,
  'member.role',
  'member.link',
  'room.describe',
  'room.mode',
  'question.save',
  'question.delete',
  ...['feed.share', 'feed.unshare', 'peer.add', 'peer.remove'],
]

for (const mode of ['open', 'restricted'] as const) {
  t.test(`every action by every role: ${mode}`, async (t) => {
    const { store, clock } = await openTestStore(t)
    await member(store, 'admin')
    await store.settings.change({ mode })
    const expires = clock.now() + DAY
    const may: Record<string, string[]> = {
      nobody: [],
      member: mode === 'restricted' ? ['leave'] : MEMBERS,
      moderator: MODERATORS,
      admin: ADMINS,
    }
    for (const [role, granted] of Object.entries(may)) {
      for (const [action, run] of Object.entries(DO)) {
        const actor = role === 'nobody' ? someone() : await member(store, role as Role)
        const [newest] = store.audit.list(1)
        const done = await run(store.moderation.as(actor), store, expires).then(
          () => 'done',
          (err) => err.code,
        )
        const refusal = action === 'invite.revoke' ? 'invite_unknown' : 'not_allowed'
        t.equal(done, granted.includes(action) ? 'done' : refusal, `${role}: ${action}`)
        const [noted] = store.audit.list(1)
        if (done === 'done') t.match(noted, { who: actor, what: action, at: clock.now() })
        else t.same(noted, newest, 'what was not done is not noted')
      }
    }
  })
}

t.test('a moderator cannot act on the same or a higher role', async (t) => {
  const { store } = await openTestStore(t)
  const [one, other, admin, second] = [
    await member(store, 'moderator'),
    await member(store, 'moderator'),
    await member(store, 'admin'),
    await member(store, 'admin'),
  ]
  const actions = store.moderation.as(one)
  for (const target of [other, admin]) {
    await t.rejects(actions.removeMember(target), { code: 'not_allowed' })
    await t.rejects(actions.block(target, ''), { code: 'not_allowed' })
  }
  await store.moderation.as(admin).removeMember(second)
  t.notOk(store.members.has(second), 'an admin may to another')
})

t.test('the last admin stays an admin, also with simultaneous actions', async (t) => {
  const { store } = await openTestStore(t)
  const [a, b] = [await member(store, 'admin'), await member(store, 'admin')]
  const both = await Promise.allSettled([
    store.moderation.as(a).setRole(b, 'member'),
    store.moderation.as(b).setRole(a, 'member'),
  ])
  t.same(
    both.map(({ status }) => status).sort(),
    ['fulfilled', 'rejected'],
    'the second is no admin any more when its turn comes',
  )
  const left = store.roles.of(a) === 'admin' ? a : b
  const actions = store.moderation.as(left)
  const last = { code: 'last_admin' }
  await t.rejects(actions.leave(true), last)
  await t.rejects(actions.removeMember(left), last)
  await t.rejects(actions.block(left, ''), last)
  await t.rejects(actions.setRole(left, 'moderator'), last)
  await actions.setRole(left, 'admin')
  t.ok(store.members.has(left))
  await store.moderation.as('operator').removeMember(left)
  t.notOk(store.members.has(left), 'who has the machine may do everything')
})

t.test('members revoke own invites and aliases, not those of others', async (t) => {
  const { store, clock } = await openTestStore(t)
  const [a, b] = [await member(store), await member(store)]
  const { invite } = await store.moderation.as(a).createInvite({ expires: clock.now() + DAY })
  t.equal(invite.by, a)
  await t.rejects(store.moderation.as(b).revokeInvite(invite.id), { code: 'invite_unknown' })
  await t.rejects(
    store.moderation.as(b).revokeInvite(someone()),
    { code: 'invite_unknown' },
    'the same words',
  )
  t.equal((await store.moderation.as(a).revokeInvite(invite.id)).state, 'revoked')
  await store.aliases.register('crab', a, 'x')
  await t.rejects(store.moderation.as(b).revokeAlias('crab'), { code: 'not_allowed' })
  await store.moderation.as(a).revokeAlias('crab')
  await t.rejects(
    store.moderation.as(a).revokeAlias('crab'),
    { code: 'not_allowed' },
    'the same words for none',
  )
})

t.test("an alias that changes its owner while an action waits in the queue is the new owner's", async (t) => {
  const { store } = await openTestStore(t)
  const [a, b] = [await member(store), await member(store)]
  await store.aliases.register('crab', a, 'x')
  const freed = store.aliases.revoke('crab')
  const taken = store.aliases.register('crab', b, 'x')
  await t.rejects(store.moderation.as(a).revokeAlias('crab'), { code: 'not_allowed' })
  await Promise.all([freed, taken])
  t.match(store.aliases.get('crab'), { owner: b })
})

t.test('leaving removes the role, the browsers and, on request, the feed', async (t) => {
  const { store } = await openTestStore(t)
  const id = await member(store, 'moderator')
  const token = await store.signIns.open(id, 'app', 'Firefox')
  t.equal(store.signIns.get(token)?.feed, id)
  await store.moderation.as(id).leave(true)
  t.notOk(store.members.has(id))
  t.equal(store.signIns.get(token), null)
  t.equal(store.feeds.info(id).messages, 0)
  t.match(store.audit.list(1), [{ who: id, what: 'leave', detail: 'feed deleted' }])
  await t.rejects(store.moderation.as(id).leave(false), { code: 'not_allowed' })
})

t.test('a voucher cannot remove a feed that has a role', async (t) => {
  const { store } = await openTestStore(t)
  const voucher = await member(store)
  const id = someone()
  await store.members.follow(id, { by: 'voucher', voucher, note: '' })
  await store.roles.set(id, 'admin')
  await t.rejects(store.members.unfollow(id, voucher), { code: 'not_following' })
  await t.rejects(store.roles.set(someone(), 'admin'), { code: 'not_following' })
})

t.test('a failed action on a dead invite adds no audit entry', async (t) => {
  const { store, clock } = await openTestStore(t)
  const actions = store.moderation.as(await member(store))
  const { invite } = await actions.createInvite({ expires: clock.now() + DAY })
  await actions.revokeInvite(invite.id)
  const noted = store.audit.list(9)
  await t.rejects(actions.revokeInvite(invite.id), { code: 'invite_unknown' })
  t.same(store.audit.list(9), noted)
})

t.test('notes and reasons are cleaned on every path', async (t) => {
  const { store, clock } = await openTestStore(t)
  const expires = clock.now() + DAY
  const [odd, clean] = ['\u001b[2J\u202egpj.exe\u2028x', '[2J gpj.exe x']
  const [asked, knocked, blocked] = [someone(), someone(), someone()]
  const { invite } = await store.invites.create({ expires, by: await member(store), note: odd })
  t.equal(invite.note, clean)
  const message = await store.invites.use(invite.id, someone())
  t.match(message.value.content, { note: clean })
  await store.knocks.leave(knocked, odd, expires)
  t.match(store.knocks.list(), [{ note: clean }])
  const operator = store.moderation.as('operator')
  await operator.createInvite({ expires, note: odd })
  await operator.addMember(asked, odd)
  t.equal(store.members.get(asked)?.note, clean)
  await operator.block(blocked, odd)
  t.match(store.members.blocked(), [{ reason: clean }])
  t.same(
    store.audit.list(3).map(({ detail }) => detail),
    [clean, clean, clean],
  )
})
