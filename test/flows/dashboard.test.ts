// SPDX-License-Identifier: AGPL-3.0-or-later
// The dashboard over HTTP: every role with every form, forms of other sites, and effects on live connections.

import ssbKeys from 'ssb-keys'
import t, { type Test } from 'tap'
import { signRegistration } from '../../src/ssb/alias.js'
import { PERMISSIONS } from '../../src/store/permissions.js'
import { slugOf } from '../../src/web/format.js'
import { ACTIONS, type ActionName } from '../../src/web/handlers/dashboard/actions.js'
import { openBrowser, withoutBrowser } from '../helpers/browser.js'
import type { Client } from '../helpers/client.js'
import { Visitor } from '../helpers/http.js'
import { type Member, signedIn } from '../helpers/member.js'
import { type BootedRelay, bootRelay, connectMember, knownCaptchas, until, within } from '../helpers/relay.js'
import { connectRoomClient } from '../helpers/room-client.js'
import { knockAt } from '../helpers/room-visitor.js'

const ROLES = ['member', 'moderator', 'admin'] as const
type Role = (typeof ROLES)[number]

/** What each role may not do: the form's name and the status of the refusal. */
const REFUSED: Record<Role, Partial<Record<ActionName, number>>> = {
  member: {
    'member.add': 403,
    'member.remove': 403,
    'member.role': 403,
    'member.link': 403,
    'feed.block': 403,
    'feed.unblock': 403,
    // another member's: an invite that one may not see does not exist
    'invite.revoke': 404,
    'alias.revoke': 403,
    'notice.save': 403,
    'notice.delete': 403,
    'room.describe': 403,
    'room.mode': 403,
    'question.save': 403,
    'question.delete': 403,
  },
  moderator: {
    ...{ 'member.role': 403, 'member.link': 403, 'room.describe': 403, 'room.mode': 403 },
    ...{ 'question.save': 403, 'question.delete': 403 },
  },
  admin: {},
}

/** Valid fields for a form, after creating what they need. */
async function fieldsFor(
  name: ActionName,
  relay: BootedRelay,
  actor: Member,
): Promise<Record<string, string>> {
  const { operator } = relay
  const someone = ssbKeys.generate().id
  switch (name) {
    case 'knock.accept':
    case 'knock.decline':
      await knockFor(relay, someone)
      return { feed: someone }
    case 'member.remove':
    case 'member.link':
    case 'feed.block':
      await operator.membersAdd(someone)
      return { feed: someone }
    case 'member.role':
      await operator.membersAdd(someone)
      return { feed: someone, role: 'moderator' }
    case 'member.add':
      return { feed: someone }
    case 'feed.unblock':
      await operator.block(someone)
      return { feed: someone }
    case 'feed.unshare':
      await operator.membersShare(actor.id, true)
      return {}
    case 'invite.create':
      return { uses: '2', days: '3', note: '' }
    case 'invite.revoke':
      return { invite: (await operator.inviteCreate({})).id }
    case 'alias.revoke':
      return { alias: 'crab' }
    case 'notice.save':
      return { name: 'tides', title: 'Tides', text: 'High.' }
    case 'notice.delete':
      return { name: 'old' }
    case 'room.describe':
      return { name: 'Pool', description: '' }
    case 'room.mode':
      return { mode: 'open' }
    case 'question.save':
      return { language: 'en', text: 'Which boat?', answers: 'Limpet' }
    case 'question.delete':
      await operator.questionSet({ language: 'de', text: 'Welches Boot?', answers: ['Napf'], picture: true })
      return { language: 'de' }
    case 'session.close': {
      const { text } = await actor.get('/dashboard/me')
      return { session: /name="session" value="([\w-]+)"/.exec(text)?.[1] ?? '' }
    }
    default:
      return {}
  }
}

const captchas = knownCaptchas()
const knockFor = (relay: BootedRelay, feed: string) => knockAt(relay, captchas, feed)

