// SPDX-License-Identifier: AGPL-3.0-or-later
// Notices in several languages: written by the operator and on the dashboard, read in the visitor's language.

import t from 'tap'
import { Visitor } from '../helpers/http.js'
import { signedIn } from '../helpers/member.js'
import { bootRelay } from '../helpers/relay.js'

const RULES = { name: 'rules', title: 'House rules', text: 'Be **kind**.', language: 'en' }
const REGELN = { name: 'rules', title: 'Hausregeln', text: 'Seid **nett**.', language: 'de' }
const REGRAS = { name: 'rules', title: 'Regras', text: 'Seja gentil.', language: 'pt-BR' }

t.test('each visitor reads the text that fits', async (t) => {
  const relay = await bootRelay(t)
  const { operator } = relay
  for (const notice of [REGELN, RULES, REGRAS]) await operator.noticeSet(notice)
  const titleFor = async (headers: Record<string, string>): Promise<string | undefined> => {
    const front = await new Visitor(relay.webUrl).get('/', headers)
    const page = await new Visitor(relay.webUrl).get('/notice/rules', headers)
    const [, listed] = /<a href="\/notice\/rules"><bdi lang="[\w-]+">([^<]+)</.exec(front.text) ?? []
    t.match(page.text, `<h1>${listed}</h1>`, 'the list and the page agree')
    t.match(page.headers.vary, /Accept-Language/)
    return listed
  }
  for (const [accepted, title] of [
    ['de-AT', 'Hausregeln'],
    ['en', 'House rules'],
    ['pt', 'Regras'],
    ['fr, pt;q=0.5', 'Regras'],
    ['*', 'Hausregeln'],
  ] as const)
    t.equal(await titleFor({ 'Accept-Language': accepted }), title, accepted)
  t.equal(await titleFor({ 'Accept-Language': 'nl' }), 'House rules', 'in the language of the page')
  t.equal(await titleFor({ 'Accept-Language': 'fr' }), 'Hausregeln', 'else the first')
  for (const [chosen, title] of [
    ['pt', 'Regras'],
    ['en', 'House rules'],
  ] as const)
    t.equal(await titleFor({ 'Accept-Language': 'de', Cookie: `tidepool-lang=${chosen}` }), title)

  const visitor = new Visitor(relay.webUrl)
  const page = await visitor.get('/notice/rules', { 'Accept-Language': 'en' })
  t.match(page.text, '<article class="read" dir="auto" lang="en">')
  t.match(
    page.text,
    '<a href="/notice/rules?language=pt-BR" lang="pt-BR" hreflang="pt-BR">português (Brasil)</a>',
  )
  t.match((await visitor.get('/notice/rules?language=de')).text, 'Seid <strong>nett</strong>')
  t.match(
    (await visitor.get('/notice/rules?language=xx', { 'Accept-Language': 'en' })).text,
    'Be <strong>kind</strong>',
  )

  await operator.noticeRemove('rules', 'en')
  t.equal(await titleFor({ 'Accept-Language': 'en' }), 'Hausregeln', 'and the front page is not a cached one')
})

t.test('by the operator', async (t) => {
  const { operator } = await bootRelay(t)
  await operator.noticeSet(RULES)
  const [english, german] = await operator.noticeSet(REGELN)
  t.match(
    [english, german],
    [
      { name: 'rules', language: 'en', first: true, title: 'House rules' },
      { name: 'rules', language: 'de', first: false, title: 'Hausregeln' },
    ],
  )
  t.match(await operator.noticeGet('rules'), { ...RULES, first: true, by: 'operator' })
  t.match(await operator.noticeGet('rules', 'de'), { ...REGELN, first: false })
  await operator.noticeSet({ ...RULES, language: 'en-GB', first: true })
  t.match(await operator.noticeGet('rules'), { language: 'en-GB' })
  await t.rejects(operator.noticeGet('rules', 'fr'), { code: 'not_found' })
  for (const bad of [{ language: 7 }, { language: 'x y' }, { title: '' }, { name: 'No' }, { first: 'yes' }])
    await t.rejects(operator.noticeSet({ ...RULES, ...bad } as never), { code: 'bad_argument' })
  t.match(await operator.audit(1), [{ what: 'notice.save', whom: 'rules' }])
  t.equal((await operator.noticeRemove('rules', 'en-GB')).length, 1)
  t.same(await operator.noticeRemove('rules'), [])
})

t.test('on the dashboard, one language at a time', async (t) => {
  const relay = await bootRelay(t)
  const moderator = await signedIn(relay, 'moderator')
  await moderator.does('notice.save', RULES)
  const add = await moderator.get('/dashboard/notices/edit?name=rules&add=1')
  t.match(add.text, /name="name" value="rules"/)
  t.notMatch(add.text, /name="replaces"|House rules/, 'a new text replaces none')
  await moderator.does('notice.save', REGELN)
  const list = await moderator.get('/dashboard/notices')
  t.match(list.text, '<bdi lang="de">Hausregeln</bdi>')
  const edit = await moderator.get('/dashboard/notices/edit?name=rules&language=de')
  t.match(edit.text, 'name="replaces" value="de"')
  t.match(edit.text, 'Seid **nett**.')
  await moderator.does('notice.save', { ...REGELN, language: 'de-AT', replaces: 'de' })
  const taken = await moderator.does('notice.save', { ...REGELN, language: 'en', replaces: 'de-AT' })
  t.match(taken, { status: 400, text: /bad_argument[\s\S]*name="replaces" value="de-AT"[\s\S]*Seid/ })

  const csrf = await moderator.csrf()
  const asked = await moderator.posts('notice.delete', { csrf, name: 'rules', language: 'de-AT' })
  t.match(asked.text, /Delete this text\?[\s\S]*de-AT/)
  await moderator.does('notice.delete', { name: 'rules', language: 'de-AT' })
  t.match(await relay.operator.noticeList(), [{ language: 'en' }])
  await moderator.does('notice.delete', { name: 'rules' })
  t.same(await relay.operator.noticeList(), [])
})
