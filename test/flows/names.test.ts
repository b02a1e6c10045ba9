// SPDX-License-Identifier: AGPL-3.0-or-later
// People have names: an app publishes one, and the dashboard and the commands show it beside the key.

import t from 'tap'
import { slugOf } from '../../src/web/format.js'
import { kept, openApp } from '../helpers/app.js'
import { createTestFeed, historyOf } from '../helpers/feed.js'
import { signedIn } from '../helpers/member.js'
import { bootRelay, connectMember } from '../helpers/relay.js'

/** The `<bdi>` of each member of a page, with the key beside it. */
const shown = (text: string): Array<[name: string, key: string]> =>
  [
    ...text.matchAll(
      /<th scope="row"><a class="person".*?<bdi>(.*?)<\/bdi>(?: <span class="short-key">(.*?)<)?/g,
    ),
  ].map(([, name = '', key = '']) => [name, key])

t.test('a name from a real app is on every page and in the lists', async (t) => {
  const relay = await bootRelay(t)
  const admin = await signedIn(relay, 'admin')
  const ana = await openApp(t)
  await relay.operator.membersAdd(ana.id, 'from the choir')
  await relay.operator.membersRole(ana.id, 'moderator')
  const publish = (fields: object) =>
    new Promise((resolve, reject) =>
      ana.ssb.db.create(
        { keys: ana.keys, content: { type: 'about', about: ana.id, ...fields } },
        (err: unknown, message: unknown) => (err ? reject(err) : resolve(message)),
      ),
    )
  await publish({ name: 'Ana \u202e<María>', description: 'Sings.\nSwims.' })
  await ana.connect({ port: relay.ssbPort, relay: relay.id })
  await kept(relay.operator, ana.id, 1)
  const key = `${ana.id.slice(0, 9)}…`
  const { text: members } = await admin.get('/dashboard/members')
  t.ok(shown(members).some(([name, beside]) => name === 'Ana &lt;María&gt;' && beside === key))
  const { text: page } = await admin.get(`/dashboard/members/${slugOf(ana.id)}`)
  t.match(page, /<h1>.*<bdi>Ana &lt;María&gt;<\/bdi><\/h1>/)
  t.match(page, /<p class="lead" dir="auto">Sings\.\nSwims\.<\/p>/)
  const { text: overview } = await admin.get('/dashboard')
  t.match(overview, 'Ana &lt;María&gt;')
  const { text: log } = await admin.get('/dashboard/log')
  t.match(log, 'Ana &lt;María&gt;')
  const rows = await relay.operator.membersList()
  t.equal(rows.find(({ id }) => id === ana.id)?.name, 'Ana <María>')
  t.ok((await relay.operator.audit()).some(({ whom_name: name }) => name === 'Ana <María>'))
  await publish({ name: 'Annie' })
  await kept(relay.operator, ana.id, 2)
  t.match((await admin.get('/dashboard/members')).text, '<bdi>Annie</bdi>')
})

t.test('the search finds members by what they are called', async (t) => {
  const relay = await bootRelay(t)
  const member = await signedIn(relay)
  const zoe = createTestFeed()
  zoe.publish({ type: 'about', about: zoe.id, name: 'Zoë' })
  await relay.operator.membersAdd(zoe.id)
  for (let i = 0; i < 60; i++) await relay.operator.membersAdd(createTestFeed().id, `crab ${i}`)
  await connectMember(t, relay, { keys: zoe.keys, api: { createHistoryStream: historyOf(zoe) } })
  await kept(relay.operator, zoe.id, 1)
  const find = async (query: string) => (await member.get(`/dashboard/members?${query}`)).text
  const zoes = await find('q=zoe')
  t.same(shown(zoes), [['Zoë', `${zoe.id.slice(0, 9)}…`]])
  t.match(zoes, '1 member found.')
  t.match(zoes, 'value="zoe"')
  const crabs = await find('q=crab')
  t.equal(shown(crabs).length, 50)
  t.match(crabs, 'href="?q=crab&amp;from=50"')
  t.equal(shown(await find('q=crab&from=50')).length, 10)
  for (const query of ['q=%3Cb%3E', 'q=nobody', `q=${'x'.repeat(5000)}`])
    t.match(await find(query), 'No member found.', query.slice(0, 20))
  t.notMatch(await find('q=%3Cb%3E'), '<b>')
  for (const query of ['q=', 'q=+', 'q=a&q=b']) t.equal(shown(await find(query)).length, 50, query)
})
