// SPDX-License-Identifier: AGPL-3.0-or-later
// A question for newcomers instead of the picture: set by the operator or an admin, asked in the visitor's language.

import t from 'tap'
import { HOUR, QUESTION_LANGUAGES, QUESTION_TRIES } from '../../src/lib/limits.js'
import { createTestClock } from '../helpers/clock.js'
import { ANSWER_PATH, INVITE_PATH } from '../helpers/delog.js'
import { titleOf, Visitor } from '../helpers/http.js'
import { signedIn } from '../helpers/member.js'
import { bootRelay, knownCaptchas } from '../helpers/relay.js'
import { readCaptcha } from '../helpers/room-visitor.js'

const BOAT = {
  language: 'en',
  text: 'What do we call our <boat>?',
  answers: ['Limpet', 'the Limpet'],
  picture: false,
}
const BOOT = { ...BOAT, language: 'de', text: 'Wie heißt unser Boot?', answers: ['Näpfchen'] }
const CODE = /~[A-Za-z0-9+/]{43}=/

t.test('asked instead of the picture', async (t) => {
  const captchas = knownCaptchas()
  const relay = await bootRelay(t, { drawCaptcha: captchas.draw })
  const { operator } = relay
  t.same(await operator.questionList(), [])
  t.same(await operator.questionSet(BOAT), [BOAT])
  const visitor = new Visitor(relay.webUrl)
  t.match((await visitor.get('/')).text, 'Answer a question and get an invite code.')
  const page = await visitor.get(INVITE_PATH)
  t.match(page.text, 'lang="en">What do we call our &lt;boat&gt;?')
  t.notMatch(page.text, /captcha\.(gif|png|wav)|Limpet|cannot see|see nor hear/)
  t.equal((await visitor.get('/invite/captcha.png')).status, 404)
  const wrong = await visitor.post(ANSWER_PATH, { captcha: 'Mussel' })
  t.match(wrong, { status: 403, text: /Wrong answer[\s\S]*What do we call/ })
  t.notMatch(wrong.text, CODE)
  const right = await visitor.post(ANSWER_PATH, { captcha: ' the  LIMPET! ' })
  t.match(titleOf(right.text), CODE)
  t.equal((await visitor.post(ANSWER_PATH, { captcha: 'Limpet' })).status, 403, 'one page, one invite')
  t.equal((await operator.inviteList()).length, 1)

  await operator.questionSet(BOOT)
  const [german, french] = [new Visitor(relay.webUrl), new Visitor(relay.webUrl)]
  t.match((await german.get(INVITE_PATH, { 'Accept-Language': 'de' })).text, 'Wie heißt unser Boot?')
  t.match((await french.get(INVITE_PATH, { 'Accept-Language': 'fr' })).text, 'What do we call')
  await operator.questionSet({ ...BOAT, language: 'nl', text: 'Hoe heet onze boot?' })
  const dutch = await new Visitor(relay.webUrl).get(INVITE_PATH, { 'Accept-Language': 'nl-BE, en;q=0.5' })
  t.match(dutch.text, 'lang="nl">Hoe heet', 'also where the pages do not have the language')
  await operator.questionRemove('nl')
  t.equal((await german.post(ANSWER_PATH, { captcha: 'napfchen' })).status, 200)

  const { picture: _, ...unsaid } = BOOT
  await operator.questionSet({ ...BOAT, picture: true })
  t.same(await operator.questionSet(unsaid), [
    { ...BOAT, picture: true },
    { ...BOOT, picture: true },
  ])
  const seeing = new Visitor(relay.webUrl)
  const letters = await readCaptcha(seeing, captchas)
  t.equal((await seeing.post(ANSWER_PATH, { captcha: letters })).status, 200)

  await operator.mode('community')
  t.match((await visitor.get('/')).text, '<li>Answer a question.</li>')
  await visitor.get(INVITE_PATH)
  t.match(await visitor.post(ANSWER_PATH, { captcha: 'limpet' }), { status: 200, text: /name="feed"/ })
  await operator.mode('open')
  await operator.questionRemove('en')
  t.same(await operator.questionRemove('de'), [])
  await t.rejects(operator.questionRemove('de'), { code: 'not_found' })
  t.match((await visitor.get(INVITE_PATH)).text, 'captcha.png', 'and the picture is back')
})