for (const role of ROLES) {
  t.test(`every form, posted by a ${role}`, { timeout: 110_000 }, async (t) => {
    const relay = await bootRelay(t, { drawCaptcha: captchas.draw, sets: ['invite.per_hour=1000'] })
    await relay.operator.mode('community')
    await signedIn(relay, 'admin')
    const keeper = await signedIn(relay, 'admin')
    const holder = await connectMember(t, relay, { keys: ssbKeys.generate() })
    t.same(
      Object.keys(ACTIONS)
        .filter((name) => !Object.hasOwn(PERMISSIONS, name))
        .sort(),
      ['lobby.accept', 'lobby.decline', 'session.close', 'session.closeAll'],
    )
    for (const name of Object.keys(ACTIONS) as ActionName[]) {
      // forms of the lobby have their own test: there is no lobby here
      if (name.startsWith('lobby.')) continue
      const actor = await signedIn(relay, role)
      if (name === 'alias.revoke') await holdAlias(relay, holder, 'crab')
      if (name === 'notice.delete') await keeper.does('notice.save', { name: 'old', title: 'Old', text: '' })
      const fields = await fieldsFor(name, relay, actor)
      const before = await relay.operator.audit(1)
      const bare = await actor.posts(name, fields)
      t.equal(bare.status, 403, `${role}: ${name} without the form’s token`)
      t.match(bare.text, 'form_stale')
      const evil = { ...fields, csrf: await actor.csrf(), confirmed: '1' }
      const foreign = await actor.posts(name, evil, { Origin: 'https://evil.example' })
      t.equal(foreign.status, 403, `${role}: ${name} from another site`)
      t.same(await relay.operator.audit(1), before, 'nothing has happened')
      const refused = REFUSED[role][name]
      if ('cancelTo' in ACTIONS[name] && !refused) {
        const asked = await actor.posts(name, { ...fields, csrf: await actor.csrf() })
        t.equal(asked.status, 200)
        t.match(asked.text, 'name="confirmed"', `${role}: ${name} is asked about once more`)
        t.same(await relay.operator.audit(1), before)
      }
      const { status, text } = await actor.does(name, fields)
      if (refused) {
        t.equal(status, refused, `${role}: ${name}`)
        t.same(await relay.operator.audit(1), before)
      } else {
        t.ok(status === 303 || status === 200, `${role}: ${name}: ${status} ${text.slice(0, 80)}`)
        if (!name.startsWith('session.'))
          t.match(await relay.operator.audit(1), [{ who: actor.id, what: name }])
      }
    }
  })
}

async function holdAlias(relay: BootedRelay, { rpc, keys }: Client, alias: string): Promise<void> {
  await rpc.room.registerAlias(alias, signRegistration(keys, relay.id, alias))
}

t.test(
  'pages are there for those who may see them, and for others like pages that do not exist',
  async (t) => {
    const relay = await bootRelay(t)
    await relay.operator.mode('community')
    const someone = await signedIn(relay)
    t.match((await someone.get('/dashboard')).text, '<li>mode: <strong>community</strong></li>')
    const pages: Array<[string, Role]> = [
      ['/dashboard', 'member'],
      ['/dashboard/members', 'member'],
      [`/dashboard/members/${slugOf(someone.id)}`, 'member'],
      ['/dashboard/knocks', 'member'],
      ['/dashboard/invites', 'member'],
      ['/dashboard/aliases', 'member'],
      ['/dashboard/me', 'member'],
      ['/dashboard/notices', 'moderator'],
      ['/dashboard/notices/edit', 'moderator'],
      ['/dashboard/blocked', 'moderator'],
      ['/dashboard/health', 'moderator'],
      ['/dashboard/room', 'admin'],
      ['/dashboard/log', 'admin'],
    ]
    for (const role of ROLES) {
      const member = await signedIn(relay, role)
      for (const [path, least] of pages) {
        const may = ROLES.indexOf(role) >= ROLES.indexOf(least)
        t.equal((await member.get(path)).status, may ? 200 : 404, `${role}: ${path}`)
      }
      for (const path of [
        '/dashboard/nothing',
        '/dashboard/members/x',
        `/dashboard/members/${'A'.repeat(43)}`,
      ])
        t.equal((await member.get(path)).status, 404)
      t.equal((await member.does('__proto__')).status, 404)
      t.equal((await member.does('toString')).status, 404)
    }
  },
)

