// SPDX-License-Identifier: AGPL-3.0-or-later
// The dashboard's page about the lobby: what it shows, what each role may do there, and that a blocked member falls silent.

import t from 'tap'
import { createAuthority } from '../helpers/certificates.js'
import { startFake } from '../helpers/fake-homeserver.js'
import { bootLobby } from '../helpers/lobby.js'
import { signedIn } from '../helpers/member.js'
import { bootRelay } from '../helpers/relay.js'
import { until } from '../helpers/wait.js'

t.test('the lobby in the dashboard', async (t) => {
  const authority = await createAuthority()
  const [relay, fake] = [await bootLobby(t, authority), await startFake(t, authority)]
  const eve = fake.user('eve')
  await fake.join(relay.server, relay.room, eve)
  const [admin, moderator, member] = [
    await signedIn(relay, 'admin'),
    await signedIn(relay, 'moderator'),
    await signedIn(relay),
  ]
  for (const one of [admin, moderator, member]) {
    const { status, text } = await one.get('/dashboard/lobby')
    t.equal(status, 200)
    t.match(text, eve)
    t.match(text, relay.alias)
    t.equal(text.includes('lobby.ban'), one !== member, 'only moderators are offered a ban')
    t.match((await one.get('/dashboard')).text, 'href="/dashboard/lobby"')
  }

  // a member speaks as oneself
  t.equal((await member.does('lobby.say', { text: '<b>hello</b>' })).status, 303)
  const said = (await relay.operator.matrixMessages()).find(({ sender }) => sender.startsWith('@ssb_'))
  t.match(said, { text: '<b>hello</b>', sender: /^@ssb_[0-9a-f]{16}:/ })
  t.match((await moderator.get('/dashboard/lobby')).text, '&lt;b&gt;hello&lt;/b&gt;')
  await until('it is told', () =>
    fake.events.some(({ sender, type }) => sender === said?.sender && type === 'm.room.message'),
  )
  t.match(await relay.operator.audit(1), [{ who: member.id, what: 'lobby.say' }])
  t.equal((await member.does('lobby.say', { text: ' ' })).status, 400)

  // in a community nobody joins by themselves, but members do
  await relay.operator.mode('community')
  const second = await signedIn(relay)
  t.equal((await second.does('lobby.say', { text: 'me too' })).status, 303)

  // what a member may not do
  for (const [name, fields] of [
    ['lobby.kick', { user: eve }],
    ['lobby.ban', { user: eve }],
    ['lobby.unban', { user: eve }],
    ['lobby.server_ban', { glob: 'x.example' }],
  ] as Array<[string, Record<string, string>]>)
    t.equal((await member.does(name, fields)).status, 403, name)
  t.equal(
    (await moderator.posts('lobby.ban', { user: eve, csrf: await moderator.csrf() })).status,
    200,
    'asked about',
  )
  t.equal((await moderator.does('lobby.ban', { user: eve })).status, 303)
  t.match(await relay.operator.audit(1), [{ who: moderator.id, what: 'lobby.ban', whom: eve }])
  t.match((await moderator.get('/dashboard/lobby')).text, 'lobby.unban')
  t.equal((await moderator.does('lobby.unban', { user: eve })).status, 303)
  t.equal((await moderator.does('lobby.server_ban', { glob: '*.evil.example' })).status, 303)
  t.equal((await moderator.does('lobby.kick', { user: eve })).status, 404, 'who is not there')
  t.equal((await member.does('lobby.accept', { user: eve })).status, 404)
  t.equal((await member.does('lobby.invite', { user: 'nonsense' })).status, 400)

  // a blocked member falls silent
  await relay.operator.mode('open')
  // the join rule follows the mode by an event, which takes a moment
  await until('adam is let in', () =>
    fake.join(relay.server, relay.room, fake.user('adam')).then(
      () => true,
      () => false,
    ),
  )
  const joined = (await relay.status()).matrix.joined
  await relay.operator.block(member.id)
  await until('they have left', async () => (await relay.status()).matrix.joined === joined - 1)
  await until('it is told', () =>
    fake.events.some(
      ({ sender, content }) =>
        sender === said?.sender && (content as { membership?: string }).membership === 'leave',
    ),
  )
})

t.test('without a lobby there is no page, no tab and no form of it', async (t) => {
  const relay = await bootRelay(t)
  const member = await signedIn(relay, 'admin')
  t.equal((await member.get('/dashboard/lobby')).status, 404)
  t.notMatch((await member.get('/dashboard')).text, '/dashboard/lobby')
  t.equal((await member.does('lobby.say', { text: 'x' })).status, 404)
  await t.rejects(relay.operator.matrixMembers(), { code: 'matrix_off' })
  t.match((await relay.status()).matrix, { state: 'disabled', room_id: null })
})