t.test('wrong answers have a limit, after which the right one waits too', async (t) => {
  const clock = createTestClock(Date.now())
  const relay = await bootRelay(t, { clock })
  await relay.operator.questionSet(BOAT)
  const visitor = new Visitor(relay.webUrl)
  await visitor.get(INVITE_PATH)
  for (let n = 0; n < QUESTION_TRIES; n++)
    t.equal((await visitor.post(ANSWER_PATH, { captcha: `word ${n}` })).status, 403)
  const late = await visitor.post(ANSWER_PATH, { captcha: 'Limpet' })
  t.match(late, { status: 429, text: /quota_reached/ })
  t.equal(late.headers['retry-after'], String(3600 / QUESTION_TRIES))
  t.notMatch(late.text, CODE)
  clock.advance(HOUR / QUESTION_TRIES)
  t.equal((await visitor.post(ANSWER_PATH, { captcha: 'Limpet' })).status, 200, 'and is good later')
  await visitor.get(INVITE_PATH)
  t.equal((await visitor.post(ANSWER_PATH, { captcha: 'Limpet' })).status, 200, 'right answers cost nothing')
})

t.test('who reads the picture beside a question does not wait for those who guess', async (t) => {
  const captchas = knownCaptchas()
  const relay = await bootRelay(t, { clock: createTestClock(Date.now()), drawCaptcha: captchas.draw })
  await relay.operator.questionSet({ ...BOAT, picture: true })
  const guesser = new Visitor(relay.webUrl)
  await guesser.get(INVITE_PATH)
  for (let n = 0; n <= QUESTION_TRIES; n++) await guesser.post(ANSWER_PATH, { captcha: `word ${n}` })
  const reader = new Visitor(relay.webUrl)
  const letters = await readCaptcha(reader, captchas)
  t.match(await reader.post(ANSWER_PATH, { captcha: 'Limpet' }), { status: 429 })
  t.match(titleOf((await reader.post(ANSWER_PATH, { captcha: letters })).text), CODE)
})

t.test('stored, and set in the configuration', async (t) => {
  const sets = ['invite.question=Which boat?', "invite.answers=['Whelk']"]
  const relay = await bootRelay(t, { sets })
  const solves = async (captcha: string): Promise<number> => {
    const visitor = new Visitor(relay.webUrl)
    await visitor.get(INVITE_PATH)
    return (await visitor.post(ANSWER_PATH, { captcha })).status
  }
  t.equal(await solves('whelk'), 200)
  await relay.operator.questionSet(BOAT)
  t.same([await solves('whelk'), await solves('limpet')], [403, 200], "the room's own comes first")
  await relay.close()
  const again = await bootRelay(t, { sets, dataDir: relay.dataDir })
  t.same(await again.operator.questionList(), [BOAT])
})

t.test('bad questions change nothing', async (t) => {
  const { operator } = await bootRelay(t)
  await operator.questionSet(BOAT)
  const bad = [
    { text: ' ' },
    { text: 'x'.repeat(301) },
    { answers: [] },
    { answers: ['Limpet', ' ?! '] },
    { answers: Array(21).fill('x') },
    { answers: ['x'.repeat(65)] },
    { answers: [7] },
    { answers: 'Limpet' },
    { picture: 'yes' },
    ...['', 'EN', '__proto__', 'constructor', 'e', 'engl', '12'].map((language) => ({ language })),
  ]
  for (const each of bad)
    await t.rejects(
      operator.questionSet({ ...BOAT, ...each } as never),
      { code: 'bad_argument' },
      JSON.stringify(each),
    )
  t.same(await operator.questionList(), [BOAT])
  for (let n = 1; n < QUESTION_LANGUAGES; n++)
    await operator.questionSet({ ...BOAT, language: `a${String.fromCharCode(97 + n)}` })
  await t.rejects(operator.questionSet(BOOT), { code: 'quota_reached' })
  await operator.questionSet({ ...BOAT, text: 'Which boat?' })
})

t.test('an admin asks on the dashboard', async (t) => {
  const relay = await bootRelay(t)
  const admin = await signedIn(relay, 'admin')
  const fields = { language: 'en', text: 'Which  boat?', answers: 'Limpet\n\n the Limpet \n', picture: 'on' }
  t.equal((await admin.does('question.save', fields)).headers.location, '/dashboard/room?done=question.save')
  t.same(await relay.operator.questionList(), [
    { language: 'en', text: 'Which boat?', answers: ['Limpet', 'the Limpet'], picture: true },
  ])
  const page = await admin.get('/dashboard/room?done=question.save')
  t.match(page.text, 'The question was saved.')
  t.match(page.text, 'Limpet, the Limpet')
  const refused = await admin.does('question.save', { ...fields, language: 'English', answers: '?' })
  t.match(refused, { status: 400, text: /Nothing was saved[\s\S]*value="English"/ })
  t.match(
    (await admin.posts('question.delete', { language: 'en', csrf: await admin.csrf() })).text,
    'Delete this question?',
  )
  t.equal((await admin.does('question.delete', { language: 'en' })).status, 303)
  t.same(await relay.operator.questionList(), [])
  t.same((await relay.operator.audit()).map(({ what, whom }) => [what, whom]).slice(0, 2), [
    ['question.delete', 'en'],
    ['question.save', 'en'],
  ])
})
