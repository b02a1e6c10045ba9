// SPDX-License-Identifier: AGPL-3.0-or-later
// Notices: texts by language, their limits, and what an older relay stored.

import t from 'tap'
import { NOTICE_LANGUAGES } from '../../src/lib/limits.js'
import { openTables } from '../../src/store/layout.js'
import { openTestStore } from '../helpers/store.js'

const BY = { by: 'operator' }
const RULES = { name: 'rules', title: 'Rules', text: 'Be kind.', language: 'en', ...BY }
const REGELN = { ...RULES, title: 'Regeln', text: 'Seid nett.', language: 'de' }

t.test('texts are added, replaced and removed by language; the first is for everybody', async (t) => {
  const { store, reopen, clock } = await openTestStore(t)
  const { notices } = store
  const languages = () => notices.list().map(({ texts }) => texts.map(({ language }) => language))
  await notices.save(RULES)
  await notices.save(REGELN)
  await notices.save({ ...RULES, language: 'PT-br', title: 'Regras' })
  t.same(languages(), [['en', 'de', 'pt-BR']])
  t.match(notices.get('rules'), { language: 'en', text: 'Be kind.' })
  t.match(notices.get('rules', 'pt-br'), { language: 'pt-BR', title: 'Regras' })
  t.equal(notices.get('rules', 'fr'), null)
  t.equal(notices.get('rules', 'no tag'), null)

  clock.advance(1000)
  await notices.save({ ...REGELN, by: 'somebody' })
  t.match(notices.get('rules', 'de'), BY, 'without change nothing is written')
  await notices.save({ ...REGELN, text: 'Seid freundlich.' })
  t.match(notices.get('rules', 'de'), { text: 'Seid freundlich.', changed: clock.now() })
  const { language: _, ...plain } = RULES
  await notices.save({ ...plain, title: 'House rules' })
  t.match(notices.list()[0]?.texts[0], { language: 'en', title: 'House rules' }, 'without one: the first')

  await notices.save({ ...REGELN, language: 'de-AT', replaces: 'de' })
  t.same(languages(), [['en', 'de-AT', 'pt-BR']])
  await notices.save({ ...RULES, language: 'en-GB', replaces: 'en' })
  t.same(languages(), [['en-GB', 'de-AT', 'pt-BR']])
  for (const taken of [
    { ...REGELN, language: 'pt-BR', replaces: 'de-AT' },
    { ...RULES, language: 'de-AT', replaces: 'en-GB' },
  ])
    await t.rejects(notices.save(taken), { code: 'bad_argument' }, 'no text is lost by a new tag')
  for (const bad of ['', 'deutsch!', 'x'.repeat(40), '__proto__'])
    await t.rejects(notices.save({ ...REGELN, language: bad }), { code: 'bad_argument' }, bad)

  await notices.remove('rules', 'en-GB')
  t.same(languages(), [['de-AT', 'pt-BR']], 'the next one is the first now')
  await t.rejects(notices.remove('rules', 'en-GB'), { code: 'not_found' })
  t.match((await reopen()).notices.get('rules'), { language: 'de-AT', title: 'Regeln' })
})

t.test('at most so many languages; none is left behind by a removed notice', async (t) => {
  const { store } = await openTestStore(t)
  const { notices } = store
  await notices.save(RULES)
  await notices.save({ ...RULES, name: 'rules-2' })
  for (let n = 1; n < NOTICE_LANGUAGES; n++)
    await notices.save({ ...REGELN, language: `a${String.fromCharCode(97 + n)}` })
  await t.rejects(notices.save(REGELN), { code: 'quota_reached' })
  t.equal(notices.get('rules', 'de'), null, 'what was rejected is not there')
  await notices.save({ ...REGELN, language: 'ab', text: 'ab' })
  await notices.remove('rules')
  await notices.save(RULES)
  t.same(
    notices.list().map(({ name, texts }) => [name, texts.length]),
    [
      ['rules', 1],
      ['rules-2', 1],
    ],
  )
})

t.test('a notice of an older relay has no language until it gets one', async (t) => {
  const opened = await openTestStore(t)
  await opened.store.close()
  const tables = openTables(opened.path)
  const old = { title: 'Rules', text: 'Be kind.', changed: 7, by: 'operator' }
  await tables.notices.put(Buffer.from('rules'), old)
  // a text whose notice the older relay has deleted
  await tables.noticeTexts.put(Buffer.from('news\0de'), old)
  await tables.root.close()
  const { notices } = await opened.reopen()
  t.same(notices.get('rules'), { name: 'rules', language: '', ...old })
  t.equal(notices.get('news', 'de'), null)
  await notices.save({ ...RULES, name: 'news' })
  t.equal(notices.list()[0]?.texts.length, 1)

  await notices.save(REGELN)
  t.same(
    notices.list()[1]?.texts.map(({ language, title }) => [language, title]),
    [
      ['', 'Rules'],
      ['de', 'Regeln'],
    ],
  )
  await notices.save({ ...RULES, replaces: '' })
  t.match(notices.get('rules', 'en'), { title: 'Rules' })
  await notices.remove('rules', 'en')
  t.match(notices.get('rules'), { language: 'de' })
})