t.test(
  'a form is asked about once more in words that say what of, and no id that is none gets so far',
  async (t) => {
    const relay = await bootRelay(t)
    const admin = await signedIn(relay, 'admin')
    const csrf = await admin.csrf()
    for (const name of [
      'feed.block',
      'member.remove',
      'member.role',
      'member.link',
      'knock.decline',
    ] as const)
      for (const feed of ['', 'x', '@x', '__proto__', '@'.repeat(3000)]) {
        const { status, text } = await admin.posts(name, { feed, csrf })
        t.equal(status, 400, `${name}: ${feed.slice(0, 20)}`)
        t.match(text, 'bad_feed_id')
      }
    const { id } = await relay.operator.inviteCreate({ note: 'for the harbour', uses: 3 })
    const asked = await admin.posts('invite.revoke', { invite: id, csrf })
    t.equal(asked.status, 200)
    t.match(asked.text, 'for the harbour')
    const member = await signedIn(relay)
    const other = await member.posts('invite.revoke', { invite: id, csrf: await member.csrf() })
    t.equal(other.status, 404, 'of what one may not see nothing is said')
  },
)

t.test('actions are felt by live connections at once', async (t) => {
  const relay = await bootRelay(t)
  const admin = await signedIn(relay, 'admin')
  const cut = async (action: (id: string) => Promise<unknown>) => {
    const client = await connectRoomClient(t, relay)
    await relay.operator.membersAdd(client.id)
    await action(client.id)
    await within('the connection to end', client.closed)
  }
  await cut((feed) => admin.does('member.remove', { feed }))
  await cut((feed) => admin.does('feed.block', { feed, reason: 'loud' }))
  const stranger = await connectRoomClient(t, relay)
  await admin.does('room.mode', { mode: 'restricted' })
  await within('the stranger to be cut off', stranger.closed)
  t.match(await relay.operator.blockedList(), [{ reason: 'loud' }])

  const moderator = await signedIn(relay, 'moderator')
  const form = { csrf: await moderator.csrf(), confirmed: '1', feed: admin.id, reason: '' }
  t.equal((await moderator.posts('feed.block', form)).status, 403, 'a moderator, an admin')
  await admin.does('member.role', { feed: moderator.id, role: 'member' })
  t.equal((await moderator.posts('feed.block', { ...form, feed: ssbKeys.generate().id })).status, 403)
  t.equal((await moderator.get('/dashboard/blocked')).status, 404, 'a role is looked at each time')
})

t.test('the last admin cannot be removed', async (t) => {
  const relay = await bootRelay(t)
  const admin = await signedIn(relay, 'admin')
  for (const [name, fields] of [
    ['leave', {}],
    ['leave', { forget: 'yes' }],
    ['member.remove', { feed: admin.id }],
    ['member.role', { feed: admin.id, role: 'member' }],
    ['feed.block', { feed: admin.id }],
  ] as const) {
    const { status, text } = await admin.does(name, fields)
    t.equal(status, 409, name)
    t.match(text, 'last_admin')
  }
  t.equal((await admin.get('/dashboard')).status, 200)
})

