// SPDX-License-Identifier: AGPL-3.0-or-later
// Lists and charts of the dashboard: long lists have pages with each row once, and charts show the true figures.

import ssbKeys from 'ssb-keys'
import t from 'tap'
import { ALIASES_PER_MEMBER } from '../../src/lib/limits.js'
import { signRegistration } from '../../src/ssb/alias.js'
import { slugOf } from '../../src/web/format.js'
import { createTestClock } from '../helpers/clock.js'
import { signedIn } from '../helpers/member.js'
import { bootRelay, connectMember, knownCaptchas, until } from '../helpers/relay.js'
import { connectRoomClient } from '../helpers/room-client.js'
import { knockAt } from '../helpers/room-visitor.js'

const shortOf = (id: string): string => id.slice(0, 9).replaceAll('+', '\\+')

t.test('names come in pages', async (t) => {
  const relay = await bootRelay(t)
  const names: string[] = []
  for (let n = 0; n < 56 / ALIASES_PER_MEMBER; n++) {
    const { rpc, keys } = await connectMember(t, relay, { keys: ssbKeys.generate() })
    for (let i = 0; i < ALIASES_PER_MEMBER; i++) {
      const name = `crab-${n}-${i}`
      await rpc.room.registerAlias(name, signRegistration(keys, relay.id, name))
      names.push(name)
    }
  }
  const reader = await signedIn(relay)
  const namesOn = (text: string): string[] => [...new Set(text.match(/(?<=<strong>.*)crab-\d-\d/g) ?? [])]
  const first = await reader.get('/dashboard/aliases')
  t.equal(namesOn(first.text).length, 50)
  t.match(first.text, 'href="?from=50"')
  const second = await reader.get('/dashboard/aliases?from=50')
  t.equal(namesOn(second.text).length, 6)
  t.match(second.text, 'href="?from=0"')
  t.same([...namesOn(first.text), ...namesOn(second.text)].sort(), names.sort())
})

t.test('knocks, invites, aliases and blocked feeds are sorted by links', async (t) => {
  const clock = createTestClock()
  const captchas = knownCaptchas()
  const relay = await bootRelay(t, { clock, drawCaptcha: captchas.draw })
  await relay.operator.mode('community')
  const admin = await signedIn(relay, 'admin')
  const owner = await connectMember(t, relay, { keys: ssbKeys.generate() })
  for (const [at, word] of ['boat', 'Anchor', 'crab'].entries()) {
    clock.advance(1000)
    await knockAt(relay, captchas, ssbKeys.generate().id, word)
    await relay.operator.block(ssbKeys.generate().id, word)
    await relay.operator.inviteCreate({ note: word, expires_days: 9 - at })
    const name = word.toLowerCase()
    await owner.rpc.room.registerAlias(name, signRegistration(owner.keys, relay.id, name))
  }
  const used = (await relay.operator.inviteList()).find(({ note }) => note === 'crab')
  await relay.operator.inviteRevoke(used?.id ?? '')
  const words = async (path: string): Promise<string[]> => {
    const { text } = await admin.get(`/dashboard/${path}`)
    // the owner of the aliases is called by one of them
    const rows = text.replace(/<a class="person".*?<\/a>/g, '')
    return (rows.match(/(?<=>)(?:boat|anchor|crab)(?=<)/gi) ?? []).map((word) => word.toLowerCase())
  }
  for (const [path, wanted] of [
    ['knocks', ['boat', 'anchor', 'crab']],
    ['knocks?sort=note', ['anchor', 'boat', 'crab']],
    ['knocks?sort=nothing', ['boat', 'anchor', 'crab']],
    ['blocked', ['crab', 'anchor', 'boat']],
    ['blocked?sort=reason', ['anchor', 'boat', 'crab']],
    ['aliases', ['crab', 'anchor', 'boat']],
    ['aliases?sort=alias', ['anchor', 'boat', 'crab']],
    ['aliases?sort=__proto__', ['crab', 'anchor', 'boat']],
    ['invites', ['anchor', 'boat', 'crab']],
    ['invites?sort=created', ['crab', 'anchor', 'boat']],
    ['invites?sort=expires', ['boat', 'anchor', 'crab']],
    ['invites?sort=maker', ['anchor', 'boat', 'crab']],
  ] as const)
    t.same(
      (await words(path)).filter((word, at, all) => all.indexOf(word) === at),
      wanted,
      path,
    )
  const { text } = await admin.get('/dashboard/invites?sort=expires')
  t.match(text, '<th scope="col" aria-sort="descending"><a href="?sort=expires">Expires</a></th>')
  t.match(text, '<th scope="col" class="unsorted">Created by</th>')
})

t.test('a member with several aliases goes by the first one', async (t) => {
  const clock = createTestClock()
  const relay = await bootRelay(t, { clock })
  const { rpc, keys } = await connectMember(t, relay, { keys: ssbKeys.generate() })
  for (const name of ['bob', 'a--bob', 'zed']) {
    clock.advance(1000)
    await rpc.room.registerAlias(name, signRegistration(keys, relay.id, name))
  }
  const { text } = await (await signedIn(relay)).get('/dashboard')
  t.match(
    text,
    new RegExp(
      `href="/dashboard/members/${slugOf(keys.id)}">.*<bdi>bob</bdi> .*${shortOf(keys.id)}…</span></a>`,
    ),
  )
})

t.test('the charts show the most who were here at once, and feeds of which something is kept', async (t) => {
  const relay = await bootRelay(t)
  const moderator = await signedIn(relay, 'moderator')
  const app = await connectRoomClient(t, relay)
  app.follow(ssbKeys.generate().id)
  await relay.operator.membersAdd(app.id)
  const enter = () => connectMember(t, relay, { keys: ssbKeys.generate() })
  const others = [await enter(), await enter()]
  await until('the feed to come in', async () =>
    (await relay.operator.membersList()).some(({ id, messages }) => id === app.id && messages === 1),
  )
  for (const { rpc } of others) rpc.close(true)
  await until('the others to have gone', async () => (await relay.status()).online === 1)
  const { text } = await moderator.get('/dashboard')
  t.match(text, /Online at once[\s\S]*<\/meter> <span>3<\/span>/, 'not how many were here on the hour')
  const [, feeds = ''] = text.split('Largest feeds')
  t.same(feeds.match(/<th scope="row">/g)?.length, 1)
  t.match(feeds, `/dashboard/members/${slugOf(app.id)}`)
})

t.test('members are sorted by a link, and the order stays on the next page', async (t) => {
  const clock = createTestClock()
  const relay = await bootRelay(t, { clock })
  const [member, moderator] = [await signedIn(relay), await signedIn(relay, 'moderator')]
  const notes = ['Zoë', 'ben', 'Ana', 'Änne', 'crab 10', 'crab 9']
  for (const note of notes) {
    clock.advance(1000)
    await relay.operator.membersAdd(ssbKeys.generate().id, note)
  }
  const namesIn = (text: string): string[] =>
    [...text.matchAll(/<th scope="row">.*?<bdi>(.*?)<\/bdi>/g)]
      .map(([, name = '']) => name)
      .filter((name) => !name.startsWith('@'))
  const list = async (query: string) => (await member.get(`/dashboard/members${query}`)).text
  t.same(namesIn(await list('')), notes.toReversed(), 'newest first')
  for (const sort of ['since', 'seen', 'bytes', 'nothing', '__proto__'])
    t.same(namesIn(await list(`?sort=${sort}`)).sort(), notes.toSorted(), sort)
  const byName = await list('?sort=name')
  t.same(namesIn(byName), ['Ana', 'Änne', 'ben', 'crab 9', 'crab 10', 'Zoë'])
  t.match(byName, '<th scope="col" aria-sort="ascending"><a href="?sort=name">Name</a></th>')
  t.match(await list('?q=crab&sort=name'), 'href="?q=crab&amp;sort=seen"')
  t.notMatch(byName, 'sort=bytes', 'storage per feed is for moderators')
  t.match((await moderator.get('/dashboard/members')).text, 'sort=bytes')
  for (let i = 0; i < 50; i++) await relay.operator.membersAdd(ssbKeys.generate().id)
  t.match(await list('?sort=name'), 'href="?sort=name&amp;from=50"')
})