t.test('a notice full of HTML is text', async (t) => {
  const relay = await bootRelay(t)
  const admin = await signedIn(relay, 'admin')
  const text = [
    '<script>alert(1)</script><img src=x onerror=alert(1)>',
    '[a](javascript:alert(1)) [b](data:text/html,x) [c](//evil.example) ["d"](https://x.example/"onclick="y)',
    '**<b>bold</b>** `<i>`',
    '# <h1>x</h1>',
    '```',
    '</code></pre><script>',
    '```',
    '> <iframe>',
  ].join('\n')
  await admin.does('notice.save', { name: 'evil', title: '<u>Title</u>"', text })
  const { text: page, status } = await new Visitor(relay.webUrl).get('/notice/evil')
  t.equal(status, 200)
  const main = page.slice(page.indexOf('<main '), page.indexOf('</main>'))
  t.notMatch(main, /<(script|img|iframe|b|i|u)[\s>]|<h1>x/)
  t.notMatch(main, /<[^>]*(onclick|onerror|javascript:|data:)/)
  t.notMatch(main, 'href="//')
  t.match(main, '&lt;script&gt;')
  t.match((await admin.get('/dashboard')).text, '&lt;u&gt;Title')
  const long = await admin.does('notice.save', { name: 'long', title: 'x', text: 'y'.repeat(8001) })
  t.equal(long.status, 400)
  t.match(long.text, 'y'.repeat(8001), 'nothing of what was written is lost')
  await admin.does('room.mode', { mode: 'restricted' })
  const stranger = new Visitor(relay.webUrl)
  t.equal((await stranger.get('/notice/evil')).status, 404)
  t.equal((await stranger.get('/')).status, 404)
  t.equal((await stranger.get('/login')).status, 200, 'but one can sign in')
  t.equal((await admin.get('/notice/evil')).status, 200)
})

t.test('a member leaves, and its feed goes with it if it says so', async (t) => {
  const relay = await bootRelay(t)
  for (const forget of [false, true]) {
    const app = await connectRoomClient(t, relay)
    app.follow(ssbKeys.generate().id)
    const member = await signedIn(relay, 'member', app.keys)
    await until('the feed to come in', async () =>
      (await relay.operator.membersList()).some(({ id, messages }) => id === app.id && messages === 1),
    )
    const feeds = (await relay.status()).messages
    const left = await member.does('leave', forget ? { forget: 'yes' } : {})
    t.match([left.status, left.headers.location], [303, '/'])
    await within('the connection to end', app.closed)
    t.notOk((await relay.operator.membersList()).some(({ id }) => id === app.id))
    // the relay's own contact message is one more
    t.equal((await relay.status()).messages, feeds + 1 - (forget ? 1 : 0))
    t.equal((await member.get('/dashboard')).status, 401)
  }
})

t.test(
  'a moderator lets somebody in who has knocked, in a browser',
  { skip: withoutBrowser() },
  async (t) => {
    const relay = await bootRelay(t, { drawCaptcha: captchas.draw })
    await relay.operator.mode('community')
    const knocker = ssbKeys.generate()
    await knockAt(relay, captchas, knocker.id, 'Ana knows me <b>')
    const page = await pageOf(t, relay, 'moderator')
    await page.click('text=is knocking')
    t.match(await page.textContent('td.text'), 'Ana knows me <b>')
    await Promise.all([page.waitForURL('**/knocks?done=knock.accept'), page.click('main td button >> nth=0')])
    t.match(await page.textContent('[role=status]'), 'The person is a member now.')
    const client = await connectMember(t, relay, { keys: knocker })
    t.same(await client.rpc.whoami(), { id: relay.id })
    t.match(await relay.operator.membersList(), new Set([{ id: knocker.id, by: 'knock' }]))
  },
)

async function pageOf(t: Test, relay: BootedRelay, role: Role) {
  const { operator } = relay
  const id = ssbKeys.generate().id
  await operator.membersAdd(id)
  await operator.membersRole(id, role)
  const browser = await openBrowser(t)
  const context = await browser.newContext({
    viewport: { width: 320, height: 568 },
    javaScriptEnabled: false,
  })
  const page = await context.newPage()
  await page.goto((await operator.membersLink(id)).url)
  await Promise.all([page.waitForURL('**/dashboard'), page.click('main button')])
  return page
}
